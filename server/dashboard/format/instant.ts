/** Times of the API as instants and back. The page may import only types of `core/`. */
import type { Duration, Instant } from "../../../core/time.ts";

/** Reading a time is the dearest part of judging ages; the same few thousand come again every second. */
const KNOWN_TIMES_MAX = 20_000;
const knownTimes = new Map<string, Instant>();

export function instantOf(iso: string): Instant {
  let time = knownTimes.get(iso);
  if (time === undefined) {
    time = Date.parse(iso) as Instant;
    if (knownTimes.size >= KNOWN_TIMES_MAX) knownTimes.clear();
    knownTimes.set(iso, time);
  }
  return time;
}

export const isoOf = (time: Instant): string => new Date(time).toISOString();

export const ms = (n: number): Duration => n as Duration;
export const SECOND = ms(1_000);
export const MINUTE = ms(60_000);
export const HOUR = ms(3_600_000);
export const DAY = ms(86_400_000);

export const shifted = (time: Instant, by: number): Instant => (time + by) as Instant;
export const between = (start: Instant, end: Instant): Duration => (end - start) as Duration;
