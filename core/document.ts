/**
 * Reads a YAML document against a schema and reports every problem at once, each with file, line, path
 * and what would be right. Configuration, profiles, rules and scenarios all come in through here.
 */
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { failure, type Outcome, success } from "./outcome.ts";
import { keysAt } from "./schema-keys.ts";

export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
/** References expand to copies; more of them are an attack on memory. */
const ALIASES_MAX = 100;
/** A longer list is noise; the rest is counted in the last line. */
export const PROBLEMS_SHOWN_MAX = 100;

export type DocumentPath = readonly (string | number)[];

export interface Problem {
  readonly file: string;
  /** 1-based; 1 when the whole document is meant. */
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/** The parsed value, and where in the text any path of it stands, for checks that come later. */
export interface Parsed<T> {
  readonly value: T;
  readonly problemAt: (path: DocumentPath, message: string) => Problem;
}

export function parseYaml<T>(
  text: string,
  schema: z.ZodType<T>,
  file: string,
): Outcome<Parsed<T>, readonly Problem[]> {
  if (text.length > DOCUMENT_BYTES_MAX) {
    const message = `${text.length} characters, allowed are ${DOCUMENT_BYTES_MAX}`;
    return failure([{ file, line: 1, path: "", message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    return failure(
      document.errors.map((e) => ({
        file,
        line: lines.linePos(e.pos[0]).line,
        path: "",
        message: (e.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
      })),
    );
  }
  const problemAt = (path: DocumentPath, message: string): Problem => ({
    file,
    line: lineOf(document, lines, path),
    path: formatPath(path),
    message,
  });
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return failure([problemAt([], `cannot be read: ${(error as Error).message}`)]);
  }
  const parsed = schema.safeParse(content, { reportInput: true });
  if (parsed.success) return success({ value: parsed.data, problemAt });
  return failure(
    flatten(parsed.error.issues).flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? unknownKeys(issue, keysAt(schema, issue.path as DocumentPath), problemAt)
        : [problemAt(issue.path as DocumentPath, sentenceOf(issue))],
    ),
  );
}

/** One problem for each unknown key, at its own line. */
function unknownKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  allowed: readonly string[],
  problemAt: (path: DocumentPath, message: string) => Problem,
): readonly Problem[] {
  return issue.keys.map((key) => {
    const near = nearest(key, allowed);
    const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
    return problemAt([...(issue.path as DocumentPath), key], `unknown key "${key}"${hint}`);
  });
}

/** `gateway.yaml:12: devices[2].unit: must be a number, is "three"`, one per line, bounded. */
export function formatProblems(problems: readonly Problem[]): string {
  const shown = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map((p) => `${p.file}:${p.line}: ${p.path === "" ? "" : `${p.path}: `}${p.message}`);
  const rest = problems.length - shown.length;
  return (rest > 0 ? [...shown, `and ${rest} more`] : shown).join("\n");
}

export function formatPath(path: DocumentPath): string {
  return path
    .map((p, i) => (typeof p === "number" ? `[${p}]` : `${i === 0 ? "" : "."}${p}`))
    .join("");
}

/** Line of the deepest part of `path` that exists in the text: a missing key points at its parent. */
function lineOf(document: Document, lines: LineCounter, path: DocumentPath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((p) => isPair(p) && isScalar(p.key) && p.key.value === key);
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      const range = (node as { range?: readonly number[] | null } | undefined)?.range;
      offset = range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

type Issue = z.core.$ZodIssue;

/** Of a union's alternatives, the one that went furthest is what the author meant. */
function flatten(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
    const depth = (alternative: readonly Issue[]): number =>
      Math.max(0, ...alternative.map((i) => i.path.length));
    const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    return flatten(
      (best ?? []).map((i) => ({ ...i, path: [...issue.path, ...i.path] })) as Issue[],
    );
  });
}

function sentenceOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `is missing (${articleOf(issue.expected)})`
        : `must be ${articleOf(issue.expected)}, is ${shown(issue.input)}`;
    case "invalid_value": {
      const allowed = issue.values.map(String);
      const near = nearest(String(issue.input), allowed);
      const hint = near === undefined ? `one of ${allowed.join(", ")}` : `did you mean "${near}"?`;
      return `${issue.input === undefined ? "is missing" : `unknown ${shown(issue.input)}`} (${hint})`;
    }
    case "too_big":
      return bounded("most", issue.maximum, issue.origin);
    case "too_small":
      return bounded("least", issue.minimum, issue.origin);
    default:
      return issue.message;
  }
}

/** A limit on a number, or on how many characters or entries there are. */
function bounded(bound: "most" | "least", limit: number | bigint, origin: string): string {
  if (origin !== "string" && origin !== "array") return `must be at ${bound} ${limit}`;
  const counted = origin === "string" ? "character" : limit === 1 ? "entry" : "entrie";
  return `must have at ${bound} ${limit} ${counted}${limit === 1 ? "" : "s"}`;
}

const articleOf = (type: string): string =>
  `${/^[aeiou]/.test(type) ? "an" : "a"} ${type === "record" ? "map" : type}`;

const shown = (input: unknown): string => (JSON.stringify(input) ?? "nothing").slice(0, 60);

/** The closest of the allowed words, when it is close enough to be a slip of the pen. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of allowed) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (beforePrevious[j - 2] ?? 0) + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, replaced, swapped));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Schema pieces that every document needs. */
export const labelSchema = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });
