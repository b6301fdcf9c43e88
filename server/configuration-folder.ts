/** Reads the configuration folder of a server: everything or, with every problem of every file, nothing. */
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { formatProblems, type Problem } from "../core/document.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import {
  parseServerConfiguration,
  parseSiteConfiguration,
  type ServerConfiguration,
  type SiteConfiguration,
} from "./configuration.ts";
import type { Rule } from "./rules/rule.ts";
import { readRules } from "./rules/rule-directory.ts";

export interface ServerFolder {
  readonly path: string;
  readonly site: SiteConfiguration;
  readonly server: ServerConfiguration;
  readonly rules: readonly Rule[];
}

/** Throws CONFIG_INVALID with one line per problem. */
export function readServerFolder(path: string): ServerFolder {
  const problems: Problem[] = [];
  const site = readOne(join(path, "site.yaml"), parseSiteConfiguration, problems);
  const server = readOne(join(path, "server.yaml"), parseServerConfiguration, problems);
  const rules = readRules(join(path, "rules"));
  if (!rules.ok) problems.push(...rules.error);
  if (site === undefined || server === undefined || !rules.ok || problems.length > 0) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `the configuration is wrong:\n${formatProblems(problems)}`,
    );
  }
  return { path, site: site.value, server: server.value, rules: rules.value };
}

function readOne<T>(
  file: string,
  parse: (text: string, file: string) => Outcome<T, readonly Problem[]>,
  problems: Problem[],
): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    problems.push({ file, line: 1, path: "", message: `cannot be read: ${wordsOf(error)}` });
    return undefined;
  }
  const parsed = parse(text, file);
  if (parsed.ok) return parsed.value;
  problems.push(...parsed.error);
  return undefined;
}

/** The first line of a password file, relative to the configuration folder. */
export function readPassword(folder: string, file: string): string {
  const path = isAbsolute(file) ? file : join(folder, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `The password file ${path} cannot be read: ${wordsOf(error)}.`,
      {
        cause: error,
      },
    );
  }
  const password = text.split(/\r?\n/, 1)[0] ?? "";
  if (password.length >= 12) return password;
  throw new LamplighterError(
    "CONFIG_INVALID",
    `The password in ${path} has ${password.length} characters, needed are 12.`,
  );
}
