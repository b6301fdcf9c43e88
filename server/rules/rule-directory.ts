/**
 * The rules on the disk: the shipped ones, and the site's own, of which one with the same id takes the
 * place of a shipped one. Nothing is half loaded, and a change of one rule is whole or did not happen.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatProblems, type Problem } from "../../core/document.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { RuleId } from "../../core/ids.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import type { Rule } from "./rule.ts";
import { parseRuleDocuments, type RuleDocumentText } from "./rule-file.ts";

const LIBRARY = fileURLToPath(new URL("./library/", import.meta.url));
export const RULE_FILES_MAX = 10_000;

/** A rule and where it stands. */
export interface RuleSource extends RuleDocumentText {
  readonly file: string;
  /** It came with the program; a change makes a copy in the site's own folder. */
  readonly isShipped: boolean;
}

/** Throws CONFIG_INVALID with every problem of every file. A missing folder has no rules. */
export function loadRules(directory?: string): readonly Rule[] {
  const read = readRules(directory);
  if (read.ok) return read.value;
  throw new LamplighterError("CONFIG_INVALID", formatProblems(read.error));
}

export function readRules(directory?: string): Outcome<readonly Rule[], readonly Problem[]> {
  const sources = readRuleSources(directory);
  return sources.ok ? success(sources.value.map(({ rule }) => rule)) : sources;
}

export function readRuleSources(
  directory?: string,
): Outcome<readonly RuleSource[], readonly Problem[]> {
  const shipped = readFolder(LIBRARY, true);
  const own = directory === undefined ? success([]) : readFolder(directory, false);
  if (!shipped.ok) return shipped;
  if (!own.ok) return own;
  const sources = new Map<RuleId, RuleSource>();
  for (const source of [...shipped.value, ...own.value]) sources.set(source.rule.id, source);
  return success([...sources.values()]);
}

/**
 * Writes a rule's text in place of its own document, or into a file of its own, and tells where it is
 * now. Throws CONFIG_CHANGED when somebody has edited the file by hand since it was read.
 */
export function writeRule(directory: string, source: RuleSource | undefined, text: string): string {
  const isOwn = source !== undefined && !source.isShipped;
  if (!isOwn) {
    const name = `${parsedId(text)}.yaml`;
    const file = join(directory, name);
    mkdirSync(directory, { recursive: true });
    if (readdirSync(directory).includes(name)) throw changedByHand(file);
    replaceFile(file, text);
    return file;
  }
  const { file, start, end } = source;
  const lines = readFileSync(file, "utf8").split("\n");
  if (lines.slice(start, end).join("\n") !== source.text) throw changedByHand(file);
  replaceFile(
    file,
    [...lines.slice(0, start), ...text.trimEnd().split("\n"), ...lines.slice(end)].join("\n"),
  );
  return file;
}

function parsedId(text: string): RuleId {
  const parsed = parseRuleDocuments(text, "rule");
  const id = parsed.ok ? parsed.value[0]?.rule.id : undefined;
  if (id === undefined) throw new LamplighterError("CONFIG_INVALID", "The text holds no rule.");
  return id;
}

const changedByHand = (file: string): LamplighterError =>
  new LamplighterError(
    "CONFIG_CHANGED",
    `${file} was edited by hand since it was read. Restart the server to read it, then change the rule again.`,
    { fields: { file } },
  );

/** Beside it first, synced, then in its place: a crash leaves the old file or the new one. */
function replaceFile(file: string, text: string): void {
  const beside = `${file}.new`;
  const handle = openSync(beside, "w", 0o600);
  try {
    writeSync(handle, text.endsWith("\n") ? text : `${text}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(beside, file);
}

function readFolder(
  folder: string,
  isShipped: boolean,
): Outcome<readonly RuleSource[], readonly Problem[]> {
  const sources: RuleSource[] = [];
  const problems: Problem[] = [];
  const fileOf = new Map<string, string>();
  for (const name of yamlFiles(folder)) {
    const file = join(folder, name);
    const parsed = parseRuleDocuments(readFileSync(file, "utf8"), file);
    if (!parsed.ok) {
      problems.push(...parsed.error);
      continue;
    }
    for (const document of parsed.value) {
      const { id } = document.rule;
      const other = fileOf.get(id);
      if (other !== undefined && other !== file) {
        const message = `"${id}" is also in ${other}`;
        problems.push({ file, line: document.start + 1, path: "rule", message });
      }
      fileOf.set(id, file);
      sources.push({ ...document, file, isShipped });
    }
  }
  return problems.length === 0 ? success(sources) : failure(problems);
}

/** Tests of rules lie beside them and are no rules. */
export const isTestFile = (name: string): boolean => /\.test\.ya?ml$/.test(name);

function yamlFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name) && !isTestFile(name))
      .sort()
      .slice(0, RULE_FILES_MAX);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new LamplighterError(
      "CONFIG_INVALID",
      `Cannot read the rules in ${folder}: ${wordsOf(error)}. Make the folder readable.`,
      { cause: error },
    );
  }
}
