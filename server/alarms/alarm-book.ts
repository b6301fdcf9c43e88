/**
 * All alarms of the plant: the open ones in memory, every one and its whole history in the records
 * database. A change is written together with what its author commits with it, and told to nobody
 * before that is durable. Here also stands which rooms are frozen.
 */
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import type { AlarmId, PointId, RuleId, SpaceId } from "../../core/ids.ts";
import { type Duration, type Instant, seconds } from "../../core/time.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { Spaces, Unsubscribe } from "../plant.ts";
import { tellAll } from "../tell-all.ts";
import { type Alarm, isOpen } from "./alarm.ts";
import { type AlarmChange, AlarmDraft, type KnownAlarms } from "./alarm-draft.ts";
import type { DeskEvent } from "./alarm-life.ts";
import { type AlarmQuery, AlarmTable, keyOf } from "./alarm-table.ts";

export const ALARMS_PER_LIST_MAX = 1_000;
const ALARMS_PER_LIST = 200;

const SHELVES_EVERY = seconds(1);
const WISHES: Readonly<Record<DeskEvent["kind"], string>> = {
  acknowledge: "be acknowledged",
  close: "be closed",
  shelve: "be shelved",
  unshelve: "be taken from the shelf",
};

export interface Freeze {
  readonly since: Instant;
  readonly alarm: AlarmId;
}

export type FrozenSpaces = ReadonlyMap<SpaceId, Freeze>;

/** Joins the transaction in which alarms change: what must be told is queued with the change. */
export type ChangeFollower = (changes: readonly AlarmChange[]) => void;

export class AlarmBook implements KnownAlarms {
  readonly #clock: Clock;
  readonly #db: Database;
  readonly #table: AlarmTable;
  readonly #spaces: Spaces;
  readonly #open = new Map<AlarmId, Alarm>();
  readonly #byKey = new Map<string, AlarmId>();
  readonly #followers: ChangeFollower[] = [];
  readonly #listeners = new Set<(alarm: Alarm) => void>();
  readonly #freezeListeners = new Set<(frozen: FrozenSpaces) => void>();
  #frozen: FrozenSpaces = new Map();

