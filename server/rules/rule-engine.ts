/**
 * Reads the log from a position of its own, lets every sample meet the rules of its point, and commits
 * what came of it (alarms, states, position) in one transaction of the records database. A crash
 * between any two steps repeats work and loses none. When a commit fails, everything in memory is
 * thrown away and read again from what is durable.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { backoff } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import type { GatewayId, RuleId } from "../../core/ids.ts";
import { success } from "../../core/outcome.ts";
import { steadyTime } from "../../core/steady-time.ts";
import { type Instant, later, milliseconds, minutes, seconds } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import { type Alarm, isReturned } from "../alarms/alarm.ts";
import type { AlarmBook } from "../alarms/alarm-book.ts";
import type { Plant, Spaces } from "../plant.ts";
import type { LogEntry, SampleLog } from "../store/store.ts";
import { type AlarmRule, isAlarmRule, type Rule } from "./rule.ts";
import { PointIndex } from "./selection.ts";
import { affect } from "./tracking/alarm-effects.ts";
import { Roster, type WaitingRule } from "./tracking/roster.ts";
import { createTracker, type Tracker, type TrackerTransition } from "./tracking/tracker.ts";
import { stateKey, TrackerTable } from "./tracking/tracker-table.ts";

/** Log entries taken in one turn, before anything else of the process may run. */
export const ENTRIES_PER_TURN_MAX = 64;
export const SAMPLES_PER_TURN_MAX = 20_000;
/** What only time can bring is looked for this often. */
export const TICK = milliseconds(500);
/** After a start gateways get this long to connect before their silence counts. */
export const START_GRACE = seconds(20);
/** Without an alarm or a changed state the position is written this often. */
const POSITION_EVERY = seconds(5);
const RETRY_FIRST = seconds(1);
const RETRY_MAX = minutes(1);
const READER = "rules";

export interface RuleEngineParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Database;
  readonly samples: Pick<SampleLog, "read" | "waitBeyond" | "end" | "release">;
  readonly plant: Pick<Plant, "points" | "gateways" | "onCatalogue">;
  readonly spaces: Spaces;
  readonly book: AlarmBook;
}

export class RuleEngine {
  readonly #parts: RuleEngineParts;
  readonly #table: TrackerTable;
  #rules: readonly AlarmRule[];
  #roster: Roster | undefined;
  #position = 0;
  #committed = 0;
  #pending: { readonly tracker: Tracker; readonly change: TrackerTransition }[] = [];
  #dirty = new Set<Tracker>();
  #isCatalogueNew = false;
  #areRulesNew = false;
  readonly #steadyNow: () => Instant;
  #tickedAt: Instant;
  #positionAt: Instant;

  constructor(parts: RuleEngineParts, rules: readonly Rule[]) {
    this.#parts = parts;
    this.#rules = rules.filter(isAlarmRule);
    this.#table = new TrackerTable(parts.db);
    this.#steadyNow = steadyTime(parts.clock);
    this.#tickedAt = this.#steadyNow();
    this.#positionAt = this.#tickedAt;
    this.#restore();
  }

  /** The position in the log up to which everything has been taken into account, durably. */
  get position(): number {
    return this.#committed;
  }

  /** Up to here everything has been judged; what came of it is durable, quiet positions follow later. */
  get judged(): number {
    return this.#position;
  }

  get rules(): readonly AlarmRule[] {
    return this.#rules;
  }

  /** Takes other rules; what they share with those before goes on undisturbed. */
  update(rules: readonly Rule[]): void {
    this.#rules = rules.filter(isAlarmRule);
    this.#isCatalogueNew = true;
    this.#areRulesNew = true;
  }

  waiting(): readonly WaitingRule[] {
    return this.#roster?.waiting ?? [];
  }

