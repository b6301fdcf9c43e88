/**
 * Decides whether a sample is passed on or dropped as unchanged, and says why. Hazard points and events
 * are always passed on; the others when they changed by more than their deadband, or when their
 * heartbeat has passed. A dropped sample is counted as unchanged, never lost unseen.
 */
import type { PointKind, Sample } from "../../core/sample.ts";
import type { Duration } from "../../core/time.ts";

export interface PassOnRule {
  readonly kind: PointKind;
  readonly isHazard: boolean;
  /** Changes up to this are not passed on, in the point's unit. */
  readonly deadband: number;
  /** Passed on at the latest after this, changed or not. */
  readonly heartbeat: Duration;
}

export type PassOnReason =
  | "first"
  | "hazard"
  | "event"
  | "quality"
  | "changed"
  | "heartbeat"
  | "stepped"
  | "unchanged";

/** What of a sample counts for the decision; a source's value has no sequence yet. */
export type Candidate = Sample extends infer S
  ? S extends Sample
    ? Omit<S, "sequence">
    : never
  : never;

/** `previous` is the sample of this point that was passed on last. */
export function decidePassOn(
  rule: PassOnRule,
  previous: Candidate | undefined,
  next: Candidate,
): PassOnReason {
  if (rule.isHazard) return "hazard";
  if (rule.kind === "event") return "event";
  if (previous === undefined) return "first";
  if (!isSameQuality(previous, next)) return "quality";
  // A clock that went back would otherwise hold every heartbeat until it has caught up.
  if (next.time < previous.time) return "stepped";
  if (hasChanged(rule.deadband, previous, next)) return "changed";
  return next.time - previous.time >= rule.heartbeat ? "heartbeat" : "unchanged";
}

function isSameQuality(a: Candidate, b: Candidate): boolean {
  if (a.quality === "bad") return b.quality === "bad" && a.reason === b.reason;
  if (a.quality === "uncertain") return b.quality === "uncertain" && a.doubt === b.doubt;
  return b.quality === "good";
}

function hasChanged(deadband: number, a: Candidate, b: Candidate): boolean {
  if (a.quality === "bad" || b.quality === "bad") return false;
  if (typeof a.value === "number" && typeof b.value === "number") {
    return Math.abs(a.value - b.value) > deadband;
  }
  return a.value !== b.value;
}
