/**
 * How long something lasted or how old it is, in the one unit that a person would use: 23 s, 14 min, 3 h,
 * 2 d. Codes and a number; the texts are in `texts/`.
 */
import type { Duration } from "../../../core/time.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./instant.ts";

export type DurationUnit = "seconds" | "minutes" | "hours" | "days";

export interface Rounded {
  readonly unit: DurationUnit;
  readonly count: number;
}

/** Rounded down: nothing is called older than it is. A clock that runs ahead gives 0 seconds. */
export function roundDuration(duration: Duration): Rounded {
  const rest = Math.max(0, duration);
  if (rest < MINUTE) return { unit: "seconds", count: Math.floor(rest / SECOND) };
  if (rest < HOUR) return { unit: "minutes", count: Math.floor(rest / MINUTE) };
  if (rest < 2 * DAY) return { unit: "hours", count: Math.floor(rest / HOUR) };
  return { unit: "days", count: Math.floor(rest / DAY) };
}
