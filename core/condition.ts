/**
 * Conditions of rules: what must hold of a point before something follows. A condition is data; the
 * machines in `condition-levels.ts` and `condition-proof.ts` are pure functions of (condition, state,
 * sample or tick). They know nothing of alarms, of rooms or of people.
 */
import type { Doubt, Sample } from "./sample.ts";
import type { Duration } from "./time.ts";

/** `atLeast`: at or beyond the limit. `below`: under the limit. `is`: the state equals the limit. */
export const LEVEL_TESTS = ["atLeast", "below", "is"] as const;
export type LevelTest = (typeof LEVEL_TESTS)[number];

export interface Level {
  readonly limit: number;
  /** How long the value must stay beyond the limit, in the time of the samples. */
  readonly onDelay: Duration;
}

/** A value against one limit or several, from the mildest to the gravest. */
export interface LevelsCondition {
  readonly kind: "levels";
  readonly test: LevelTest;
  readonly levels: readonly Level[];
  /** How far back beyond its limit a value must come before a level counts as left. */
  readonly hysteresis: number;
  /** How long it must be proven to stay there. */
  readonly offDelay: Duration;
  /** From this value on the sensor is blind above: what it says afterwards proves no recovery. */
  readonly overRange?: number;
}

/** The sensor cannot be trusted to see anything: silent, faulty, warming up, or its gateway is away. */
export interface NotProvenCondition {
  readonly kind: "notProven";
  /** After this long without a sample that proves the sensor. */
  readonly after: Duration;
}

export type Condition = LevelsCondition | NotProvenCondition;

/** What a sample may be used for. Fail towards raising: a doubtful value may raise but not calm. */
export interface Evidence {
  readonly value: number | undefined;
  readonly mayRaise: boolean;
  /** The sensor works and shows the present: only this lets a level fall and proves the sensor. */
  readonly proves: boolean;
}

const NOTHING: Evidence = { value: undefined, mayRaise: false, proves: false };

/** `retained` is of unknown age and `warmUp` is the detector's own noise: neither says anything. */
const doubtful: Readonly<Record<Doubt, Omit<Evidence, "value">>> = {
  retained: { mayRaise: false, proves: false },
  warmUp: { mayRaise: false, proves: false },
  deviceUncertain: { mayRaise: true, proves: false },
  estimated: { mayRaise: true, proves: false },
  clockCorrected: { mayRaise: true, proves: true },
};

export function evidenceOf(sample: Sample): Evidence {
  if (sample.quality === "bad" || typeof sample.value !== "number") return NOTHING;
  if (sample.quality === "good") return { value: sample.value, mayRaise: true, proves: true };
  return { value: sample.value, ...doubtful[sample.doubt] };
}

export function isBeyond(test: LevelTest, limit: number, value: number): boolean {
  if (test === "atLeast") return value >= limit;
  return test === "below" ? value < limit : value === limit;
}

/** The other side of the limit, by the hysteresis further; between the two nothing changes. */
export function isClear(condition: LevelsCondition, limit: number, value: number): boolean {
  const { test, hysteresis } = condition;
  if (test === "is") return value !== limit;
  if (hysteresis === 0) return !isBeyond(test, limit, value);
  return test === "atLeast" ? value <= limit - hysteresis : value >= limit + hysteresis;
}
