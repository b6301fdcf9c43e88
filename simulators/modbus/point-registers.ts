/** One point's value → every register the profile spreads it over: parts, exponents, factors, codes. */
import type {
  ModbusAddress,
  ModbusFactor,
  ModbusPoint,
  ModbusProfile,
} from "../../device-profiles/profile.ts";
import type { Falsified } from "../faults/value-faults.ts";
import { rawOf } from "./encode.ts";
import { onTheWire } from "./sunspec.ts";

export interface Placed {
  readonly read: ModbusAddress;
  readonly raw: number | string;
}

/** With the addresses as they are asked for on the wire. */
export function registersOfPoint(
  profile: ModbusProfile,
  point: ModbusPoint,
  falsified: Falsified,
): readonly Placed[] {
  return placedOf(profile, point, falsified).map(({ read, raw }) => ({
    read: onTheWire(profile, read),
    raw,
  }));
}

function placedOf(
  profile: ModbusProfile,
  point: ModbusPoint,
  falsified: Falsified,
): readonly Placed[] {
  const { read } = point;
  if (falsified.kind === "raw") return [{ read, raw: falsified.raw }];
  const { value } = falsified;
  if (typeof value === "string") {
    // Serial numbers are digits in some maps and characters in others.
    return [{ read, raw: read.type === "string" ? value : Number(value) || 0 }];
  }
  const placed: Placed[] = [];
  let number = value / settingsFactor(profile, point);
  for (const factor of point.multiplyFrom ?? []) {
    const { raw, factor: times } = factorRegister(factor);
    placed.push({ read: factor.read, raw });
    number /= times;
  }
  if (point.exponentFrom) {
    const exponent = exponentFor(point);
    placed.push({ read: point.exponentFrom, raw: exponent });
    number /= 10 ** exponent;
  }
  return [...placed, ...parts(point, number)];
}

/** What the gateway will multiply by, when the device's owner set nothing else. */
function settingsFactor(profile: ModbusProfile, point: ModbusPoint): number {
  return point.multiplyBy.reduce(
    (factor, name) => factor * (profile.settings[name]?.default ?? 1),
    1,
  );
}

function factorRegister({ values, scale = 1 }: ModbusFactor): { raw: number; factor: number } {
  const [first] = Object.entries(values ?? {});
  return first ? { raw: Number(first[0]), factor: first[1] } : { raw: 1 / scale, factor: 1 };
}

/** What one step of the register should mean, where a whole unit is too coarse. */
const RESOLUTION: Readonly<Record<string, number>> = { V: 0.1, A: 0.01, Hz: 0.01, "1": 0.001 };

function exponentFor({ unit, scale }: ModbusPoint): number {
  const wanted = RESOLUTION[unit];
  return wanted === undefined ? 0 : Math.round(Math.log10(wanted / Math.abs(scale)));
}

/** Binary fractions end a hair below their decimal ones; far less than one unit of the last part. */
const ROUNDING = 1e-3;

/** A counter split in whole and decimal part: the first register takes whole units. */
function parts(point: ModbusPoint, number: number): readonly Placed[] {
  const { read, codes, plus } = point;
  const code = Object.entries(codes ?? {}).find(([, ours]) => ours === number)?.[0];
  if (code !== undefined) return [{ read, raw: Number(code) }];
  const raw = rawOf(point, number);
  if (plus === undefined || plus.length === 0) return [{ read, raw }];
  const placed: Placed[] = [{ read, raw: Math.floor(raw) }];
  let rest = (raw - Math.floor(raw)) * point.scale;
  for (const part of plus) {
    const units = Math.floor(rest / part.scale + ROUNDING);
    placed.push({ read: part.read, raw: units });
    rest -= units * part.scale;
  }
  return placed;
}