  /** How many points a rule watches now. */
  pointsOf(rule: RuleId): number {
    return this.#roster?.countOf(rule) ?? 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { plant, book, samples } = this.#parts;
    const ends = [
      plant.onCatalogue(() => {
        this.#isCatalogueNew = true;
      }),
      book.onChange((alarm) => this.#onAlarm(alarm)),
    ];
    // What was announced between the making of this engine and now went unheard.
    this.#isCatalogueNew = true;
    const retries = this.#retries();
    let delays = retries();
    while (!signal.aborted) {
      try {
        const entries = await samples.read(this.#position, ENTRIES_PER_TURN_MAX);
        this.#turn(entries);
        delays = retries();
        if (entries.length === 0) await this.#idle(signal);
        await nextTurn();
      } catch (error) {
        const delay = delays.next().value;
        this.#parts.log.error("rules failed", { why: wordsOf(error), retryInMs: delay });
        await this.#parts.clock.sleep(delay, signal);
        this.#restore();
      }
    }
    for (const end of ends) end();
    if (this.#position > this.#committed) this.#commit();
  }

  #retries(): () => Generator<typeof RETRY_FIRST, never, void> {
    const options = { first: RETRY_FIRST, max: RETRY_MAX, jitter: 0, random: () => 0 };
    return () => backoff(options);
  }

  #turn(entries: readonly LogEntry[]): void {
    if (this.#isCatalogueNew) {
      this.#isCatalogueNew = false;
      this.#build();
      if (this.#areRulesNew) this.#withdraw();
      this.#areRulesNew = false;
    }
    const now = this.#steadyNow();
    let taken = 0;
    for (const entry of entries) {
      this.#take(entry, now);
      taken += entry.samples.length;
      if (taken >= SAMPLES_PER_TURN_MAX) break;
    }
    if (now - this.#tickedAt >= TICK) this.#tick(now);
    const mustWrite = this.#pending.length > 0 || this.#dirty.size > 0;
    const mayWrite = this.#position > this.#committed && now - this.#positionAt >= POSITION_EVERY;
    if (mustWrite || mayWrite) this.#commit();
  }

  #take(entry: LogEntry, heardAt: Instant): void {
    const late = entry.origin.lane === "backfill";
    for (const sample of entry.samples) {
      const trackers = this.#roster?.of(sample.point);
      if (trackers === undefined) continue;
      for (const tracker of trackers) {
        this.#collect(tracker, tracker.take({ sample, heardAt, late }));
      }
    }
    this.#position = entry.position;
  }

  #tick(now: Instant): void {
    this.#tickedAt = now;
    const online = new Set<GatewayId>();
    for (const { gateway, state } of this.#parts.plant.gateways()) {
      if (state === "online") online.add(gateway);
    }
    for (const tracker of this.#roster?.all() ?? []) {
      const gatewayOnline = online.has(tracker.point.gateway);
      this.#collect(tracker, tracker.tick({ now, gatewayOnline }));
    }
  }

  #collect(tracker: Tracker, changes: readonly TrackerTransition[]): void {
    for (const change of changes) this.#pending.push({ tracker, change });
    if (tracker.isDirty) this.#dirty.add(tracker);
  }

  #commit(): void {
    const { book, samples, log } = this.#parts;
    const position = this.#position;
    book.write((draft) => {
      for (const { tracker, change } of this.#pending) affect(draft, tracker, change);
      for (const tracker of this.#dirty) this.#table.put(tracker);
      this.#table.putPosition(position);
      // Emptied inside, so that what the book's listeners change is not taken for written.
      this.#pending = [];
      this.#dirty = new Set();
    });
    this.#committed = position;
    const now = this.#steadyNow();
    if (now - this.#positionAt < POSITION_EVERY) return;
    this.#positionAt = now;
    samples.release(READER, position).catch((error: unknown) => {
      log.warn("log not released", { reader: READER, why: wordsOf(error) });
    });
  }

  /** The desk has closed an alarm: what it latched is judged afresh from the next sample on. */
  #onAlarm(alarm: Alarm): void {
    if (alarm.state !== "closed" || alarm.foundLate) return;
    const tracker = this.#roster?.get(alarm.rule, alarm.point);
    if (tracker === undefined) return;
    tracker.reconcile(this.#parts.book.open(alarm.rule, alarm.point));
    if (tracker.isDirty) this.#dirty.add(tracker);
  }

  /** Everything from what is durable, as after a crash. */
  #restore(): void {
    this.#pending = [];
    this.#dirty = new Set();
    this.#roster = undefined;
    this.#position = this.#startPosition();
    this.#committed = this.#position;
    this.#build();
    this.#withdraw();
  }

  #startPosition(): number {
    const end = this.#parts.samples.end();
    const known = this.#table.position();
    if (known !== undefined) return Math.min(known, end);
    // Rules have nothing to say about what was stored before they were first installed.
    this.#table.putPosition(end);
    return end;
  }

  /** Nobody watches any more what a removed rule raised: it counts as returned, for people to end. */
  #withdraw(): void {
    const ids = new Set(this.#rules.map((rule) => rule.id));
    const orphans = this.#parts.book
      .active()
      .filter((alarm) => !ids.has(alarm.rule) && !isReturned(alarm));
    if (orphans.length === 0) return;
    const at = this.#parts.clock.now();
    this.#parts.book.write((draft) => {
      for (const { id } of orphans) {
        draft.apply(id, { kind: "returned", at, detail: "ruleWithdrawn" });
      }
    });
  }

  /** Finds the points of every rule; what is tracked already goes on undisturbed. */
  #build(): void {
    const { plant, spaces, book } = this.#parts;
    const before = this.#roster;
    const saved = this.#table.states();
    const from = later(this.#steadyNow(), START_GRACE);
    const index = new PointIndex(plant.points());
    this.#roster = new Roster(this.#rules, { index, spaces }, (rule, point) => {
      const known = before?.get(rule.id, point.point);
      if (known?.point === point && known.rule === rule) return success(known);
      const created = createTracker(rule, point, from);
      if (!created.ok) return created;
      const tracker = created.value;
      const state = known?.state ?? saved.get(stateKey(rule.id, point.point));
      if (state !== undefined) tracker.restore(state);
      tracker.reconcile(book.open(rule.id, point.point));
      if (known !== undefined || tracker.isDirty) this.#dirty.add(tracker);
      return created;
    });
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, samples } = this.#parts;
    const wake = new AbortController();
    const either = AbortSignal.any([signal, wake.signal]);
    const due = milliseconds(Math.max(1, this.#tickedAt + TICK - this.#steadyNow()));
    await Promise.race([clock.sleep(due, either), samples.waitBeyond(this.#position, either)]);
    wake.abort();
  }
}
