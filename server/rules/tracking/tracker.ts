/**
 * One rule on one point: the condition in the point's own unit, and its state. Pure but for the state it
 * carries; the engine decides when anything of it becomes durable.
 */

import { derive, emptyWindow, type WindowState } from "../../../core/condition-derived.ts";
import {
  isSameCourse,
  type LevelsTransition,
  levelOf,
  raisedLevels,
  released,
} from "../../../core/condition-levels.ts";
import type { ProofState, ProofTransition } from "../../../core/condition-proof.ts";
import {
  listeningSince,
  proofAfterSample,
  proofAfterTick,
  silenceOf,
} from "../../../core/condition-proof.ts";
import {
  isQuietWatch,
  type LevelsWatch,
  quietWatch,
  type WatchInput,
  watchSample,
  watchTick,
} from "../../../core/condition-watch.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import { convert, type UnitCode } from "../../../core/quantity.ts";
import type { Duration, Instant } from "../../../core/time.ts";
import type { Alarm } from "../../alarms/alarm.ts";
import type { AlarmPriority } from "../../api/contract.ts";
import type { PlantPoint } from "../../plant.ts";
import type { AlarmRule, PriorityLevelsCondition, PriorityNotProvenCondition } from "../rule.ts";

export type TrackerTransition =
  | { readonly of: "levels"; readonly transition: LevelsTransition }
  | { readonly of: "notProven"; readonly transition: ProofTransition };

/** A state worth keeping over a restart. */
export type SavedState = { readonly watch: LevelsWatch } | { readonly proof: ProofState };

export interface TickInput {
  readonly now: Instant;
  readonly gatewayOnline: boolean;
}

export interface Tracker {
  readonly rule: AlarmRule;
  readonly point: PlantPoint;
  /** Since the last `save` something changed that must survive a restart. */
  readonly isDirty: boolean;
  /** Priority and, in the point's own unit, limit of a level counted from 1. */
  level(number: number): { readonly priority: AlarmPriority; readonly limit?: number };
  take(input: WatchInput): readonly TrackerTransition[];
  tick(input: TickInput): readonly TrackerTransition[];
  /** All it knows, for the tracker that takes its place when its point is announced anew. */
  readonly state: SavedState;
  /** What to keep; undefined when nothing is raised or pending. */
  save(): SavedState | undefined;
  restore(saved: SavedState): void;
  /** Brings the state in line with the alarm that is open, or with there being none. */
  reconcile(alarm: Alarm | undefined): void;
}

const NONE: readonly TrackerTransition[] = [];

export function createTracker(
  rule: AlarmRule,
  point: PlantPoint,
  now: Instant,
): Outcome<Tracker, string> {
  const { when } = rule;
  if (when.kind === "notProven") return success(new ProofTracker(rule, point, when, now));
  const condition = inUnitOf(when, rule.unit, point.unit);
  return condition.ok ? success(new LevelsTracker(rule, point, condition.value)) : condition;
}

class LevelsTracker implements Tracker {
  readonly rule: AlarmRule;
  readonly point: PlantPoint;
  readonly #condition: PriorityLevelsCondition;
  #watch: LevelsWatch;
  #saved: LevelsWatch;
  /** Begins anew after a restart: what moved before is not known any more. */
  #window: WindowState = emptyWindow;
  #lateWindow: WindowState = emptyWindow;

  constructor(rule: AlarmRule, point: PlantPoint, condition: PriorityLevelsCondition) {
    this.rule = rule;
    this.point = point;
    this.#condition = condition;
    this.#watch = quietWatch(condition);
    this.#saved = this.#watch;
  }

  level(number: number): { readonly priority: AlarmPriority; readonly limit?: number } {
    const { levels } = this.#condition;
    const level = levels[Math.min(number, levels.length) - 1];
    return level === undefined
      ? { priority: "high" }
      : { priority: level.priority, limit: level.limit };
  }

