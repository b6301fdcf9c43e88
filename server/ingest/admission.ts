/**
 * Pure: which samples of a decoded batch are kept, and why the others are set aside. Samples stamped by a
 * gateway whose clock is wrong are kept with the correction, and are uncertain from then on.
 */
import type { RefusedSample } from "../../core/batch.ts";
import type { Sample } from "../../core/sample.ts";
import { type Duration, days, type Instant, instant, seconds, toIso } from "../../core/time.ts";
import type { Standing } from "./registry.ts";

/** A smaller difference is the network's, or not worth doubting the values for. */
export const CLOCK_OFFSET_MAX = seconds(30);
/** A sample further ahead is nobody's truth. */
export const AHEAD_MAX = days(1);

export interface AdmissionContext {
  readonly standing: (point: Sample["point"]) => Standing;
  readonly now: Instant;
  /** Gateway clock minus ours. */
  readonly clockOffset: Duration;
}

export interface Admission {
  readonly kept: readonly Sample[];
  readonly refused: readonly RefusedSample[];
  /** Points that no catalogue of this gateway ever named: its birth is worth asking for. */
  readonly unknown: number;
}

export function admit(samples: readonly Sample[], context: AdmissionContext): Admission {
  const kept: Sample[] = [];
  const refused: RefusedSample[] = [];
  let unknown = 0;
  for (const [index, original] of samples.entries()) {
    const sample = correct(original, context.clockOffset);
    const standing = context.standing(sample.point);
    if (standing.kind === "unknown") unknown++;
    const why = whyRefused(sample, standing, context.now);
    if (why === undefined) kept.push(sample);
    else refused.push({ index, point: sample.point, why });
  }
  return { kept, refused, unknown };
}

function correct(sample: Sample, offset: Duration): Sample {
  if (sample.timeSource === "device" || Math.abs(offset) <= CLOCK_OFFSET_MAX) return sample;
  const time = instant(Math.max(0, Math.round(sample.time - offset)));
  if (sample.quality !== "good") return { ...sample, time };
  return { ...sample, time, quality: "uncertain", doubt: "clockCorrected" };
}

function whyRefused(sample: Sample, standing: Standing, now: Instant): string | undefined {
  if (sample.time > now + AHEAD_MAX) {
    return `its time ${toIso(sample.time)} is more than a day ahead of the server`;
  }
  switch (standing.kind) {
    case "announced":
      return whyWrongType(sample, standing.point.kind);
    case "retired":
      return undefined;
    case "foreign":
      return `its point belongs to gateway "${standing.gateway}"`;
    case "unknown":
      return "its point was never announced by this gateway";
  }
}

function whyWrongType(sample: Sample, kind: string): string | undefined {
  if (sample.quality === "bad") return undefined;
  const isText = kind === "text" || kind === "event";
  if (isText === (typeof sample.value === "string")) return undefined;
  return `its value is a ${typeof sample.value}, a ${kind} has a ${isText ? "text" : "number"}`;
}
