/**
 * Registers → value, pure, as the profile says. NaN, infinity, sentinels, impossible digits and
 * whole numbers that a double cannot hold are never values: they come back as the reason why there
 * is none.
 */

import { failure, type Outcome, success } from "../../../core/outcome.ts";
import { type BadReason, TEXT_VALUE_CHARACTERS_MAX, type Value } from "../../../core/sample.ts";
import { registersOf } from "../../../device-profiles/modbus-address.ts";
import type { ModbusAddress, ModbusPoint, ModbusTable } from "../../../device-profiles/profile.ts";

/** A register (0 to 65535) or bit (0 or 1) as last read, undefined when it was not. */
export type Words = (table: ModbusTable, address: number) => number | undefined;

export interface NoValue {
  readonly reason: BadReason;
  readonly detail: string;
}

export interface DecodeContext {
  readonly words: Words;
  /** The device's settings with the profile's defaults below them. */
  readonly settings: Readonly<Record<string, number>>;
  /** Latest value of another point of the device, for gates. */
  readonly latestOf: (pointName: string) => Value | undefined;
}

/** Registers or bits that a value takes, as the profile was checked with. */
export const widthOf = (at: ModbusAddress): number => registersOf(at);

export function decodePoint(point: ModbusPoint, context: DecodeContext): Outcome<Value, NoValue> {
  const gate = gateOf(point, context);
  if (!gate.ok) return gate;
  const raw = decodeRaw(point.read, context.words);
  if (!raw.ok) return raw;
  if (typeof raw.value === "string") return success(raw.value);
  if (isSentinel(raw.value, point)) {
    return failure({ reason: "sentinel", detail: `raw ${raw.value} stands for "no value"` });
  }
  const exact = exactNumber(raw.value);
  if (!exact.ok) return exact;
  // A serial number in binary is still a text: nobody adds it up, and the store takes it only as
  // one.
  if (point.kind === "text") return success(String(exact.value));
  if (point.codes !== undefined) return codedValue(point.codes, exact.value);
  return scaledValue(point, exact.value, context);
}

const noValue = (reason: BadReason, detail: string): { ok: false; error: NoValue } =>
  failure({ reason, detail });

function gateOf(point: ModbusPoint, context: DecodeContext): Outcome<undefined, NoValue> {
  if (point.gate === undefined) return success(undefined);
  const state = context.latestOf(point.gate.point);
  if (typeof state === "number" && point.gate.values.includes(state)) return success(undefined);
  const shown = state === undefined ? "is not known" : `is ${state}`;
  return noValue("gated", `${point.gate.point} ${shown}`);
}

/** The number or text that the registers hold, before anything is made of it. */
export function decodeRaw(
  at: ModbusAddress,
  words: Words,
): Outcome<number | bigint | string, NoValue> {
  const count = widthOf(at);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const value = words(at.table, at.address + i);
    if (value === undefined) {
      return noValue("notImplemented", `${at.table} ${at.address + i} was not read`);
    }
    values.push(value);
  }
  if (at.table === "coil" || at.table === "discrete") return success(values[0] ?? 0);
  const ordered = inOrder(values, at);
  if (at.type === "string") return text(ordered, at);
  if (at.mask !== undefined || at.shift !== undefined || at.type === "bit") {
    return success(maskedBits(ordered, at));
  }
  return numeric(ordered, at.type);
}

function inOrder(values: readonly number[], at: ModbusAddress): readonly number[] {
  const words = at.order.words === "little" && at.type !== "string" ? values.toReversed() : values;
  if (at.order.bytes === "big") return words;
  return words.map((word) => ((word & 0xff) << 8) | (word >>> 8));
}

function maskedBits(words: readonly number[], at: ModbusAddress): number | bigint {
  let whole = 0n;
  for (const word of words) whole = (whole << 16n) | BigInt(word);
  const mask = at.mask === undefined ? (1n << BigInt(16 * words.length)) - 1n : BigInt(at.mask);
  const bits = (whole & mask) >> BigInt(at.shift ?? 0);
  if (at.type === "bit") return bits === 0n ? 0 : 1;
  return words.length > 2 ? bits : Number(bits);
}

const scratch = new DataView(new ArrayBuffer(8));

function numeric(
  words: readonly number[],
  type: Exclude<ModbusAddress["type"], "string" | "bit">,
): Outcome<number | bigint, NoValue> {
  for (let i = 0; i < words.length; i++) scratch.setUint16(2 * i, words[i] ?? 0);
  switch (type) {
    case "int16":
      return success(scratch.getInt16(0));
    case "uint16":
      return success(scratch.getUint16(0));
    case "int32":
      return success(scratch.getInt32(0));
    case "uint32":
      return success(scratch.getUint32(0));
    case "int64":
      return success(scratch.getBigInt64(0));
    case "uint64":
      return success(scratch.getBigUint64(0));
    case "float32":
      return finite(scratch.getFloat32(0));
    case "float64":
      return finite(scratch.getFloat64(0));
    case "bcd16":
    case "bcd32":
      return bcd(words);
  }
}

function finite(value: number): Outcome<number, NoValue> {
  if (Number.isNaN(value)) return noValue("notImplemented", "the device says not-a-number");
  if (!Number.isFinite(value)) return noValue("outOfRange", "the device says infinity");
  return success(value);
}

