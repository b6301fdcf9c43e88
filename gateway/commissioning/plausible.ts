/**
 * What a value must look like before we believe that these registers mean it, pure. A mains voltage or
 * frequency hardly ever comes out of the wrong registers by chance, a power of some watts easily does:
 * that is the weight.
 */
import type { BadReason, Value } from "../../core/sample.ts";
import type { ProfilePoint } from "../../device-profiles/profile.ts";
import type { SourceValue } from "../sources/source.ts";

export type Verdict = "plausible" | "implausible" | "silent";

interface Expected {
  readonly min: number;
  readonly max: number;
  readonly weight: number;
}

type Judged = Pick<ProfilePoint, "name" | "quantity" | "range" | "labels">;

/** Low-voltage mains of 220 to 240 V, between a conductor and neutral or two conductors. */
const PHASE_VOLTAGE: Expected = { min: 180, max: 260, weight: 3 };
const LINE_VOLTAGE: Expected = { min: 180, max: 450, weight: 3 };
const SUPPLY_VOLTAGE: Expected = { min: 2, max: 60, weight: 1 };

const BY_QUANTITY: Readonly<Record<string, Expected>> = {
  frequency: { min: 45, max: 65, weight: 3 },
  powerFactor: { min: -1, max: 1, weight: 2 },
  temperature: { min: -30, max: 90, weight: 2 },
  humidity: { min: 3, max: 100, weight: 2 },
  oxygen: { min: 15, max: 25, weight: 2 },
  co2: { min: 300, max: 5_000, weight: 2 },
  soundLevel: { min: 20, max: 120, weight: 2 },
};
/** Anything measured: what is smaller or larger comes from the wrong registers. */
const ANY_SIZE = { min: 1e-4, max: 1e9 };

/** Reasons that say nothing about the registers. */
const SAYS_NOTHING: ReadonlySet<BadReason> = new Set([
  "sentinel",
  "gated",
  "setAside",
  "deviceBad",
  "notImplemented",
]);

export function weightOf(point: Judged): number {
  return expectedOf(point)?.weight ?? 1;
}

function expectedOf({ name, quantity, range }: Judged): Expected | undefined {
  if (quantity !== "voltage") {
    const known = BY_QUANTITY[quantity];
    return known ?? (range === undefined ? undefined : { ...range, weight: 1 });
  }
  if (/supply|battery/.test(name)) return SUPPLY_VOLTAGE;
  return /_l\d_l\d|_ll/.test(name) ? LINE_VOLTAGE : PHASE_VOLTAGE;
}

/** Zero is what unused registers hold: it speaks neither for nor against. */
export function judge(point: Judged, sample: SourceValue | undefined): Verdict {
  if (sample === undefined) return "silent";
  if (sample.quality !== "bad") return judgeValue(point, sample.value);
  return SAYS_NOTHING.has(sample.reason) ? "silent" : "implausible";
}

function judgeValue(point: Judged, value: Value): Verdict {
  if (value === 0 || value === "") return "silent";
  if (typeof value === "string") return /^[\x20-\x7e]+$/.test(value) ? "plausible" : "implausible";
  if (point.labels !== undefined) {
    return point.labels[String(value)] === undefined ? "implausible" : "plausible";
  }
  const expected = expectedOf(point);
  const { min, max } = expected ?? ANY_SIZE;
  const compared = expected === undefined ? Math.abs(value) : value;
  return compared >= min && compared <= max ? "plausible" : "implausible";
}
