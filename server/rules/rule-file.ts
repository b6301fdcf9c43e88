/**
 * Reads a rule file: one rule per YAML document, several documents per file, every problem of all of
 * them at once with its line. What a rule means is in `rule.ts`; which points it finds, in `selection.ts`.
 */
import type { z } from "zod";
import { LEVEL_TESTS, type LevelTest } from "../../core/condition.ts";
import { DERIVATIONS, type Derived } from "../../core/condition-derived.ts";
import { type Parsed, type Problem, parseYaml } from "../../core/document.ts";
import { ruleId, spaceId } from "../../core/ids.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { hours, seconds } from "../../core/time.ts";
import { ALARM_PRIORITIES } from "../api/contract.ts";
import type { AlarmCondition, PointSelection, Rule } from "./rule.ts";
import {
  type AlarmDocument,
  type LevelsDocument,
  type RuleDocument,
  ruleSchema,
} from "./rule-schema.ts";

/** More rules than this in one file are a mistake of the tool that wrote it. */
export const RULES_PER_FILE_MAX = 1_000;
const LEASE_MAX = hours(24 * 7);

/** A rule and the lines of its document, so that one can be changed and its neighbours left alone. */
export interface RuleDocumentText {
  readonly rule: Rule;
  readonly text: string;
  /** 0-based; `end` is the line after the last. */
  readonly start: number;
  readonly end: number;
}

export function parseRuleFile(
  text: string,
  file: string,
): Outcome<readonly Rule[], readonly Problem[]> {
  const parsed = parseRuleDocuments(text, file);
  return parsed.ok ? success(parsed.value.map(({ rule }) => rule)) : parsed;
}

export function parseRuleDocuments(
  text: string,
  file: string,
): Outcome<readonly RuleDocumentText[], readonly Problem[]> {
  const rules: RuleDocumentText[] = [];
  const problems: Problem[] = [];
  const documents = documentsOf(text);
  if (documents.length > RULES_PER_FILE_MAX) {
    const message = `${documents.length} rules, allowed are ${RULES_PER_FILE_MAX}`;
    return failure([{ file, line: 1, path: "", message }]);
  }
  for (const { lines, start } of documents) {
    // Blank lines stand for the documents before, so that every line number stays true.
    const padded = "\n".repeat(start) + lines.join("\n");
    const parsed = parseYaml(padded, ruleSchema as z.ZodType<RuleDocument>, file);
    if (!parsed.ok) {
      problems.push(...parsed.error);
      continue;
    }
    problems.push(...checkRule(parsed.value));
    const rule = ruleOf(parsed.value.value);
    if (rules.some((other) => other.rule.id === rule.id)) {
      problems.push(parsed.value.problemAt(["rule"], `"${rule.id}" is there twice`));
    }
    rules.push({ rule, text: lines.join("\n"), start, end: start + lines.length });
  }
  return problems.length === 0 ? success(rules) : failure(problems);
}

interface DocumentLines {
  readonly start: number;
  readonly lines: readonly string[];
}

