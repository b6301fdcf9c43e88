/**
 * Asks one unit id who it is: whether anything answers, where its SunSpec models are, and what the
 * profiles of the library make of its registers. Only reads, and no register twice.
 */
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import { deviceId } from "../../core/ids.ts";
import { failure, success } from "../../core/outcome.ts";
import type { Duration } from "../../core/time.ts";
import type { ModbusAddress, ModbusProfile } from "../../device-profiles/profile.ts";
import { decodeRaw, widthOf } from "../sources/modbus/decode.ts";
import { DeviceState } from "../sources/modbus/line/device.ts";
import { afterStep, BEGIN, nextAddress, type Search } from "../sources/modbus/line/sunspec.ts";
import { type Evidence, type Guess, ranked, tellingPoints } from "./discover.ts";
import type { Ask, FieldLine } from "./field-line.ts";
import { readRound } from "./read-round.ts";

/** Every device has a register 0, or says that it has none. */
const PROBE = { table: "holding", address: 0, count: 1 } as const;
/** A unit that leaves this many requests unanswered is left alone. */
const UNANSWERED_MAX = 6;
const BASES = [40_000, 50_000, 0];
const COMMON_MODEL = 1;
const NAME_REGISTERS = 16;

export interface Presence {
  /** What came back to the first request: a value, an exception, or bytes that make no sense. */
  readonly answer: string;
  readonly isGarbled: boolean;
}

export interface Sunspec {
  readonly base: number;
  readonly models: readonly number[];
  /** Manufacturer and model of the Common model. */
  readonly identity: string;
}

export interface UnitParts {
  readonly line: FieldLine;
  readonly unit: number;
  readonly answerWithin: Duration;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Undefined when nothing answers. Rejects with CONNECTION_FAILED. */
export async function probe({
  line,
  unit,
  answerWithin,
}: UnitParts): Promise<Presence | undefined> {
  const asked = await line.ask(unit, PROBE, answerWithin);
  if (asked.ok) return { answer: "yes", isGarbled: false };
  const { code, fields } = asked.error;
  switch (code) {
    case "CONNECTION_FAILED":
      throw asked.error;
    case "DEVICE_EXCEPTION":
      // 10 and 11 come from a gateway in between whose device is silent.
      if (fields.exception === 10 || fields.exception === 11) return undefined;
      return { answer: "yes", isGarbled: false };
    case "DEVICE_ANSWER_INVALID":
      return { answer: "garbled: two of this id, or wrong baud or parity", isGarbled: true };
    default:
      return undefined;
  }
}

/** Remembers every answer of the unit, and asks no more once it has fallen silent. */
export function rememberingAsk({ line, unit, answerWithin }: UnitParts): Ask {
  const words = new Map<string, number>();
  const refused = new Map<string, LamplighterError>();
  let unanswered = 0;
  return async (range) => {
    const keys = Array.from(
      { length: range.count },
      (_, i) => `${range.table}:${range.address + i}`,
    );
    const known = keys.flatMap((key) => words.get(key) ?? []);
    if (known.length === range.count) return success(known);
    const key = `${range.table}:${range.address}+${range.count}`;
    const before = refused.get(key);
    if (before !== undefined) return failure(before);
    if (unanswered >= UNANSWERED_MAX) {
      const why = `unit ${unit} left ${unanswered} requests unanswered`;
      return failure(new LamplighterError("DEVICE_TIMEOUT", why));
    }
    const asked = await line.ask(unit, range, answerWithin);
    if (asked.ok) {
      for (const [i, value] of asked.value.entries()) words.set(keys[i] ?? "", value);
      return asked;
    }
    refused.set(key, asked.error);
    if (asked.error.code !== "DEVICE_EXCEPTION") unanswered++;
    return asked;
  };
}

export async function findSunspec(ask: Ask, signal: AbortSignal): Promise<Sunspec | undefined> {
  for (const base of BASES) {
    const sunspec = { bases: [base], models: [COMMON_MODEL] };
    let search: Search = BEGIN;
    let address = nextAddress(search, sunspec);
    while (address !== undefined && !signal.aborted) {
      const asked = await ask({ table: "holding", address, count: 2 });
      search = afterStep(search, sunspec, asked.ok ? asked.value : undefined);
      address = nextAddress(search, sunspec);
    }
    if (search.kind !== "found") continue;
    const names = [await textAt(ask, search.start + 2), await textAt(ask, search.start + 18)];
    const identity = names.filter((name) => name !== "").join(" ");
    return { base, models: [...search.found.keys()], identity };
  }
  return undefined;
}

async function textAt(ask: Ask, address: number): Promise<string> {
  const at: ModbusAddress = {
    table: "holding",
    address,
    type: "string",
    order: { words: "big", bytes: "big" },
    length: NAME_REGISTERS,
  };
  const value = await rawAt(ask, at);
  return typeof value === "string" ? value : "";
}

async function rawAt(ask: Ask, at: ModbusAddress): Promise<number | bigint | string | undefined> {
  const { table, address } = at;
  const asked = await ask({ table, address, count: widthOf(at) });
  if (!asked.ok) return undefined;
  const raw = decodeRaw(at, (_, register) => asked.value[register - address]);
  return raw.ok ? raw.value : undefined;
}

/** What each profile makes of this unit, best first. */
export async function guessProfiles(
  parts: UnitParts,
  ask: Ask,
  profiles: readonly ModbusProfile[],
): Promise<readonly Guess[]> {
  const evidence: Evidence[] = [];
  for (const profile of profiles) {
    if (parts.signal.aborted) break;
    evidence.push(await evidenceOf(parts, ask, profile));
  }
  return ranked(evidence);
}

async function evidenceOf(
  { line, unit, clock, signal }: UnitParts,
  ask: Ask,
  profile: ModbusProfile,
): Promise<Evidence> {
  const fingerprint = await fingerprintOf(ask, profile);
  const points = tellingPoints(profile);
  const { liveness: _, ...rest } = profile;
  const config = {
    device: deviceId("field"),
    unit,
    profile: { ...rest, points },
    settings: {},
  };
  const device = new DeviceState(config, clock, undefined);
  const { values } = await readRound({ device, ask, timing: line.line.timing, signal });
  return { profile, points, values, fingerprint };
}

async function fingerprintOf(ask: Ask, profile: ModbusProfile): Promise<boolean | undefined> {
  if (profile.fingerprint === undefined) return undefined;
  for (const { read, values } of profile.fingerprint) {
    const raw = await rawAt(ask, read);
    const isOne = values.some((value) => String(value) === String(raw));
    if (!isOne) return false;
  }
  return true;
}
