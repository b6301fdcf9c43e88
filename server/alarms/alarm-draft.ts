/**
 * Changes to alarms that are not durable yet: what one transaction is about to write, laid over what is
 * known. Nothing outside sees a draft; the book publishes it after the commit.
 */
import type { AlarmId, PointId, RuleId } from "../../core/ids.ts";
import { failure, type Outcome } from "../../core/outcome.ts";
import { type Alarm, type AlarmFacts, type AlarmStep, isOpen } from "./alarm.ts";
import { type AlarmEvent, alarmAfter, born, noted, type PlantEvent } from "./alarm-life.ts";
import { keyOf } from "./alarm-table.ts";

export interface AlarmChange {
  readonly alarm: Alarm;
  /** The lines this change added, oldest first. */
  readonly steps: readonly AlarmStep[];
}

/** What is durable already. */
export interface KnownAlarms {
  get(id: AlarmId): Alarm | undefined;
  open(rule: RuleId, point: PointId): Alarm | undefined;
}

export class AlarmDraft {
  readonly #known: KnownAlarms;
  readonly #changed = new Map<AlarmId, { alarm: Alarm; steps: AlarmStep[] }>();
  readonly #opened = new Map<string, AlarmId>();

  constructor(known: KnownAlarms) {
    this.#known = known;
  }

  get changes(): readonly AlarmChange[] {
    return [...this.#changed.values()];
  }

  get(id: AlarmId): Alarm | undefined {
    return this.#changed.get(id)?.alarm ?? this.#known.get(id);
  }

  /** The open alarm of a rule on a point, those found late apart. */
  open(rule: RuleId, point: PointId): Alarm | undefined {
    const key = keyOf(rule, point);
    const id = this.#opened.get(key) ?? this.#known.open(rule, point)?.id;
    const alarm = id === undefined ? undefined : this.get(id);
    return alarm !== undefined && isOpen(alarm) ? alarm : undefined;
  }

  /** A new life, unless this very raise is known already. */
  raise(facts: AlarmFacts, event: Extract<PlantEvent, { readonly kind: "raised" }>): Alarm {
    const known = this.get(facts.id);
    if (known !== undefined) return known;
    const alarm = born(facts, event);
    this.#put(alarm, alarm.history);
    if (!facts.foundLate) this.#opened.set(keyOf(facts.rule, facts.point), facts.id);
    return alarm;
  }

  apply(id: AlarmId, event: AlarmEvent): Outcome<Alarm, string> {
    const before = this.get(id);
    if (before === undefined) return failure("there is no such alarm");
    const after = alarmAfter(before, event);
    if (after.ok) this.#follow(before, after.value);
    return after;
  }

  /** Adds a line that changes no state; also after the end, for a notification's fate. */
  note(id: AlarmId, line: AlarmStep): void {
    const before = this.get(id);
    if (before !== undefined) this.#follow(before, noted(before, line));
  }

  #follow(before: Alarm, after: Alarm): void {
    const added = after.stepCount - before.stepCount;
    this.#put(after, added === 0 ? [] : after.history.slice(-added));
  }

  #put(alarm: Alarm, steps: readonly AlarmStep[]): void {
    const entry = this.#changed.get(alarm.id);
    if (entry === undefined) this.#changed.set(alarm.id, { alarm, steps: [...steps] });
    else {
      entry.alarm = alarm;
      entry.steps.push(...steps);
    }
  }
}
