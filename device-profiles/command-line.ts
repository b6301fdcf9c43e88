/**
 * `lamplighter profiles list|show|check|guess`: what the library knows, whether a profile file
 * is right, and what strange registers may mean. Reads files only.
 */
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { formatProblems, nearest, type Problem } from "../core/document.ts";
import { wordsOf } from "../core/errors.ts";
import { guessLines, parseWords, type Question } from "./guess-command.ts";
import {
  LIBRARY_FOLDER,
  loadProfile,
  loadProfiles,
  loadStandardPoints,
  loadVectors,
} from "./library.ts";
import type { Profile } from "./profile.ts";
import { profileJsonSchema } from "./profile-schema.ts";
import { profileLines, summaryLine } from "./profile-text.ts";

export type Print = (line: string) => void;

/** 0 done, 1 failed, 2 wrong usage. */
type ExitCode = 0 | 1 | 2;

const HELP = `lamplighter profiles <command>

  list [--folder <folder>]      every profile: id, protocol, points, whether vectors confirm it
  show <vendor>/<model>         one profile: sources, what is unconfirmed, and its points
  check [files…]                problems of profile files with line and hint; else of the library
  guess <words…>                what registers may mean, the likeliest first
        --as <quantity>         voltage, frequency, energy, power, current, powerFactor,
                                temperature or humidity
        --near <number>         what the device's own display shows
        --later "<words>"       the same registers read later: a counter has risen
        --decimal               words are decimal; otherwise hexadecimal, as in 4366 3334
  read <vendor>/<model>         every point of a real device, live: words, value, unit, age, error
        --connection <address>  tcp://10.0.0.7:502 and the like; "profiles read --help" has the rest
  schema                        the JSON Schema of profile files, for editors

  --help                        this text`;

export async function profilesCommand(args: readonly string[], print: Print): Promise<number> {
  const [command, ...rest] = args;
  if (
    command === undefined ||
    command === "--help" ||
    command === "help" ||
    rest.includes("--help")
  ) {
    print(HELP);
    return command === undefined ? 2 : 0;
  }
  try {
    switch (command) {
      case "list":
        return await list(rest, print);
      case "show":
        return await show(rest, print);
      case "check":
        return await check(rest, print);
      case "guess":
        return guessCommand(rest, print);
      case "schema":
        print(profileJsonSchema());
        return 0;
      default:
        return usage(unknownCommand(command), print);
    }
  } catch (error) {
    // parseArgs throws on an unknown option.
    return usage(wordsOf(error), print);
  }
}

function unknownCommand(command: string): string {
  const near = nearest(command, ["list", "show", "check", "guess", "read", "schema"]);
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  return `profiles: no command "${command}"${hint}`;
}

function usage(message: string, print: Print): ExitCode {
  print(message);
  print('"lamplighter profiles --help" says how it is used');
  return 2;
}

function failed(problems: readonly Problem[], print: Print): ExitCode {
  print(formatProblems(problems));
  print(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}`);
  return 1;
}

async function list(args: readonly string[], print: Print): Promise<ExitCode> {
  const options = { folder: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const profiles = await loadProfiles(values.folder ?? LIBRARY_FOLDER);
  if (!profiles.ok) return failed(profiles.error, print);
  const all = [...profiles.value.values()];
  for (const profile of all) print(summaryLine(profile));
  const confirmed = all.filter((profile) => profile.confirmed).length;
  print(`${all.length} profiles, ${confirmed} of them confirmed by vectors from outside`);
  return 0;
}

async function show(args: readonly string[], print: Print): Promise<ExitCode> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: true });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) {
    return usage("profiles show needs one profile, as in eastron/sdm630", print);
  }
  const profiles = await loadProfiles();
  if (!profiles.ok) return failed(profiles.error, print);
  const profile: Profile | undefined = profiles.value.get(id);
  if (profile === undefined) {
    const near = nearest(id, [...profiles.value.keys()]);
    print(`no profile "${id}"${near === undefined ? "" : ` (did you mean "${near}"?)`}`);
    return 1;
  }
  for (const line of profileLines(profile)) print(line);
  return 0;
}

async function check(args: readonly string[], print: Print): Promise<ExitCode> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: true });
  if (positionals.length === 0) {
    const profiles = await loadProfiles();
    if (!profiles.ok) return failed(profiles.error, print);
    print(`${profiles.value.size} profiles, no problems`);
    return 0;
  }
  const standard = await loadStandardPoints();
  if (!standard.ok) return failed(standard.error, print);
  const problems: Problem[] = [];
  for (const file of positionals) {
    const checked = file.endsWith(".vectors.yaml")
      ? await loadVectors(file)
      : await loadProfile(idOf(file), file, standard.value);
    if (!checked.ok) problems.push(...checked.error);
  }
  if (problems.length > 0) return failed(problems, print);
  print(`${positionals.length} ${positionals.length === 1 ? "file" : "files"}, no problems`);
  return 0;
}

/** `…/eastron/sdm630.yaml` → `eastron/sdm630`. */
const idOf = (file: string): string => `${basename(dirname(file))}/${basename(file, ".yaml")}`;

function guessCommand(args: readonly string[], print: Print): ExitCode {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      as: { type: "string" },
      near: { type: "string" },
      later: { type: "string" },
      decimal: { type: "boolean", default: false },
    },
  });
  const question: Question = { ...values, decimal: values.decimal, words: positionals };
  const parsed = parseWords(question);
  if (!parsed.ok) return usage(`profiles guess: ${parsed.error}`, print);
  const lines = guessLines(parsed.value);
  if (lines.length === 0) {
    print("nothing plausible; try --as, --near, or more registers around the address");
    return 1;
  }
  for (const line of lines) print(line);
  return 0;
}
