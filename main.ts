#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The one entry point. Reads the command, loads its part of the house (and no other: a gateway never
 * loads the server), runs it until done or interrupted, and turns the outcome into an exit code.
 */
import { basename, dirname } from "node:path";
import type { Problem } from "./core/document.ts";
import { type Checks, createCheckCommand } from "./platform/check-command.ts";
import {
  type Command,
  type CommandContext,
  EXIT_USAGE,
  runCommand,
} from "./platform/command-line.ts";
import { interruptSignal } from "./platform/lifecycle.ts";

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./simulators/demo/demo-command.ts")).demoCommand,
  server: async () => (await import("./server/server-command.ts")).serverCommand,
  gateway: async () => (await import("./gateway/gateway-command.ts")).gatewayCommand,
  simulate: async () => {
    const { simulateCommand } = await import("./simulators/command-line.ts");
    return withOwnHelp(
      "simulate",
      "a simulated campus on real protocol ports; scenarios",
      simulateCommand,
    );
  },
  profiles: async () => {
    const { profilesCommand } = await import("./device-profiles/command-line.ts");
    const summary = "device profiles: list, show, check, guess, read";
    const own = withOwnHelp("profiles", summary, profilesCommand);
    return { ...own, run: (context) => readOr(own, context) };
  },
  discover: async () =>
    (await import("./gateway/commissioning/discover-command.ts")).discoverCommand,
  browse: async () => (await import("./gateway/sources/opcua/browse-command.ts")).browseCommand,
  trust: async () => (await import("./gateway/sources/opcua/trust-command.ts")).trustCommand,
  doctor: async () => (await import("./server/doctor-command.ts")).doctorCommand,
  user: async () => (await import("./server/user-command.ts")).userCommand,
  check: async () => createCheckCommand(await loadChecks()),
};

type Run = (
  args: readonly string[],
  print: (line: string) => void,
  signal: AbortSignal,
) => Promise<number>;

/** A command that reads its whole line itself, `--help` included. */
const withOwnHelp = (name: string, summary: string, run: Run): Command => ({
  name,
  summary,
  run: ({ args, print, signal }) => run(args, print, signal),
});

/** Profiles are files; reading a device with one of them is the gateway's work. */
async function readOr(profiles: Command, context: CommandContext): Promise<number> {
  const [word, ...args] = context.args;
  if (word !== "read") return profiles.run(context);
  const { readCommand } = await import("./gateway/commissioning/read-command.ts");
  return runCommand(readCommand, { ...context, args });
}

/** What is wrong with a file is known by the room it belongs to. */
async function loadChecks(): Promise<Checks> {
  const [server, folders, gateway, profiles] = await Promise.all([
    import("./server/check.ts"),
    import("./server/configuration-folder.ts"),
    import("./gateway/check.ts"),
    import("./device-profiles/library.ts"),
  ]);
  return {
    site: server.checkSiteFile,
    server: server.checkServerFile,
    rules: server.checkRuleFile,
    gateway: (file) => gateway.checkGatewayFile(file),
    profile: async (file) => {
      const standard = await profiles.loadStandardPoints();
      if (!standard.ok) return standard.error;
      const id = `${basename(dirname(file))}/${basename(file, ".yaml")}`;
      const profile = await profiles.loadProfile(id, file, standard.value);
      return profile.ok ? [] : profile.error;
    },
    folder: async (path) => {
      const checked = folders.checkServerFolder(path);
      const problems: Problem[] = checked.ok ? [] : [...checked.error];
      for (const file of folders.gatewayFiles(path)) {
        problems.push(
          ...(await gateway.checkGatewayFile(
            file,
            checked.ok ? folders.surroundingsOf(checked.value) : undefined,
          )),
        );
      }
      return problems;
    },
  };
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function help(): Promise<void> {
  print("usage: lamplighter <command> [options]; lamplighter <command> --help\n");
  for (const load of Object.values(commands)) {
    const { name, summary } = await load();
    print(`  ${name.padEnd(10)} ${summary}`);
  }
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "help") {
    await help();
    return name === undefined ? EXIT_USAGE : 0;
  }
  const load = commands[name];
  if (load === undefined) {
    complain(`lamplighter: there is no command "${name}"; lamplighter --help lists them.`);
    return EXIT_USAGE;
  }
  return runCommand(await load(), { args, print, complain, signal: interruptSignal() });
}

process.exitCode = await main(process.argv.slice(2));
