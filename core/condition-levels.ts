/**
 * The machine of a value against its limits. Durations are those of the samples' own times, so that a
 * slow network or a restart changes nothing. Rising may be completed by a tick (the last known value was
 * beyond the limit); falling never is: only samples prove a return, so a sensor that falls silent
 * resolves nothing. A sensor once over range stays raised until a person releases it.
 */
import { type Evidence, evidenceOf, isBeyond, isClear, type LevelsCondition } from "./condition.ts";
import type { Sample } from "./sample.ts";
import { type Instant, instant, later, milliseconds, minutes } from "./time.ts";

/** One limit: raised or not, and since when the value has been on the other side of it. */
interface Comparator {
  readonly raised: boolean;
  readonly turning?: Instant;
}

export interface LevelsState {
  /** The newest sample taken into account. */
  readonly time: Instant;
  readonly sequence: number;
  /** When we heard it, by a clock that never steps; ticks measure from here. */
  readonly heardAt: Instant;
  readonly value?: number;
  readonly comparators: readonly Comparator[];
  /** When the present raise began: the time of its first sample, part of an alarm's identity. */
  readonly began?: Instant;
  readonly overRange: boolean;
  /** Over range, and the value has come back below every limit since. */
  readonly fellBack: boolean;
  /** When it was last raised, newest last; enough of them to tell chatter. */
  readonly raises: readonly Instant[];
  /** Raised too often of late: it returns only after a longer quiet, and counts instead of telling. */
  readonly chatter?: { readonly flaps: number };
}

/** So many raises within the window are chatter (ISA-18.2 counts three in a minute). */
export const CHATTER_RAISES = 3;
export const CHATTER_WINDOW = minutes(1);
/** A chattering alarm returns after this much proven quiet. */
export const CHATTER_QUIET = minutes(1);

export type LevelsTransition =
  | {
      readonly kind: "raised" | "levelRose" | "levelFell" | "foundLate";
      /** 1 for the mildest. */
      readonly level: number;
      readonly at: Instant;
      readonly began: Instant;
      readonly value?: number;
    }
  | {
      readonly kind: "returned";
      readonly at: Instant;
      readonly began: Instant;
      readonly value?: number;
      /** How often it was about to return while it chattered. */
      readonly flaps?: number;
    }
  | {
      readonly kind: "overRange" | "fellBack";
      readonly at: Instant;
      readonly began: Instant;
      readonly value?: number;
    };

export interface LevelsStep {
  readonly state: LevelsState;
  readonly transitions: readonly LevelsTransition[];
}

const NONE: readonly LevelsTransition[] = [];
const NEVER = instant(-1);
const OFF: Comparator = { raised: false };

export const quietLevels = (condition: LevelsCondition): LevelsState => ({
  time: NEVER,
  sequence: 0,
  heardAt: NEVER,
  comparators: condition.levels.map(() => OFF),
  overRange: false,
  fellBack: false,
  raises: [],
});

/** Nothing raised and nothing on its way: a state that need not be kept. */
export const isQuiet = (state: LevelsState): boolean =>
  !state.overRange && state.comparators.every((c) => !c.raised && c.turning === undefined);

/** 0 when nothing is raised, else the gravest raised level, counted from 1. */
export const levelOf = (state: LevelsState): number =>
  state.comparators.findLastIndex((c) => c.raised) + 1;

/** True when the state already knows a sample of this time or later. */
export const isOlder = (state: LevelsState, sample: Sample): boolean =>
  sample.time < state.time || (sample.time === state.time && sample.sequence <= state.sequence);

/** Takes a sample that is newer than all before; `isOlder` ones belong elsewhere. */
export function levelsAfterSample(
  condition: LevelsCondition,
  state: LevelsState,
  input: { readonly sample: Sample; readonly heardAt: Instant },
): LevelsStep {
  const { sample, heardAt } = input;
  const evidence = evidenceOf(sample);
  const seen = { time: sample.time, sequence: sample.sequence, heardAt };
  if (isCalm(condition, evidence) && isQuiet(state)) {
    return { state: { ...state, ...seen, value: evidence.value }, transitions: NONE };
  }
  const passed = levelsAfterHolding(condition, state, sample.time);
  const next = { ...judged(condition, passed.state, { sample, evidence }), ...seen };
  const step = finish({ before: passed.state, next, at: sample.time });
  if (passed.transitions.length === 0) return step;
  return { state: step.state, transitions: [...passed.transitions, ...step.transitions] };
}