/** The documents between the lines `---`; those with nothing but comments are none. */
function documentsOf(text: string): readonly DocumentLines[] {
  const all = text.split("\n");
  const marks = all.flatMap((line, i) => (/^---(\s|$)/.test(line) ? [i] : []));
  const starts = [0, ...marks.map((mark) => mark + 1)];
  return starts
    .map((start, i) => ({ start, lines: all.slice(start, marks[i] ?? all.length) }))
    .filter(({ lines }) => lines.some((line) => !/^\s*(#|$)/.test(line)));
}

function checkRule({ value, problemAt }: Parsed<RuleDocument>): readonly Problem[] {
  if (value.kind === "policy") {
    const problems: Problem[] = [];
    if (value.emptyFor < seconds(5)) problems.push(problemAt(["emptyFor"], "must be 5s or more"));
    if (value.lease < seconds(10) || value.lease > LEASE_MAX) {
      problems.push(problemAt(["lease"], "must be from 10s to 7d"));
    }
    return problems;
  }
  return "notProven" in value.when ? [] : checkLevels(value, problemAt);
}

function checkLevels(
  rule: AlarmDocument,
  problemAt: Parsed<RuleDocument>["problemAt"],
): readonly Problem[] {
  const { when } = rule;
  if ("notProven" in when) return [];
  const test = testOf(when);
  const list = when[test] ?? [];
  const problems: Problem[] = [];
  for (let i = 1; i < list.length; i++) {
    const [milder, graver] = [list[i - 1], list[i]];
    if (milder === undefined || graver === undefined || test === "is") continue;
    const rises = test === "atLeast" ? graver.limit > milder.limit : graver.limit < milder.limit;
    if (!rises) {
      const message = `must go from the mildest to the gravest limit, ${graver.limit} follows ${milder.limit}`;
      problems.push(problemAt(["when", test, i, "limit"], message));
    }
    if (ALARM_PRIORITIES.indexOf(graver.priority) > ALARM_PRIORITIES.indexOf(milder.priority)) {
      const message = `"${graver.priority}" is milder than "${milder.priority}" of the level before`;
      problems.push(problemAt(["when", test, i, "priority"], message));
    }
  }
  if (when.overRange !== undefined && test !== "atLeast") {
    problems.push(problemAt(["when", "overRange"], "needs limits of the kind atLeast"));
  }
  const highest = Math.max(...list.map((l) => l.limit));
  if (when.overRange !== undefined && when.overRange <= highest) {
    const message = `${when.overRange} is not above the highest limit ${highest}`;
    problems.push(problemAt(["when", "overRange"], message));
  }
  if (when.of !== undefined && when.overRange !== undefined) {
    problems.push(problemAt(["when", "overRange"], "is of the value itself, not of how it moves"));
  }
  if (test !== "is" && rule.unit === undefined && when.of?.changesIn === undefined) {
    problems.push(problemAt(["unit"], "is missing: limits need the unit they are written in"));
  }
  return problems;
}

const testOf = (when: LevelsDocument): LevelTest =>
  LEVEL_TESTS.find((test) => when[test] !== undefined) ?? "is";

function ruleOf(document: RuleDocument): Rule {
  const { rule, applies, source, effective, version, name, author, owner } = document;
  const base = {
    id: ruleId(rule),
    version,
    name,
    author,
    owner,
    applies: selectionOf(applies),
    ...(source === undefined ? {} : { source }),
    ...(effective === undefined ? {} : { effective }),
  };
  if (document.kind === "policy") {
    const { kind, policy, mode, emptyFor, value, lease } = document;
    return { ...base, kind, policy, mode, emptyFor, value, lease };
  }
  const { kind, unit, about, freezes, closedBy, response } = document;
  return {
    ...base,
    kind,
    when: conditionOf(document.when),
    about: "notProven" in document.when ? "sensor" : about,
    freezes,
    closedBy,
    ...(unit === undefined ? {} : { unit }),
    ...(response === undefined ? {} : { response }),
  };
}

function conditionOf(when: AlarmDocument["when"]): AlarmCondition {
  if ("notProven" in when) return { kind: "notProven", ...when.notProven };
  const { hysteresis, offDelay, overRange } = when;
  const test = testOf(when);
  return {
    kind: "levels",
    test,
    levels: when[test] ?? [],
    hysteresis,
    offDelay,
    ...derivedOf(when.of),
    ...(overRange === undefined ? {} : { overRange }),
  };
}

function derivedOf(of: LevelsDocument["of"]): { readonly of?: Derived } {
  for (const what of DERIVATIONS) {
    const window = of?.[what];
    if (window !== undefined) return { of: { what, window } };
  }
  return {};
}

function selectionOf(applies: RuleDocument["applies"]): PointSelection {
  const { points, hazards, quantities, spaces, uses } = applies;
  return {
    ...(points === undefined ? {} : { points }),
    ...(hazards === undefined ? {} : { hazards }),
    ...(quantities === undefined ? {} : { quantities }),
    ...(spaces === undefined ? {} : { spaces: spaces.map(spaceId) }),
    ...(uses === undefined ? {} : { uses }),
  };
}
