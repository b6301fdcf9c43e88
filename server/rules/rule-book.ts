/**
 * The rules in force, and the one way to change them while the server runs: a whole rule at a time, by
 * its text, against the version that was seen. A wrong change is refused and the old rule stays.
 */
import { createHash } from "node:crypto";
import { formatProblems } from "../../core/document.ts";
import { LamplighterError } from "../../core/errors.ts";
import type { RuleId } from "../../core/ids.ts";
import type { Unsubscribe } from "../plant.ts";
import { tellAll } from "../tell-all.ts";
import type { Rule } from "./rule.ts";
import { type RuleSource, readRuleSources, writeRule } from "./rule-directory.ts";
import { parseRuleDocuments } from "./rule-file.ts";

export interface RuleChange {
  readonly by: string;
  /** Of the text that was changed; absent for a rule that does not exist yet. */
  readonly etag: string | undefined;
}

export interface WrittenRule {
  readonly rule: Rule;
  readonly text: string;
  readonly etag: string;
}

/** Notes who changed what. */
export type ChangeJournal = (by: string, rule: Rule, before: Rule | undefined) => void;

export class RuleBook {
  readonly #directory: string;
  readonly #journal: ChangeJournal;
  readonly #sources = new Map<RuleId, RuleSource>();
  readonly #listeners = new Set<(rules: readonly Rule[]) => void>();

  /** Throws CONFIG_INVALID with every problem of every file. */
  constructor(directory: string, journal: ChangeJournal) {
    this.#directory = directory;
    this.#journal = journal;
    this.#read();
  }

  rules(): readonly Rule[] {
    return [...this.#sources.values()].map(({ rule }) => rule);
  }

  get(id: RuleId): WrittenRule | undefined {
    const source = this.#sources.get(id);
    if (source === undefined) return undefined;
    return { rule: source.rule, text: source.text, etag: etagOf(source.text) };
  }

  /** Told with all rules after each change. */
  onChange(listener: (rules: readonly Rule[]) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(id: RuleId, text: string, change: RuleChange): WrittenRule {
    const before = this.get(id);
    checkEtag(id, before, change.etag);
    const rule = checkedRule(id, text, before?.rule);
    writeRule(this.#directory, this.#sources.get(id), text);
    this.#journal(change.by, rule, before?.rule);
    this.#read();
    tellAll(this.#listeners, this.rules());
    const after = this.get(id);
    if (after === undefined) throw new LamplighterError("INTERNAL", `Rule ${id} was not written.`);
    return after;
  }

  #read(): void {
    const read = readRuleSources(this.#directory);
    if (!read.ok) throw new LamplighterError("CONFIG_INVALID", formatProblems(read.error));
    const before = new Map(this.#sources);
    this.#sources.clear();
    for (const source of read.value) {
      const known = before.get(source.rule.id);
      // A rule that did not change stays the very same, so that nobody takes it for another.
      const rule = known?.text === source.text ? known.rule : source.rule;
      this.#sources.set(rule.id, { ...source, rule });
    }
  }
}

const etagOf = (text: string): string =>
  `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;

function checkEtag(id: RuleId, before: WrittenRule | undefined, etag: string | undefined): void {
  if (before?.etag === etag) return;
  const message =
    etag === undefined
      ? `There is a rule "${id}" already. Read it first and send its ETag as If-Match.`
      : `The rule "${id}" is not what you have seen any more. Read it again and repeat the change.`;
  throw new LamplighterError("CONFIG_CHANGED", message, { fields: { rule: id } });
}

function checkedRule(id: RuleId, text: string, before: Rule | undefined): Rule {
  const parsed = parseRuleDocuments(text, "rule");
  if (!parsed.ok) throw invalid(formatProblems(parsed.error));
  const [only, ...more] = parsed.value;
  if (only === undefined || more.length > 0 || /^---/m.test(text)) {
    throw invalid("the text must hold one rule and no line ---");
  }
  const { rule } = only;
  if (rule.id !== id) throw invalid(`the text is of the rule "${rule.id}", not "${id}"`);
  if (before !== undefined && rule.version <= before.version) {
    throw invalid(`version ${rule.version} is not above the present ${before.version}`);
  }
  return rule;
}

const invalid = (why: string): LamplighterError =>
  new LamplighterError("CONFIG_INVALID", `The rule was not changed: ${why}.`);
