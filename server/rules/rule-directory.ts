/**
 * The rules that are in force: the shipped ones, and the site's own, of which one with the same id takes
 * the place of a shipped one. Read and parse; nothing is half loaded.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatProblems, type Problem } from "../../core/document.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import type { Rule } from "./rule.ts";
import { parseRuleFile } from "./rule-file.ts";

const LIBRARY = fileURLToPath(new URL("./library/", import.meta.url));
export const RULE_FILES_MAX = 10_000;

/** Throws CONFIG_INVALID with every problem of every file. A missing folder has no rules. */
export function loadRules(directory?: string): readonly Rule[] {
  const read = readRules(directory);
  if (read.ok) return read.value;
  throw new LamplighterError("CONFIG_INVALID", formatProblems(read.error));
}

export function readRules(directory?: string): Outcome<readonly Rule[], readonly Problem[]> {
  const shipped = readFolder(LIBRARY);
  const own = directory === undefined ? success([]) : readFolder(directory);
  if (!shipped.ok) return shipped;
  if (!own.ok) return own;
  const rules = new Map(shipped.value.map((rule) => [rule.id, rule]));
  for (const rule of own.value) rules.set(rule.id, rule);
  return success([...rules.values()]);
}

function readFolder(folder: string): Outcome<readonly Rule[], readonly Problem[]> {
  const rules: Rule[] = [];
  const problems: Problem[] = [];
  const fileOf = new Map<string, string>();
  for (const name of yamlFiles(folder)) {
    const file = join(folder, name);
    const parsed = parseRuleFile(readFileSync(file, "utf8"), file);
    if (!parsed.ok) {
      problems.push(...parsed.error);
      continue;
    }
    for (const rule of parsed.value) {
      const other = fileOf.get(rule.id);
      if (other !== undefined && other !== file) {
        const message = `"${rule.id}" is also in ${other}`;
        problems.push({ file, line: 1, path: "rule", message });
      }
      fileOf.set(rule.id, file);
      rules.push(rule);
    }
  }
  return problems.length === 0 ? success(rules) : failure(problems);
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