/** The common case, decided without a look at the comparators. */
function isCalm(
  condition: LevelsCondition,
  evidence: Evidence,
): evidence is Evidence & { readonly value: number } {
  const { value, proves } = evidence;
  if (!proves || value === undefined || isBlind(condition, value)) return false;
  if (condition.test === "is") return !condition.levels.some((l) => l.limit === value);
  const mildest = condition.levels[0];
  return mildest !== undefined && !isBeyond(condition.test, mildest.limit, value);
}

function judged(
  condition: LevelsCondition,
  state: LevelsState,
  input: { readonly sample: Sample; readonly evidence: Evidence },
): LevelsState {
  const { sample, evidence } = input;
  const { value, mayRaise, proves } = evidence;
  const shown = mayRaise && value !== undefined ? { value } : {};
  if (isOverRange(condition, state, input)) {
    const comparators = state.comparators.map(() => ({ raised: true }));
    return { ...state, ...shown, comparators, overRange: true, fellBack: false };
  }
  const { time } = sample;
  const latched = state.overRange;
  const offDelay = Math.max(condition.offDelay, state.chatter === undefined ? 0 : CHATTER_QUIET);
  const comparators = state.comparators.map((c, i) =>
    turn(condition, i, c, { evidence, time, latched, offDelay }),
  );
  const fellBack =
    latched && proves && value !== undefined
      ? condition.levels.every((l) => isClear(condition, l.limit, value))
      : state.fellBack;
  return { ...state, ...shown, ...chatterAfter(state, comparators), comparators, fellBack };
}

/** Counts the returns that were begun and broken off. */
function chatterAfter(
  { chatter, comparators: before }: LevelsState,
  after: readonly Comparator[],
): Pick<LevelsState, "chatter"> {
  if (chatter === undefined) return {};
  const isBroken = before[0]?.turning !== undefined && after[0]?.turning === undefined;
  return isBroken && after[0]?.raised ? { chatter: { flaps: chatter.flaps + 1 } } : { chatter };
}

/** Lets time pass without a sample: only a pending raise can be completed. */
export function levelsAfterTick(
  condition: LevelsCondition,
  state: LevelsState,
  now: Instant,
): LevelsStep {
  if (isQuiet(state)) return { state, transitions: NONE };
  const elapsed = milliseconds(Math.max(0, now - state.heardAt));
  return levelsAfterHolding(condition, state, later(state.time, elapsed));
}

/** A person has seen to the sensor: the latch opens and the next sample is judged afresh. */
export const released = (condition: LevelsCondition, state: LevelsState): LevelsState => ({
  ...quietLevels(condition),
  time: state.time,
  sequence: state.sequence,
  heardAt: state.heardAt,
});

/** What a state must have been for an alarm of this level to be there; proven samples let it fall. */
export const raisedLevels = (
  condition: LevelsCondition,
  raise: { readonly level: number; readonly began: Instant; readonly overRange: boolean },
): LevelsState => ({
  ...quietLevels(condition),
  comparators: condition.levels.map((_, i) => (i < raise.level ? { raised: true } : OFF)),
  began: raise.began,
  overRange: raise.overRange,
});

/** Equal in everything that must survive a restart. */
export const isSameCourse = (a: LevelsState, b: LevelsState): boolean =>
  a.overRange === b.overRange &&
  a.fellBack === b.fellBack &&
  (a.chatter === undefined) === (b.chatter === undefined) &&
  a.began === b.began &&
  (a.comparators === b.comparators ||
    a.comparators.every((comparator, i) => {
      const other = b.comparators[i];
      return comparator.raised === other?.raised && comparator.turning === other.turning;
    }));

