/**
 * `lamplighter check`: every problem of files or of a whole configuration folder, without starting
 * anything. What is wrong with a file is known by the part it belongs to; the entry point brings those.
 */
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { formatProblems, type Problem } from "../core/document.ts";
import { LamplighterError } from "../core/errors.ts";
import { type Command, EXIT_DONE, EXIT_FAILED } from "./command-line.ts";

export interface Checks {
  /** A folder with site.yaml, server.yaml, gateways/ and rules/. */
  folder(path: string): Promise<readonly Problem[]>;
  site(file: string): Promise<readonly Problem[]>;
  server(file: string): Promise<readonly Problem[]>;
  gateway(file: string): Promise<readonly Problem[]>;
  rules(file: string): Promise<readonly Problem[]>;
  profile(file: string): Promise<readonly Problem[]>;
}

export const createCheckCommand = (checks: Checks): Command => ({
  name: "check",
  summary: "every problem of configuration files or a whole folder, before anything starts",
  usage: [
    "usage: lamplighter check <file or folder> …",
    "",
    "  a folder with site.yaml is checked as a whole: names that point nowhere are problems too;",
    "  files are told apart by name and place: site.yaml, server.yaml, gateways/*.yaml, rules/*.yaml,",
    "  anything else is taken for a device profile",
  ].join("\n"),
  run: async ({ args, print }) => {
    if (args.length === 0) throw new LamplighterError("USAGE", "name a file or a folder to check");
    const problems: Problem[] = [];
    for (const path of args) problems.push(...(await checkOne(checks, path)));
    if (problems.length === 0) {
      print(`${args.join(", ")}: no problems`);
      return EXIT_DONE;
    }
    print(formatProblems(problems));
    return EXIT_FAILED;
  },
});

function checkOne(checks: Checks, path: string): Promise<readonly Problem[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new LamplighterError("USAGE", `there is no ${path}`);
  if (stat.isDirectory()) return checks.folder(path);
  if (basename(path) === "site.yaml") return checks.site(path);
  if (basename(path) === "server.yaml") return checks.server(path);
  const place = basename(dirname(path));
  if (place === "gateways") return checks.gateway(path);
  if (place === "rules" || place === "library") return checks.rules(path);
  return checks.profile(path);
}
