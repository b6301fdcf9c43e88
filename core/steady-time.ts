/**
 * Wall time that never steps: the wall clock as it was at the start, moved on by the monotonic one. For
 * durations between events that must survive a set clock, and in whole milliseconds like every instant.
 */
import type { Clock } from "./clock.ts";
import { elapsed, type Instant, later, milliseconds } from "./time.ts";

export function steadyTime(clock: Clock): () => Instant {
  const startedAt = clock.now();
  const started = clock.monotonic();
  return () => later(startedAt, milliseconds(Math.floor(elapsed(started, clock.monotonic()))));
}