function bcd(words: readonly number[]): Outcome<number, NoValue> {
  const digits = words.map((word) => word.toString(16).padStart(4, "0")).join("");
  if (/^[0-9]+$/.test(digits)) return success(Number(digits));
  return noValue("badPayload", `"${digits}" is not binary-coded decimal`);
}

function text(words: readonly number[], at: ModbusAddress): Outcome<string, NoValue> {
  if (at.hex === true) {
    return success(words.map((word) => word.toString(16).padStart(4, "0")).join(""));
  }
  const bytes = words.flatMap((word) =>
    at.charactersPerRegister === 1 ? [word & 0xff] : [word >>> 8, word & 0xff],
  );
  const end = bytes.indexOf(0);
  const kept = Uint8Array.from(end < 0 ? bytes : bytes.slice(0, end));
  const read = new TextDecoder().decode(kept).trim();
  if (/\p{Cc}|\uFFFD/u.test(read)) {
    return noValue("badPayload", "the text holds characters that cannot be shown");
  }
  if (read.length > TEXT_VALUE_CHARACTERS_MAX) {
    return noValue("tooLarge", `text of ${read.length} characters`);
  }
  return success(read);
}

/** A sentinel may be written signed or unsigned: 0x8000 and -32768 are the same word. */
function isSentinel(raw: number | bigint, point: ModbusPoint): boolean {
  if (point.sentinels.length === 0) return false;
  const value = Number(raw);
  const bits = 16 * widthOf(point.read);
  const isFloat = point.read.type === "float32" || point.read.type === "float64";
  return point.sentinels.some((sentinel) => {
    if (sentinel === value) return true;
    if (isFloat) return Math.fround(sentinel) === value;
    return sentinel - 2 ** bits === value || sentinel === value - 2 ** bits;
  });
}

function exactNumber(raw: number | bigint): Outcome<number, NoValue> {
  const value = Number(raw);
  if (typeof raw === "number" || Number.isSafeInteger(value)) return success(value);
  return noValue("outOfRange", `raw ${raw} has more digits than can be kept exactly`);
}

function codedValue(
  codes: Readonly<Record<string, number>>,
  raw: number,
): Outcome<number, NoValue> {
  const value = codes[String(raw)];
  return value === undefined
    ? noValue("outOfRange", `raw ${raw} is no known code`)
    : success(value);
}

function scaledValue(
  point: ModbusPoint,
  raw: number,
  context: DecodeContext,
): Outcome<number, NoValue> {
  let value = times(raw, point.scale);
  for (const part of point.plus ?? []) {
    const more = partNumber(part.read, context.words);
    if (!more.ok) return more;
    value += times(more.value, part.scale);
  }
  const factor = factorOf(point, context);
  if (!factor.ok) return factor;
  for (const by of factor.value) value = times(value, by);
  value += point.offset;
  if (!Number.isFinite(value)) return noValue("outOfRange", "the value is too large");
  if (point.range !== undefined && (value < point.range.min || value > point.range.max)) {
    const { min, max } = point.range;
    return noValue("outOfRange", `${value} is outside ${min} to ${max}`);
  }
  return success(value);
}

function partNumber(at: ModbusAddress, words: Words): Outcome<number, NoValue> {
  const raw = decodeRaw(at, words);
  if (!raw.ok) return raw;
  if (typeof raw.value !== "string") return exactNumber(raw.value);
  return noValue("typeMismatch", `${at.table} ${at.address} holds a text`);
}

/** What the scaled value is multiplied by, one factor after the other so that each stays exact. */
export function factorOf(
  point: ModbusPoint,
  context: Pick<DecodeContext, "words" | "settings">,
): Outcome<readonly number[], NoValue> {
  const factors: number[] = [];
  if (point.exponentFrom !== undefined) {
    const exponent = partNumber(point.exponentFrom, context.words);
    if (!exponent.ok) return exponent;
    // SunSpec: -32768 stands for "no scale factor"; no device scales by more than 10^±12.
    if (Math.abs(exponent.value) > 12) {
      return noValue("notImplemented", `scale factor 10^${exponent.value} is none`);
    }
    factors.push(10 ** exponent.value);
  }
  for (const name of point.multiplyBy) {
    const setting = context.settings[name];
    if (setting === undefined) return noValue("setAside", `setting "${name}" has no value`);
    factors.push(setting);
  }
  for (const from of point.multiplyFrom ?? []) {
    const read = partNumber(from.read, context.words);
    if (!read.ok) return read;
    const listed = from.values === undefined ? read.value : from.values[String(read.value)];
    if (listed === undefined) {
      return noValue("outOfRange", `factor code ${read.value} is not listed`);
    }
    factors.push(times(listed, from.scale ?? 1));
  }
  return success(factors);
}

/**
 * Multiplies; by 0.1 and the like as a division by 10, which gives 230.2 and not
 * 230.20000000000002.
 */
function times(value: number, scale: number): number {
  if (scale === 1) return value;
  const divisor = Math.round(1 / scale);
  return Math.abs(scale) < 1 && 1 / divisor === scale ? value / divisor : value * scale;
}
