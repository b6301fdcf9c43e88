/**
 * Which of the samples of a point are news. Samples on the live lanes that are newer than all before
 * drive the live state. Back-filled ones, and stragglers that a device kept, happened in the past: they
 * drive a second state whose raises are only found late. A clock that was set back would make a stranger
 * of every further sample; a run of them that advances no faster than real time becomes the new baseline.
 */
import type { LevelsCondition } from "./condition.ts";
import {
  isOlder,
  isQuiet,
  type LevelsState,
  type LevelsTransition,
  levelOf,
  levelsAfterSample,
  levelsAfterTick,
  quietLevels,
} from "./condition-levels.ts";
import type { Sample } from "./sample.ts";
import { type Instant, minutes } from "./time.ts";

/** Older samples on a live lane, one after the other, before their clock is believed. */
const REBASE_SAMPLES = 3;
/** A history that arrives in one go advances faster than this many times real time. */
const REBASE_SPEED_MAX = 2;
/** Late samples further apart than this do not belong to one finding. */
const LATE_GAP_MAX = minutes(10);

interface OlderRun {
  readonly count: number;
  readonly firstTime: Instant;
  readonly firstHeardAt: Instant;
  readonly lastTime: Instant;
}

export interface LevelsWatch {
  readonly live: LevelsState;
  readonly late: LevelsState;
  readonly older?: OlderRun;
}

export interface WatchStep {
  readonly watch: LevelsWatch;
  readonly transitions: readonly LevelsTransition[];
}

export interface WatchInput {
  readonly sample: Sample;
  readonly heardAt: Instant;
  /** It came on the back-fill lane. */
  readonly late: boolean;
}

const NONE: readonly LevelsTransition[] = [];

export const quietWatch = (condition: LevelsCondition): LevelsWatch => ({
  live: quietLevels(condition),
  late: quietLevels(condition),
});

export const isQuietWatch = (watch: LevelsWatch): boolean =>
  isQuiet(watch.live) && isQuiet(watch.late);

export function watchSample(
  condition: LevelsCondition,
  watch: LevelsWatch,
  input: WatchInput,
): WatchStep {
  if (input.late) return foundLate(condition, watch, input);
  if (!isOlder(watch.live, input.sample)) {
    const step = levelsAfterSample(condition, watch.live, input);
    return {
      watch: { live: step.state, late: watch.late },
      transitions: step.transitions,
    };
  }
  if (input.sample.time === watch.live.time) return { watch, transitions: NONE };
  const older = olderAfter(watch.older, input);
  if (older.count < REBASE_SAMPLES) return foundLate(condition, { ...watch, older }, input);
  const { time, sequence } = input.sample;
  // What was pending by the wrong clock begins anew; what is raised stays raised.
  const comparators = watch.live.comparators.map(({ raised }) => ({ raised }));
  const live = { ...watch.live, comparators, time: (time - 1) as Instant, sequence };
  const step = levelsAfterSample(condition, live, input);
  return { watch: { live: step.state, late: watch.late }, transitions: step.transitions };
}

export function watchTick(condition: LevelsCondition, watch: LevelsWatch, now: Instant): WatchStep {
  const step = levelsAfterTick(condition, watch.live, now);
  if (step.state === watch.live) return { watch, transitions: NONE };
  return { watch: { ...watch, live: step.state }, transitions: step.transitions };
}

function olderAfter(run: OlderRun | undefined, { sample, heardAt }: WatchInput): OlderRun {
  const fresh: OlderRun = {
    count: 1,
    firstTime: sample.time,
    firstHeardAt: heardAt,
    lastTime: sample.time,
  };
  if (run === undefined || sample.time <= run.lastTime) return fresh;
  const advanced = sample.time - run.firstTime;
  if (advanced > (heardAt - run.firstHeardAt) * REBASE_SPEED_MAX) return fresh;
  return { ...run, count: run.count + 1, lastTime: sample.time };
}

function foundLate(condition: LevelsCondition, watch: LevelsWatch, input: WatchInput): WatchStep {
  const { sample } = input;
  if (isOlder(watch.late, sample)) return { watch, transitions: NONE };
  const gap = sample.time - watch.late.time;
  const late = gap > LATE_GAP_MAX ? quietLevels(condition) : watch.late;
  const step = levelsAfterSample(condition, late, input);
  const next = { ...watch, late: step.state };
  if (step.transitions.length === 0) return { watch: next, transitions: NONE };
  return { watch: next, transitions: step.transitions.flatMap((t) => lateOf(watch.live, t)) };
}

/** A raise found late, unless it lies within one that is known: the live one that began before it. */
function lateOf(live: LevelsState, transition: LevelsTransition): readonly LevelsTransition[] {
  if (transition.kind !== "raised" && transition.kind !== "levelRose") return [];
  const { began } = live;
  if (began !== undefined && began <= transition.began && levelOf(live) >= transition.level) {
    return [];
  }
  return [{ ...transition, kind: "foundLate" }];
}
