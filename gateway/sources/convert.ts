/**
 * What a device said → value of the point, as the profile has it; and back for commands. Pure, for the
 * protocols whose values arrive as numbers, words or truth values rather than as registers.
 */
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { type BadReason, TEXT_VALUE_CHARACTERS_MAX, type Value } from "../../core/sample.ts";
import type { ProfilePoint } from "../../device-profiles/profile.ts";

export interface NoValue {
  readonly reason: BadReason;
  readonly detail: string;
}

export type Words = Readonly<Record<string, number>>;

/** Detail texts show at most this much of what a stranger sent. */
const SHOWN_CHARACTERS_MAX = 60;

const noValue = (reason: BadReason, detail: string): { ok: false; error: NoValue } =>
  failure({ reason, detail });

export const shown = (raw: unknown): string => {
  const text = typeof raw === "string" ? `"${raw}"` : String(JSON.stringify(raw) ?? raw);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
};

export function convert(
  point: ProfilePoint,
  raw: unknown,
  words: Words | undefined,
): Outcome<Value, NoValue> {
  if (raw === null || raw === undefined) return noValue("notImplemented", "the device says null");
  if (point.kind === "text" || point.kind === "event") return textOf(raw);
  const number = numberOf(raw, words);
  if (!number.ok) return number;
  return scaled(point, number.value, words !== undefined && typeof raw !== "number");
}

function textOf(raw: unknown): Outcome<Value, NoValue> {
  if (typeof raw === "object") return noValue("typeMismatch", `${shown(raw)} is not a text`);
  const text = String(raw);
  if (text.length <= TEXT_VALUE_CHARACTERS_MAX) return success(text);
  return noValue("tooLarge", `text of ${text.length} characters`);
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

function numberOf(raw: unknown, words: Words | undefined): Outcome<number, NoValue> {
  if (typeof raw === "number") return finite(raw);
  const word = typeof raw === "boolean" ? String(raw) : raw;
  if (typeof word !== "string") return noValue("typeMismatch", `${shown(raw)} is not a number`);
  if (words !== undefined && Object.hasOwn(words, word)) return success(words[word] ?? Number.NaN);
  if (typeof raw === "boolean") return success(raw ? 1 : 0);
  if (NUMBER.test(word)) return finite(Number(word));
  const known = words === undefined ? "" : ` (known: ${Object.keys(words).join(", ")})`;
  return noValue("typeMismatch", `${shown(raw)} is neither a number nor a known word${known}`);
}

function finite(value: number): Outcome<number, NoValue> {
  if (Number.isNaN(value)) return noValue("notImplemented", "the device says not-a-number");
  return Number.isFinite(value)
    ? success(value)
    : noValue("outOfRange", "the device says infinity");
}

/** A word already stands for the value and is not scaled. */
function scaled(point: ProfilePoint, raw: number, isWord: boolean): Outcome<Value, NoValue> {
  if (point.sentinels.includes(raw)) {
    return noValue("sentinel", `${raw} stands for "no value"`);
  }
  if (point.codes !== undefined) {
    const value = point.codes[String(raw)];
    return value === undefined ? noValue("outOfRange", `${raw} is no known code`) : success(value);
  }
  const value = isWord ? raw : times(raw, point.scale) + point.offset;
  if (!Number.isFinite(value)) return noValue("outOfRange", "the value is too large");
  const { range } = point;
  if (range !== undefined && (value < range.min || value > range.max)) {
    return noValue("outOfRange", `${value} is outside ${range.min} to ${range.max}`);
  }
  return success(value);
}

/** Multiplies; by 0.1 and the like as a division by 10, which gives 230.2 and not 230.20000000000002. */
function times(value: number, scale: number): number {
  if (scale === 1) return value;
  const divisor = Math.round(1 / scale);
  return Math.abs(scale) < 1 && 1 / divisor === scale ? value / divisor : value * scale;
}

/** What must be sent so that the device shows `value`: a word where it has one, else a number. */
export function invert(
  point: ProfilePoint,
  value: number,
  words: Words | undefined,
): Outcome<string | number, string> {
  const word = Object.entries(words ?? {}).find(([, number]) => number === value)?.[0];
  if (word !== undefined) return success(word);
  if (point.codes !== undefined) {
    const code = Object.entries(point.codes).find(([, number]) => number === value)?.[0];
    return code === undefined ? failure(`${value} has no code`) : success(Number(code));
  }
  // Twelve digits: (21.3 - 0) / 0.1 must be 213 and not 212.99999999999997.
  const raw = Number(((value - point.offset) / point.scale).toPrecision(12));
  if (words === undefined) return success(raw);
  return failure(`${value} has no word (known: ${Object.values(words).join(", ")})`);
}

/** Undefined when the gate stands open, else why it does not. */
export function gateClosed(
  point: ProfilePoint,
  latest: (pointName: string) => Value | undefined,
): NoValue | undefined {
  if (point.gate === undefined) return undefined;
  const state = latest(point.gate.point);
  if (typeof state === "number" && point.gate.values.includes(state)) return undefined;
  const is = state === undefined ? "is not known" : `is ${state}`;
  return { reason: "gated", detail: `${point.gate.point} ${is}` };
}
