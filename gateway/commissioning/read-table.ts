/** The points of a device as a table for a terminal, pure: words, value, unit, age, what is wrong. */
import type { Value } from "../../core/sample.ts";
import type { ModbusTable, ProfilePoint } from "../../device-profiles/profile.ts";

/** What is known of one point now. */
export interface SeenPoint {
  readonly point: Pick<ProfilePoint, "name" | "unit" | "labels">;
  readonly raw?: { readonly table: ModbusTable; readonly words: readonly number[] };
  readonly value?: Value;
  /** Since the value was read or arrived. */
  readonly ageMs?: number;
  /** Why there is no value, or what is to be doubted of it. */
  readonly problem?: string;
}

/** Longer texts and longer blocks of words are cut, so that a line stays a line. */
const CELL_CHARACTERS_MAX = 39;
/** What is beyond comes from calculating in binary. */
const DIGITS_MAX = 12;
const SINGLE_DIGITS_MAX = 9;
const COLUMNS = ["point", "words", "value", "unit", "age", "error"] as const;
/** Numbers stand at the right of their column. */
const RIGHT: ReadonlySet<string> = new Set(["value", "age"]);

export function tableLines(seen: readonly SeenPoint[]): readonly string[] {
  const hasWords = seen.some((entry) => entry.raw !== undefined);
  const columns = COLUMNS.filter((column) => column !== "words" || hasWords);
  const rows = seen.map((entry) => {
    const cells = cellsOf(entry);
    return columns.map((column) => cells[column]);
  });
  return alignedLines(columns, rows, RIGHT);
}

/** How many have a value, in a sentence. */
export function summaryOf(seen: readonly SeenPoint[]): string {
  const good = seen.filter((entry) => entry.value !== undefined).length;
  return `${good} of ${seen.length} points have a value`;
}

function cellsOf(entry: SeenPoint): Readonly<Record<(typeof COLUMNS)[number], string>> {
  const { point, raw, value, ageMs, problem } = entry;
  const hasUnit = typeof value === "number" && point.unit !== "1";
  return {
    point: point.name,
    words: raw === undefined ? "" : shortened(wordsText(raw)),
    value: value === undefined ? "-" : shortened(valueText(value, point.labels)),
    unit: hasUnit ? point.unit : "",
    age: ageMs === undefined || value === undefined ? "-" : ageText(ageMs),
    error: problem ?? "",
  };
}

function wordsText({ table, words }: NonNullable<SeenPoint["raw"]>): string {
  const isBits = table === "coil" || table === "discrete";
  return words.map((word) => (isBits ? String(word) : hex(word))).join(" ");
}

const hex = (word: number): string => word.toString(16).toUpperCase().padStart(4, "0");

function valueText(value: Value, labels: ProfilePoint["labels"]): string {
  if (typeof value === "string") return value;
  const label = labels?.[String(value)];
  const number = numberText(value);
  return label === undefined ? number : `${number} (${label.en})`;
}

/** The shortest digits that a single-precision number comes from: 230.2 and not 230.1999969482422. */
function numberText(value: number): string {
  if (Math.fround(value) !== value) return String(Number(value.toPrecision(DIGITS_MAX)));
  if (Number.isInteger(value)) return String(value);
  let digits = 1;
  while (digits < SINGLE_DIGITS_MAX && single(value, digits) !== value) digits++;
  return String(Number(value.toPrecision(digits)));
}

const single = (value: number, digits: number): number =>
  Math.fround(Number(value.toPrecision(digits)));

function ageText(ageMs: number): string {
  if (ageMs < 10_000) return `${(Math.max(0, ageMs) / 1_000).toFixed(1)} s`;
  return ageMs < 120_000 ? `${Math.round(ageMs / 1_000)} s` : `${Math.round(ageMs / 60_000)} min`;
}

const shortened = (text: string): string =>
  text.length <= CELL_CHARACTERS_MAX ? text : `${text.slice(0, CELL_CHARACTERS_MAX - 1)}…`;

/** A head and rows with every column as wide as its widest cell. */
export function alignedLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string> = new Set(),
): readonly string[] {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return right.has(head[i] ?? "") ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)];
}
