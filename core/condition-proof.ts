/**
 * The machine that asks whether a sensor can be trusted to see anything. Only silence can be noticed
 * here, so it runs on the time at which we heard, by a clock that never steps. A sensor that names its
 * own fault is unproven at once; everything else after the condition's delay.
 */
import { evidenceOf, type NotProvenCondition } from "./condition.ts";
import type { BadReason, Doubt, Sample } from "./sample.ts";
import { type Duration, type Instant, instant, milliseconds } from "./time.ts";

export type ProofLoss = BadReason | Doubt | "silent" | "gatewayOffline";

export interface ProofState {
  /** When we last heard something that proves the sensor, or began to listen. */
  readonly provenAt: Instant;
  /** Time of the last proving sample; part of an alarm's identity. */
  readonly lastTime: Instant;
  /** Why the newest sample proved nothing; undefined while it did. */
  readonly loss?: ProofLoss;
  readonly lost: boolean;
}

export interface ProofTransition {
  readonly kind: "lost" | "proven";
  readonly at: Instant;
  /** Last sample that proved the sensor before it was lost. */
  readonly began: Instant;
  readonly reason: ProofLoss | "sample";
}

export interface ProofStep {
  readonly state: ProofState;
  readonly transition?: ProofTransition;
}

/** These the sensor says of itself: waiting would only hide them. */
const AT_ONCE: ReadonlySet<ProofLoss> = new Set<ProofLoss>(["sensorFault"]);

export const listeningSince = (now: Instant): ProofState => ({
  provenAt: now,
  lastTime: instant(0),
  lost: false,
});

/** Never shorter than the point itself promises to speak. */
export const silenceOf = (condition: NotProvenCondition, expectEvery: Duration): Duration =>
  milliseconds(Math.max(condition.after, expectEvery));

export function proofAfterSample(
  state: ProofState,
  input: { readonly sample: Sample; readonly heardAt: Instant },
): ProofStep {
  const { sample, heardAt } = input;
  if (evidenceOf(sample).proves || isProvenText(sample)) {
    const proven: ProofState = { provenAt: heardAt, lastTime: sample.time, lost: false };
    if (!state.lost) return { state: proven };
    const began = state.lastTime;
    return {
      state: proven,
      transition: { kind: "proven", at: sample.time, began, reason: "sample" },
    };
  }
  const loss = lossOf(sample);
  const next = loss === undefined ? state : { ...state, loss };
  if (loss === undefined || state.lost || !AT_ONCE.has(loss)) return { state: next };
  const transition: ProofTransition = {
    kind: "lost",
    at: sample.time,
    began: state.lastTime,
    reason: loss,
  };
  return { state: { ...next, lost: true }, transition };
}

export function proofAfterTick(
  state: ProofState,
  input: { readonly now: Instant; readonly silence: Duration; readonly gatewayOnline: boolean },
): ProofStep {
  const { now, silence, gatewayOnline } = input;
  if (state.lost || now - state.provenAt < silence) return { state };
  const reason = gatewayOnline ? (state.loss ?? "silent") : "gatewayOffline";
  const transition: ProofTransition = { kind: "lost", at: now, began: state.lastTime, reason };
  return { state: { ...state, lost: true }, transition };
}

const isProvenText = (sample: Sample): boolean =>
  sample.quality === "good" && typeof sample.value === "string";

function lossOf(sample: Sample): ProofLoss | undefined {
  if (sample.quality === "bad") return sample.reason;
  return sample.quality === "uncertain" ? sample.doubt : undefined;
}
