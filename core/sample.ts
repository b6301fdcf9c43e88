/**
 * A sample: one value of one point at one time, or the reason why there is none. Its identity is
 * (point, time, sequence); it never changes after the source has made it.
 */
import type { PointId } from "./ids.ts";
import type { Instant } from "./time.ts";

export const POINT_KINDS = ["counter", "gauge", "state", "text", "event"] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** Counters, gauges and states are finite numbers (a state's meaning is in the catalogue's labels);
 * texts and events are strings. */
export type Value = number | string;

/** Longer texts are cut by nobody: the sample is refused with `tooLarge`. */
export const TEXT_VALUE_CHARACTERS_MAX = 4_096;

/** Why a sample has no value. The order is the code on disk and on the wire: only append. */
export const BAD_REASONS = [
  "timeout",
  "connectionLost",
  "exception",
  "badFrame",
  "notImplemented",
  "sentinel",
  "outOfRange",
  "sensorFault",
  "deviceOffline",
  "deviceBad",
  "badPayload",
  "typeMismatch",
  "tooLarge",
  "gated",
  "setAside",
] as const;
export type BadReason = (typeof BAD_REASONS)[number];

/** Why a value is not to be relied on. The order is the code on disk and on the wire: only append. */
export const DOUBTS = [
  "retained",
  "deviceUncertain",
  "clockCorrected",
  "estimated",
  "warmUp",
] as const;
export type Doubt = (typeof DOUBTS)[number];

/** Whose clock stamped the sample: the device's own, or the gateway's at the read or arrival. */
export type TimeSource = "device" | "gateway";

interface Stamped {
  readonly point: PointId;
  readonly time: Instant;
  /** Tells samples of one point at one millisecond apart; 0 for the first. */
  readonly sequence: number;
  readonly timeSource: TimeSource;
}

export interface GoodSample extends Stamped {
  readonly quality: "good";
  readonly value: Value;
}

export interface UncertainSample extends Stamped {
  readonly quality: "uncertain";
  readonly value: Value;
  readonly doubt: Doubt;
}

export interface BadSample extends Stamped {
  readonly quality: "bad";
  readonly reason: BadReason;
  /** For people: "exception 2 (illegal data address)". */
  readonly detail?: string;
}

export type Sample = GoodSample | UncertainSample | BadSample;
export type Quality = Sample["quality"];

export const hasValue = (sample: Sample): sample is GoodSample | UncertainSample =>
  sample.quality !== "bad";

/** The value as a number, or undefined for bad samples and texts. */
export const numberOf = (sample: Sample): number | undefined =>
  sample.quality !== "bad" && typeof sample.value === "number" ? sample.value : undefined;
