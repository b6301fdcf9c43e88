/**
 * Points the world knows nothing of, made up from what the profile says: plausible, changing, within
 * range, and what was written is kept. So any profile can be simulated without code.
 */
import type { ProfilePoint } from "../../device-profiles/profile.ts";
import { keyOf, wander } from "../world/chance.ts";
import type { World } from "../world/state.ts";
import { bare, type Observed } from "./observed.ts";

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

export function genericValue(
  world: World,
  device: string,
  serial: string,
  point: ProfilePoint,
): Observed {
  const key = keyOf(`${device}/${point.name}`);
  switch (point.kind) {
    case "text":
    case "event":
      return bare(point.name === "serial_number" ? serial : point.name);
    case "counter":
      // A rising count with its own start and pace, of the order of one a minute.
      return bare((key % 90_000) + (world.now / 60_000) * (0.4 + (key % 10) / 10) - 2e7);
    case "state":
      return bare(firstState(point));
    case "gauge":
      return bare(gauge(world, key, point));
  }
}

function firstState(point: ProfilePoint): number {
  const [first] = Object.keys(point.labels ?? {}).map(Number);
  return first ?? 0;
}

function gauge(world: World, key: number, point: ProfilePoint): number {
  const swing = wander(world.seed, key, world.now / 30_000);
  const [middle, reach] = TYPICAL[point.unit] ?? [1, 0];
  const value = middle + reach * swing;
  if (point.range === undefined) return value;
  const { min, max } = point.range;
  if (value >= min && value <= max) return value;
  return min + (max - min) * (0.5 + 0.1 * swing);
}
