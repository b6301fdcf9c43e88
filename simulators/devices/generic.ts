/**
 * Points the world knows nothing of, made up from what the profile says: plausible, changing, within
 * range, and what was written is kept. So any profile can be simulated without code.
 */
import type { ModbusPoint, Profile, ProfilePoint } from "../../device-profiles/profile.ts";
import { keyOf, wander } from "../world/chance.ts";
import type { World } from "../world/state.ts";
import { bare, type Observed } from "./observed.ts";

const EPOCH = Date.UTC(2025, 0, 1);

/** A likely middle for a unit, and how far it swings. */
const TYPICAL: Readonly<Record<string, readonly [number, number]>> = {
  V: [230, 3],
  A: [6, 3],
  W: [1_400, 500],
  kW: [14, 5],
  Hz: [50, 0.03],
  Cel: [21, 1.5],
  "%{RH}": [48, 6],
  "%": [62, 10],
  "[ppm]": [430, 25],
  "[ppb]": [110, 30],
  lx: [310, 60],
  "m/s": [0.5, 0.04],
  "%{vol}": [20.9, 0.05],
  "%{LEL}": [0.4, 0.3],
  "m3/h": [1.2, 0.6],
  dBm: [-64, 4],
  d: [400, 0],
};

/** Where the unit alone would mislead. */
const TYPICAL_BY_NAME: Readonly<Record<string, readonly [number, number]>> = {
  supply_voltage: [12.1, 0.1],
  battery_voltage: [3.61, 0.01],
  emergency_battery: [96, 1],
};

export function genericValue(
  world: World,
  { id, serial }: { readonly id: string; readonly serial: string },
  profile: Profile,
  point: ProfilePoint | ModbusPoint,
): Observed {
  const key = keyOf(`${id}/${point.name}`);
  const bounds = representable(point);
  switch (point.kind) {
    case "text":
      if (isNumberOnTheWire(point)) return bare(String(key % 60_000));
      return bare(textOf(profile, serial, point).slice(0, charactersMax(point)).trim());
    case "event":
      return bare(point.name);
    case "counter": {
      // A rising count with its own start and pace, of the order of one an hour.
      const count = (key % 900) + ((world.now - EPOCH) / 3_600_000) * (0.4 + (key % 10) / 10);
      return bare(count % Math.max(1, bounds.max));
    }
    case "state":
      return bare(usualState(profile, point));
    case "gauge": {
      const value = gauge(world, key, point);
      return bare(Math.max(bounds.min * 0.9, Math.min(bounds.max * 0.9, value)));
    }
  }
}

/** What makes the other points of the device speak, else the first word of its list. */
function usualState(profile: Profile, point: ProfilePoint): number {
  const points: readonly ProfilePoint[] = profile.points;
  const gated = points.find(({ gate }) => gate?.point === point.name)?.gate?.values[0];
  const [code] = Object.values(point.codes ?? {});
  const [label] = Object.keys(point.labels ?? {}).map(Number);
  return gated ?? factorCode(profile, point) ?? code ?? label ?? 0;
}

/** A register that others are scaled by holds a code they know. */
function factorCode(profile: Profile, point: ProfilePoint | ModbusPoint): number | undefined {
  if (profile.protocol !== "modbus" || !isModbus(point)) return undefined;
  const { table, address } = point.read;
  const factor = profile.points
    .flatMap(({ multiplyFrom }) => multiplyFrom ?? [])
    .find(({ read }) => read.table === table && read.address === address);
  const [known] = Object.keys(factor?.values ?? {}).map(Number);
  return known;
}

function gauge(world: World, key: number, point: ProfilePoint): number {
  const swing = wander(world.seed, key, world.now / 30_000);
  const [middle, reach] = TYPICAL_BY_NAME[point.name] ?? TYPICAL[point.unit] ?? [1, 0];
  const value = middle + reach * swing;
  if (point.range === undefined) return value;
  const { min, max } = point.range;
  if (value >= min && value <= max) return value;
  return min + (max - min) * (0.5 + 0.1 * swing);
}

const isModbus = (point: ProfilePoint | ModbusPoint): point is ModbusPoint => "read" in point;

function textOf(profile: Profile, serial: string, { name }: ProfilePoint): string {
  const known: Readonly<Record<string, string>> = {
    serial_number: serial,
    manufacturer: profile.vendor,
    model: profile.model,
    firmware: "1.0",
  };
  return known[name] ?? name;
}

function charactersMax(point: ProfilePoint | ModbusPoint): number {
  if (!isModbus(point)) return 64;
  return (point.read.length ?? 1) * (point.read.charactersPerRegister ?? 2);
}

const isNumberOnTheWire = (point: ProfilePoint | ModbusPoint): boolean =>
  isModbus(point) && point.read.type !== "string";

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What the registers can hold, in the point's unit; everything where nothing bounds it. */
function representable(point: ProfilePoint | ModbusPoint): Bounds {
  if (!isModbus(point)) return { min: -Infinity, max: Infinity };
  const [least, most] = rawBounds(point);
  const ends = [least * point.scale + point.offset, most * point.scale + point.offset];
  return { min: Math.min(...ends), max: Math.max(...ends) };
}

function rawBounds({ read }: ModbusPoint): readonly [number, number] {
  if (read.mask !== undefined) return [0, read.mask >>> (read.shift ?? 0)];
  switch (read.type) {
    case "bit":
      return [0, 1];
    case "int16":
      return [-32_767, 32_767];
    case "uint16":
      return [0, 65_534];
    case "bcd16":
      return [0, 9_999];
    case "bcd32":
      return [0, 99_999_999];
    case "int32":
      return [-2_147_483_647, 2_147_483_647];
    case "uint32":
      return [0, 4_294_967_294];
    default:
      return [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  }
}
