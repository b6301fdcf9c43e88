/** Whether a device's word on the time can be believed; pure, for every protocol that carries one. */
import type { Doubt, TimeSource } from "../../core/sample.ts";
import { type Instant, instant, seconds } from "../../core/time.ts";

/** A device that claims to be further ahead than this has a wrong clock. */
export const CLOCK_AHEAD_MAX = seconds(60);
/** A device that claims to live before this has not been told the time since it was switched on. */
export const CLOCK_EARLIEST = instant(Date.UTC(2020, 0, 1));

export interface SampleTime {
  readonly time: Instant;
  readonly timeSource: TimeSource;
  /** Its clock said something impossible and was overruled. */
  readonly doubt?: Doubt;
}

export const atArrival = (arrival: Instant): SampleTime => ({
  time: arrival,
  timeSource: "gateway",
});

export function believe(claimed: Instant | undefined, arrival: Instant): SampleTime {
  const isPossible =
    claimed !== undefined && claimed >= CLOCK_EARLIEST && claimed <= arrival + CLOCK_AHEAD_MAX;
  if (isPossible) return { time: claimed, timeSource: "device" };
  return { ...atArrival(arrival), doubt: "clockCorrected" };
}
