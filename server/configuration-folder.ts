/** Reads the configuration folder of a server: everything or, with every problem of every file, nothing. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { formatProblems, type Problem } from "../core/document.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import {
  parseServerConfiguration,
  parseSiteConfiguration,
  type ServerConfiguration,
  type SiteConfiguration,
} from "./configuration.ts";
import type { Rule } from "./rules/rule.ts";
import { isTestFile, readRules } from "./rules/rule-directory.ts";
import { runRuleTests } from "./rules/trial/rule-test-file.ts";

export const PASSWORD_CHARACTERS_MIN = 12;

export interface ServerFolder {
  readonly path: string;
  readonly site: SiteConfiguration;
  readonly server: ServerConfiguration;
  readonly rules: readonly Rule[];
}

/** Throws CONFIG_INVALID with one line per problem. */
export function readServerFolder(path: string): ServerFolder {
  const checked = checkServerFolder(path);
  if (checked.ok) return checked.value;
  throw new LamplighterError(
    "CONFIG_INVALID",
    `the configuration is wrong:\n${formatProblems(checked.error)}`,
  );
}

/** Every problem of every file, or the whole. */
export function checkServerFolder(path: string): Outcome<ServerFolder, readonly Problem[]> {
  const problems: Problem[] = [];
  const site = readOne(join(path, "site.yaml"), parseSiteConfiguration, problems);
  const server = readOne(join(path, "server.yaml"), parseServerConfiguration, problems);
  const rules = readRules(join(path, "rules"));
  if (!rules.ok) problems.push(...rules.error);
  if (site === undefined || server === undefined || !rules.ok) return failure(problems);
  for (const file of ruleTestFiles(join(path, "rules"))) {
    const tested = runRuleTests(readTextFile(".", file), file, rules.value);
    if (!tested.ok) problems.push(...tested.error);
  }
  for (const space of unknownSpaces(rules.value, site.value)) {
    const message = `a rule names the space "${space}", which site.yaml does not have`;
    problems.push({ file: join(path, "rules"), line: 1, path: "applies.spaces", message });
  }
  if (problems.length > 0) return failure(problems);
  return success({ path, site: site.value, server: server.value, rules: rules.value });
}

/** The files of gateways beside the server's own. */
export function gatewayFiles(path: string): readonly string[] {
  const folder = join(path, "gateways");
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter((name) => name.endsWith(".yaml")).map((name) => join(folder, name));
}

/** What a gateway's file is checked against. */
export function surroundingsOf({ site, server }: ServerFolder): {
  readonly site: string;
  readonly spaces: ReadonlySet<string>;
  readonly gateways?: ReadonlySet<string>;
} {
  const found = { site: site.site.id, spaces: new Set(site.spaces.map((space) => space.id)) };
  if (server.broker.kind === "external") return found;
  return { ...found, gateways: new Set(server.gateways.map((gateway) => gateway.id)) };
}

/** Tests of rules as data, beside the rules; a failed one is a problem of the configuration. */
function ruleTestFiles(folder: string): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter(isTestFile).map((name) => join(folder, name));
}

function unknownSpaces(rules: readonly Rule[], site: SiteConfiguration): readonly string[] {
  const known = new Set(site.spaces.map((space) => space.id));
  const named = rules.flatMap((rule) => rule.applies.spaces ?? []);
  return [...new Set(named)].filter((space) => !known.has(space));
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
  const password = readTextFile(folder, file).split(/\r?\n/, 1)[0] ?? "";
  if (password.length >= PASSWORD_CHARACTERS_MIN) return password;
  throw new LamplighterError(
    "CONFIG_INVALID",
    `The password in ${file} has ${password.length} characters, needed are ${PASSWORD_CHARACTERS_MIN}.`,
  );
}

/** A file that the configuration names, relative to its folder. */
export function readTextFile(folder: string, file: string): string {
  const path = isAbsolute(file) ? file : join(folder, file);
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const message = `The file ${path}, which the configuration names, cannot be read: ${wordsOf(cause)}.`;
    throw new LamplighterError("CONFIG_INVALID", message, { cause });
  }
}