  constructor(clock: Clock, db: Database, spaces: Spaces) {
    this.#clock = clock;
    this.#db = db;
    this.#table = new AlarmTable(db);
    this.#spaces = spaces;
    for (const alarm of this.#table.open()) this.#remember(alarm);
    this.#frozen = this.#freezes();
  }

  list(query: AlarmQuery = {}): readonly Alarm[] {
    const limit = Math.min(query.limit ?? ALARMS_PER_LIST, ALARMS_PER_LIST_MAX);
    return this.#table.list(query, limit);
  }

  get(id: AlarmId): Alarm | undefined {
    return this.#open.get(id) ?? this.#table.get(id);
  }

  open(rule: RuleId, point: PointId): Alarm | undefined {
    const id = this.#byKey.get(keyOf(rule, point));
    return id === undefined ? undefined : this.#open.get(id);
  }

  /** Every alarm that is not closed. */
  active(): readonly Alarm[] {
    return [...this.#open.values()];
  }

  acknowledge(id: AlarmId, by: string, comment?: string): Alarm {
    const at = this.#clock.now();
    const event = { kind: "acknowledge", at, by } as const;
    return this.#desk(id, comment === undefined ? event : { ...event, comment });
  }

  close(id: AlarmId, by: string, reason: string): Alarm {
    return this.#desk(id, { kind: "close", at: this.#clock.now(), by, reason });
  }

  /** Puts an alarm aside for a while; it goes on being watched and recorded. */
  shelve(
    id: AlarmId,
    by: string,
    shelf: { readonly for: Duration; readonly reason: string },
  ): Alarm {
    return this.#desk(id, { kind: "shelve", at: this.#clock.now(), by, ...shelf });
  }

  unshelve(id: AlarmId, by: string): Alarm {
    return this.#desk(id, { kind: "unshelve", at: this.#clock.now(), by });
  }

  /** Takes alarms from the shelf when their time is over. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#endShelves();
      await this.#clock.sleep(SHELVES_EVERY, signal);
    }
  }

  onChange(listener: (alarm: Alarm) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rooms in which nothing is switched, and the alarm that asks for it. */
  frozenSpaces(): FrozenSpaces {
    return this.#frozen;
  }

  /** Called whenever a room freezes or thaws, with all that are frozen now. */
  onFreeze(listener: (frozen: FrozenSpaces) => void): Unsubscribe {
    this.#freezeListeners.add(listener);
    return () => this.#freezeListeners.delete(listener);
  }

  /** Lets `follower` write in every transaction that changes alarms, from now on. */
  follow(follower: ChangeFollower): void {
    this.#followers.push(follower);
  }

  /** Runs `work` in one transaction of the records database, and publishes after the commit. */
  write(work: (draft: AlarmDraft) => void): void {
    const draft = new AlarmDraft(this);
    const changes = this.#db.transaction(() => {
      work(draft);
      const changed = draft.changes;
      for (const { alarm, steps } of changed) this.#table.put(alarm, steps);
      if (changed.length > 0) for (const follower of this.#followers) follower(changed);
      return changed;
    });
    this.#publish(changes);
  }

  #desk(id: AlarmId, event: DeskEvent): Alarm {
    this.write((draft) => {
      const before = draft.get(id);
      if (before === undefined) {
        throw new LamplighterError("NOT_FOUND", `There is no alarm ${id}.`, { fields: { id } });
      }
      const after = draft.apply(id, event);
      if (after.ok) return;
      const wish = WISHES[event.kind];
      throw new LamplighterError(
        "CONFLICT",
        `Alarm ${id} (${before.rule} on ${before.point}) cannot ${wish}: ${after.error}.`,
        { fields: { id, state: before.state } },
      );
    });
    const alarm = this.get(id);
    if (alarm === undefined) throw new LamplighterError("INTERNAL", `Alarm ${id} is gone.`);
    return alarm;
  }

  #endShelves(): void {
    const at = this.#clock.now();
    const over = [...this.#open.values()].filter((a) => a.shelved && a.shelved.until <= at);
    if (over.length === 0) return;
    this.write((draft) => {
      for (const { id } of over) draft.apply(id, { kind: "unshelve", at });
    });
  }

  #publish(changes: readonly AlarmChange[]): void {
    if (changes.length === 0) return;
    for (const { alarm } of changes) this.#remember(alarm);
    if (changes.some(({ alarm }) => alarm.freezes)) this.#refreeze();
    for (const { alarm } of changes) tellAll(this.#listeners, alarm);
  }

  #remember(alarm: Alarm): void {
    const key = keyOf(alarm.rule, alarm.point);
    if (isOpen(alarm)) {
      this.#open.set(alarm.id, alarm);
      if (!alarm.foundLate) this.#byKey.set(key, alarm.id);
      return;
    }
    this.#open.delete(alarm.id);
    if (this.#byKey.get(key) === alarm.id) this.#byKey.delete(key);
  }

  #refreeze(): void {
    const before = this.#frozen;
    const now = this.#freezes();
    this.#frozen = now;
    const same = now.size === before.size && [...now.keys()].every((space) => before.has(space));
    if (same) return;
    tellAll(this.#freezeListeners, now);
  }

  /** A room is frozen from the raise of such an alarm until it is closed, with all that lies in it. */
  #freezes(): FrozenSpaces {
    const frozen = new Map<SpaceId, Freeze>();
    for (const alarm of this.#open.values()) {
      if (!alarm.freezes || alarm.foundLate) continue;
      for (const space of [alarm.space, ...this.#spaces.within(alarm.space)]) {
        const earlier = frozen.get(space);
        if (earlier !== undefined && earlier.since <= alarm.raisedAt) continue;
        frozen.set(space, { since: alarm.raisedAt, alarm: alarm.id });
      }
    }
    return frozen;
  }
}
