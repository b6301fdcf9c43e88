/** The last minutes of one point, short enough to be kept for every hazard point, and what they say. */
import type { Duration, Instant } from "../../../core/time.ts";
import { between, MINUTE, ms } from "../format/instant.ts";

export interface TrailStep {
  readonly time: Instant;
  readonly value: number;
}
export type Trail = readonly TrailStep[];

export const TRAIL_STEPS_MAX = 64;
const TRAIL_SPAN = ms(5 * MINUTE);
/** A shorter look back says nothing about where a value is going. */
const TREND_SPAN_MIN = ms(20_000);
const TREND_SPAN_MAX = ms(2 * MINUTE);

/** Late steps are left out: a trail only grows forward. */
export function extendTrail(trail: Trail, step: TrailStep): Trail {
  const last = trail.at(-1);
  if (last && step.time <= last.time) return trail;
  const kept = trail.filter((old) => between(old.time, step.time) <= TRAIL_SPAN);
  return [...kept.slice(-(TRAIL_STEPS_MAX - 1)), step];
}

export interface Trend {
  readonly change: number;
  readonly over: Duration;
}

/** The change over up to two minutes, or nothing when the trail is too short to tell. */
export function trendOf(trail: Trail): Trend | undefined {
  const last = trail.at(-1);
  if (!last) return undefined;
  const first = trail.find((step) => between(step.time, last.time) <= TREND_SPAN_MAX);
  if (!first) return undefined;
  const over = between(first.time, last.time);
  return over < TREND_SPAN_MIN ? undefined : { change: last.value - first.value, over };
}
