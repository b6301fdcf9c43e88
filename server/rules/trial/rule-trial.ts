/**
 * Rules run over a series of samples without a log, a database or anybody to wake: for tests of rules
 * as data and for backtests. The machines are the same as in the engine; only time is that of the
 * samples themselves.
 */
import type { AlarmId, PointId, RuleId } from "../../../core/ids.ts";
import type { Sample } from "../../../core/sample.ts";
import type { Instant } from "../../../core/time.ts";
import { type Alarm, isOpen } from "../../alarms/alarm.ts";
import { AlarmDraft, type KnownAlarms } from "../../alarms/alarm-draft.ts";
import type { PlantPoint, Spaces } from "../../plant.ts";
import type { AlarmRule } from "../rule.ts";
import { PointIndex } from "../selection.ts";
import { affect } from "../tracking/alarm-effects.ts";
import { Roster, type WaitingRule } from "../tracking/roster.ts";
import { createTracker, type Tracker, type TrackerTransition } from "../tracking/tracker.ts";

export interface TrialPlant {
  readonly points: readonly PlantPoint[];
  readonly spaces: Spaces;
}

export type TransitionListener = (tracker: Tracker, change: TrackerTransition) => void;

export class RuleTrial implements KnownAlarms {
  readonly #roster: Roster;
  readonly #alarms = new Map<AlarmId, Alarm>();
  readonly #listener: TransitionListener;

  constructor(
    rules: readonly AlarmRule[],
    plant: TrialPlant,
    start: Instant,
    listener: TransitionListener = () => {},
  ) {
    const { points, spaces } = plant;
    this.#roster = new Roster(rules, { index: new PointIndex(points), spaces }, (rule, point) =>
      createTracker(rule, point, start),
    );
    this.#listener = listener;
  }

  get waiting(): readonly WaitingRule[] {
    return this.#roster.waiting;
  }

  get(id: AlarmId): Alarm | undefined {
    return this.#alarms.get(id);
  }

  open(rule: RuleId, point: PointId): Alarm | undefined {
    for (const alarm of this.#alarms.values()) {
      if (alarm.rule === rule && alarm.point === point && isOpen(alarm) && !alarm.foundLate) {
        return alarm;
      }
    }
    return undefined;
  }

  /** In the order in which they were first raised. */
  alarms(): readonly Alarm[] {
    return [...this.#alarms.values()];
  }

  take(sample: Sample, late = false): void {
    for (const tracker of this.#roster.of(sample.point) ?? []) {
      this.#follow(tracker, tracker.take({ sample, heardAt: sample.time, late }));
    }
  }

  tick(now: Instant, gatewayOnline = true): void {
    for (const tracker of this.#roster.all()) {
      this.#follow(tracker, tracker.tick({ now, gatewayOnline }));
    }
  }

  #follow(tracker: Tracker, changes: readonly TrackerTransition[]): void {
    if (changes.length === 0) return;
    const draft = new AlarmDraft(this);
    for (const change of changes) {
      this.#listener(tracker, change);
      affect(draft, tracker, change);
    }
    for (const { alarm } of draft.changes) this.#alarms.set(alarm.id, alarm);
  }
}
