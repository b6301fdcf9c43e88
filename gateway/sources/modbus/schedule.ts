/**
 * What to do next on one line, pure. Jobs fall due at fixed beats that never drift; among those
 * due, hazard goes before timed before background, and whatever has waited too long is timed. A
 * device that does not answer has one job left, its probe, at growing distances; nobody ever sleeps
 * on the line.
 */
import {
  type Duration,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../../core/time.ts";

export const URGENCIES = ["hazard", "timed", "background"] as const;
export type Urgency = (typeof URGENCIES)[number];

/** A background job that has waited this long is as urgent as a timed one. */
const BACKGROUND_LAG_MAX = seconds(1);

/** A device is lost only after both: this long without an answer, and this many failures. */
export const LOST_AFTER = seconds(3);
export const LOST_FAILURES = 2;
/** Distance of probes: doubles from the first to the last. */
export const PROBE_FIRST = milliseconds(500);
export const PROBE_MAX = seconds(10);
/** Until it is known whether the device is lost. */
const DOUBT_MAX = seconds(1);
/**
 * A probe may cost at most this share of a shared line, all silent devices together five times
 * that.
 */
const PROBE_SHARE_MAX = 0.05;
const PROBES_SHARE_MAX = 0.25;

export interface Job {
  readonly key: string;
  readonly device: number;
  readonly urgency: Urgency;
  readonly period: Duration;
  readonly due: Monotonic;
}

export interface Health {
  /** Failed transactions since the last answer. */
  readonly failures: number;
  readonly failingSince: Monotonic | undefined;
  readonly isLost: boolean;
  /** When the next probe may start. */
  readonly probeAt: Monotonic;
  /** The job that failed and is tried again. */
  readonly probeKey: string | undefined;
  /** The device wants a pause until then. */
  readonly notBefore: Monotonic;
}

export const HEALTHY: Health = {
  failures: 0,
  failingSince: undefined,
  isLost: false,
  probeAt: monotonic(0),
  probeKey: undefined,
  notBefore: monotonic(0),
};

export interface ScheduleState {
  readonly jobs: readonly Job[];
  readonly health: readonly Health[];
  /** No probe of any device before this; bounds what all silent devices cost together. */
  readonly probesNotBefore: Monotonic;
}

export type Action =
  | { readonly kind: "poll"; readonly job: Job; readonly isProbe: boolean; readonly lag: Duration }
  | { readonly kind: "wait"; readonly until: Monotonic | undefined };

interface Candidate {
  readonly job: Job;
  /**
   * When it fell due; a pause the device wants moves `readyAt` only, so that nobody is starved by
   * it.
   */
  readonly due: number;
  readonly readyAt: number;
  readonly isProbe: boolean;
}

export function nextAction(state: ScheduleState, now: Monotonic): Action {
  let best: Candidate | undefined;
  let soonest: number | undefined;
  for (const candidate of candidates(state)) {
    if (candidate.readyAt > now) {
      soonest = Math.min(soonest ?? candidate.readyAt, candidate.readyAt);
    } else if (best === undefined || goesBefore(candidate, best, now)) {
      best = candidate;
    }
  }
  if (best !== undefined) {
    const lag = milliseconds(now - best.due);
    return { kind: "poll", job: best.job, isProbe: best.isProbe, lag };
  }
  return { kind: "wait", until: soonest === undefined ? undefined : monotonic(soonest) };
}

function* candidates(state: ScheduleState): Generator<Candidate> {
  const probed = new Set<number>();
  for (const job of state.jobs) {
    const health = state.health[job.device] ?? HEALTHY;
    if (health.failures === 0) {
      const readyAt = Math.max(job.due, health.notBefore);
      yield { job, due: job.due, readyAt, isProbe: false };
      continue;
    }
    if (probed.has(job.device)) continue;
    probed.add(job.device);
    const again = state.jobs.find((j) => j.device === job.device && j.key === health.probeKey);
    const readyAt = Math.max(health.probeAt, health.notBefore, state.probesNotBefore);
    yield { job: again ?? job, due: readyAt, readyAt, isProbe: true };
  }
}

function goesBefore(a: Candidate, b: Candidate, now: Monotonic): boolean {
  const difference = rankOf(a, now) - rankOf(b, now);
  return difference === 0 ? a.due < b.due : difference < 0;
}

/** Probes go with the timed jobs: a dead hazard sensor must not hold up living ones. */
function rankOf(candidate: Candidate, now: Monotonic): number {
  if (candidate.isProbe) return 1;
  const { urgency } = candidate.job;
  if (urgency === "hazard") return 0;
  if (urgency === "background") return now - candidate.due > BACKGROUND_LAG_MAX ? 1 : 2;
  return 1;
}

/**
 * The next beat after now; beats that passed meanwhile are missed, never made up for in a burst.
 */
export function nextDue(
  job: Job,
  now: Monotonic,
): { readonly due: Monotonic; readonly missed: number } {
  if (job.period <= 0) return { due: monotonic(Number.POSITIVE_INFINITY), missed: 0 };
  const passed = Math.max(0, Math.floor((now - job.due) / job.period));
  return { due: monotonic(job.due + (passed + 1) * job.period), missed: passed };
}

/** Spreads first beats over the period by the golden ratio, so that no two ever bunch. */
export function firstDue(now: Monotonic, period: Duration, place: number): Monotonic {
  const share = (place * 0.618_033_988_749_895) % 1;
  return monotonic(now + Math.floor(share * Math.min(period, seconds(10))));
}

export function afterAnswer(health: Health, now: Monotonic, pauseBetween: Duration): Health {
  return { ...HEALTHY, notBefore: monotonic(Math.max(health.notBefore, now + pauseBetween)) };
}

export interface Failure {
  /** The job to try again; the device's first where there is none. */
  readonly key: string | undefined;
  /** How long the line was held by it. */
  readonly took: Duration;
  readonly pauseBetween: Duration;
  /** Several devices hang on the line, so what a silent one costs matters. */
  readonly isShared: boolean;
}

export function afterFailure(health: Health, now: Monotonic, failure: Failure): Health {
  const failures = health.failures + 1;
  const failingSince = health.failingSince ?? monotonic(now - failure.took);
  const isLost = health.isLost || (failures >= LOST_FAILURES && now - failingSince >= LOST_AFTER);
  const doubled = Math.min(
    PROBE_FIRST * 2 ** Math.min(failures - 1, 10),
    isLost ? PROBE_MAX : DOUBT_MAX,
  );
  const fair =
    isLost && failure.isShared && doubled >= PROBE_MAX ? failure.took / PROBE_SHARE_MAX : 0;
  return {
    failures,
    failingSince,
    isLost,
    probeAt: monotonic(now + Math.max(doubled, fair)),
    probeKey: health.probeKey ?? failure.key,
    notBefore: monotonic(now + failure.pauseBetween),
  };
}

/** When the line may be used for a probe again, after one that took so long and was in vain. */
export function probesNotBefore(now: Monotonic, failure: Failure): Monotonic {
  if (!failure.isShared) return now;
  return monotonic(now + failure.took * (1 / PROBES_SHARE_MAX - 1));
}