/** Completes raises whose delay ended by `until` while the last value was held. */
function levelsAfterHolding(
  condition: LevelsCondition,
  state: LevelsState,
  until: Instant,
): LevelsStep {
  let at: number | undefined;
  const comparators = state.comparators.map((comparator, i) => {
    const { raised, turning } = comparator;
    const onDelay = condition.levels[i]?.onDelay ?? 0;
    if (raised || turning === undefined || until - turning < onDelay) return comparator;
    at = Math.max(at ?? 0, turning + onDelay);
    return { raised: true };
  });
  if (at === undefined) return { state, transitions: NONE };
  return finish({ before: state, next: { ...state, comparators }, at: instant(at) });
}

function turn(
  condition: LevelsCondition,
  index: number,
  comparator: Comparator,
  input: {
    readonly evidence: Evidence;
    readonly time: Instant;
    readonly latched: boolean;
    readonly offDelay: number;
  },
): Comparator {
  const { evidence, time, latched, offDelay } = input;
  const level = condition.levels[index];
  if (level === undefined) return comparator;
  const { value, mayRaise, proves } = evidence;
  const turning = comparator.turning ?? time;
  if (comparator.raised) {
    if (latched || !proves || value === undefined) return { raised: true };
    if (!isClear(condition, level.limit, value)) return { raised: true };
    return time - turning >= offDelay ? OFF : { raised: true, turning };
  }
  if (mayRaise && value !== undefined && isBeyond(condition.test, level.limit, value)) {
    return time - turning >= level.onDelay ? { raised: true } : { raised: false, turning };
  }
  return proves ? OFF : comparator;
}

const isBlind = (condition: LevelsCondition, value: number): boolean =>
  condition.overRange !== undefined && value >= condition.overRange;

/** A sample refused as out of range counts when the value was on its way up already. */
function isOverRange(
  condition: LevelsCondition,
  state: LevelsState,
  input: { readonly sample: Sample; readonly evidence: Evidence },
): boolean {
  const { sample, evidence } = input;
  if (evidence.value !== undefined) return evidence.mayRaise && isBlind(condition, evidence.value);
  const refused = sample.quality === "bad" && sample.reason === "outOfRange";
  return refused && condition.overRange !== undefined && !isQuiet(state);
}

/** Compares before and after, and says what became of it. */
function finish(step: {
  readonly before: LevelsState;
  readonly next: LevelsState;
  readonly at: Instant;
}): LevelsStep {
  const { before, at } = step;
  const from = levelOf(before);
  const to = levelOf(step.next);
  const began = step.next.began ?? earliestPending(before) ?? at;
  const state = courseAfter(step.next, { from, to, at, began });
  const shown = state.value === undefined ? {} : { value: state.value };
  const transitions: LevelsTransition[] = [];
  if (to === 0 && from > 0) {
    const flaps = step.next.chatter?.flaps ?? 0;
    transitions.push({ kind: "returned", at, began, ...shown, ...(flaps > 0 ? { flaps } : {}) });
  } else if (to !== from) {
    const kind = from === 0 ? "raised" : to > from ? "levelRose" : "levelFell";
    transitions.push({ kind, level: to, at, began, ...shown });
  }
  if (state.overRange && !before.overRange) {
    transitions.push({ kind: "overRange", at, began, ...shown });
  }
  if (state.fellBack && !before.fellBack) {
    transitions.push({ kind: "fellBack", at, began, ...shown });
  }
  return { state, transitions: transitions.length === 0 ? NONE : transitions };
}

function courseAfter(
  next: LevelsState,
  change: {
    readonly from: number;
    readonly to: number;
    readonly at: Instant;
    readonly began: Instant;
  },
): LevelsState {
  const { from, to, at, began } = change;
  if (to === 0) {
    const { began: _, chatter: _chatter, ...calm } = next;
    return next.chatter === undefined ? calm : { ...calm, raises: [] };
  }
  if (from > 0) return { ...next, began };
  const raises = [...next.raises, at].slice(-CHATTER_RAISES);
  const first = raises[0] ?? at;
  const isChatter = raises.length === CHATTER_RAISES && at - first <= CHATTER_WINDOW;
  return { ...next, began, raises, ...(isChatter ? { chatter: { flaps: 0 } } : {}) };
}

function earliestPending(state: LevelsState): Instant | undefined {
  const times = state.comparators.flatMap((c) => (c.raised ? [] : (c.turning ?? [])));
  return times.length === 0 ? undefined : instant(Math.min(...times));
}
