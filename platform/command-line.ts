/**
 * What every command of `lamplighter` is: words in, lines out, an exit code back. 0 done, 1 failed,
 * 2 wrong usage or wrong configuration.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { LamplighterError, wordsOf } from "../core/errors.ts";

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export interface CommandContext {
  readonly args: readonly string[];
  /** One line to standard output. */
  readonly print: (line: string) => void;
  /** One line to standard error. */
  readonly complain: (line: string) => void;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Printed for `--help`; absent when the command answers that itself. */
  readonly usage?: string;
  run(context: CommandContext): Promise<number>;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Strict: an unknown option is a USAGE error in a sentence. */
export function parseOptions<const T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new LamplighterError("USAGE", wordsOf(error).split("\n")[0] ?? "", { cause: error });
  }
}

/** Runs a command; what it throws becomes a sentence and an exit code. */
export async function runCommand(command: Command, context: CommandContext): Promise<number> {
  const { usage } = command;
  if (usage !== undefined && context.args.some((word) => word === "--help" || word === "-h")) {
    context.print(usage);
    return EXIT_DONE;
  }
  try {
    return await command.run(context);
  } catch (error) {
    if (!(error instanceof LamplighterError)) throw error;
    context.complain(`lamplighter ${command.name}: ${error.message}`);
    if (error.code === "USAGE" && usage !== undefined) context.complain(usage);
    return error.code === "USAGE" || error.code === "CONFIG_INVALID" ? EXIT_USAGE : EXIT_FAILED;
  }
}