  get isDirty(): boolean {
    return (
      !isSameCourse(this.#watch.live, this.#saved.live) ||
      !isSameCourse(this.#watch.late, this.#saved.late)
    );
  }

  take(given: WatchInput): readonly TrackerTransition[] {
    const input = this.#lookedAt(given);
    if (input === undefined) return NONE;
    const step = watchSample(this.#condition, this.#watch, input);
    this.#watch = step.watch;
    return wrapped(step.transitions);
  }

  /** The sample with what the condition looks at in place of its value; live and late apart. */
  #lookedAt(input: WatchInput): WatchInput | undefined {
    const { of } = this.#condition;
    if (of === undefined) return input;
    const before = input.late ? this.#lateWindow : this.#window;
    const { state, sample } = derive(of, before, input.sample);
    if (input.late) this.#lateWindow = state;
    else this.#window = state;
    return sample === undefined ? undefined : { ...input, sample };
  }

  tick({ now }: TickInput): readonly TrackerTransition[] {
    const step = watchTick(this.#condition, this.#watch, now);
    this.#watch = step.watch;
    return wrapped(step.transitions);
  }

  get state(): SavedState {
    return { watch: this.#watch };
  }

  save(): SavedState | undefined {
    this.#saved = this.#watch;
    return isQuietWatch(this.#watch) ? undefined : { watch: this.#watch };
  }

  restore(saved: SavedState): void {
    const count = this.#condition.levels.length;
    if (!("watch" in saved)) return;
    const { live, late } = saved.watch;
    if (live.comparators.length !== count || late.comparators.length !== count) return;
    this.#watch = saved.watch;
    this.#saved = saved.watch;
  }

  reconcile(alarm: Alarm | undefined): void {
    const { live } = this.#watch;
    const isActive = alarm?.state === "unacknowledged" || alarm?.state === "acknowledged";
    if (!isActive && (levelOf(live) > 0 || live.overRange)) {
      this.#watch = { ...this.#watch, live: released(this.#condition, live) };
    }
    if (isActive && levelOf(live) === 0) {
      const level = this.#condition.levels.findLastIndex((l) => l.priority === alarm.priority) + 1;
      const { raisedAt: began, overRange } = alarm;
      const raised = raisedLevels(this.#condition, { level: Math.max(1, level), began, overRange });
      this.#watch = { ...this.#watch, live: raised };
    }
  }
}

const wrapped = (transitions: readonly LevelsTransition[]): readonly TrackerTransition[] =>
  transitions.length === 0
    ? NONE
    : transitions.map((transition) => ({ of: "levels" as const, transition }));

class ProofTracker implements Tracker {
  readonly rule: AlarmRule;
  readonly point: PlantPoint;
  readonly #silence: Duration;
  readonly #priority: AlarmPriority;
  #state: ProofState;
  #savedLost = false;

  constructor(
    rule: AlarmRule,
    point: PlantPoint,
    condition: PriorityNotProvenCondition,
    now: Instant,
  ) {
    this.rule = rule;
    this.point = point;
    this.#priority = condition.priority;
    this.#silence = silenceOf(condition, point.expectEvery);
    this.#state = listeningSince(now);
  }

  level(): { readonly priority: AlarmPriority } {
    return { priority: this.#priority };
  }

  get isDirty(): boolean {
    return this.#state.lost !== this.#savedLost;
  }

  take(input: WatchInput): readonly TrackerTransition[] {
    // What waited for the server proves that the sensor worked, not that it works.
    if (input.late) return NONE;
    const { state, transition } = proofAfterSample(this.#state, input);
    this.#state = state;
    return transition === undefined ? NONE : [{ of: "notProven", transition }];
  }

  tick({ now, gatewayOnline }: TickInput): readonly TrackerTransition[] {
    const input = { now, gatewayOnline, silence: this.#silence };
    const { state, transition } = proofAfterTick(this.#state, input);
    this.#state = state;
    return transition === undefined ? NONE : [{ of: "notProven", transition }];
  }

  get state(): SavedState {
    return { proof: this.#state };
  }

  save(): SavedState | undefined {
    this.#savedLost = this.#state.lost;
    return this.#state.lost ? { proof: this.#state } : undefined;
  }

  restore(saved: SavedState): void {
    if (!("proof" in saved)) return;
    this.#state = saved.proof;
    this.#savedLost = saved.proof.lost;
  }

  reconcile(alarm: Alarm | undefined): void {
    const lost = alarm?.state === "unacknowledged" || alarm?.state === "acknowledged";
    this.#state = { ...this.#state, lost };
  }
}

function inUnitOf(
  when: PriorityLevelsCondition,
  from: UnitCode | undefined,
  to: UnitCode,
): Outcome<PriorityLevelsCondition, string> {
  if (from === undefined || from === to || when.of?.what === "changesIn") return success(when);
  const zero = convert(0, from, to);
  if (!zero.ok) return failure(zero.error);
  const inUnit = (value: number): number => {
    const converted = convert(value, from, to);
    return converted.ok ? converted.value : Number.NaN;
  };
  const ofSpan = (value: number): number => inUnit(value) - zero.value;
  const ofLimit = when.of === undefined ? inUnit : ofSpan;
  const { overRange } = when;
  return success({
    ...when,
    levels: when.levels.map((level) => ({ ...level, limit: ofLimit(level.limit) })),
    hysteresis: ofSpan(when.hysteresis),
    ...(overRange === undefined ? {} : { overRange: inUnit(overRange) }),
  });
}
