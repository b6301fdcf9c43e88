/**
 * How often each poll class asks, and how long an unchanged value may stay unsaid. A connection
 * may set its own periods; these apply when it does not.
 */
import { type Duration, hours, minutes, seconds } from "../core/time.ts";
import type { PollClass } from "./profile.ts";

export const POLL_PERIODS: Readonly<Record<PollClass, Duration>> = {
  hazard: seconds(0.5),
  fast: seconds(1),
  power: seconds(1),
  energy: seconds(15),
  slow: seconds(60),
  configuration: hours(1),
};

/** Passed on at the latest after this, changed or not, when the profile says nothing else. */
export const POLL_HEARTBEATS: Readonly<Record<PollClass, Duration>> = {
  hazard: seconds(5),
  fast: seconds(60),
  power: seconds(60),
  energy: minutes(5),
  slow: minutes(10),
  configuration: hours(6),
};
