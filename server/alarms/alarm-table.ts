/**
 * Alarms in the records database: one row per alarm with its present state, one row per line of history.
 * Rows are written by this program only; their JSON is the typed alarm as it was.
 */
import type { AlarmId, PointId, RuleId, SpaceId } from "../../core/ids.ts";
import type { Database, SqlValue, Statement } from "../../platform/sqlite.ts";
import type { AlarmState } from "../api/contract.ts";
import { type Alarm, type AlarmStep, isOpen } from "./alarm.ts";
import { foldedHistory, HISTORY_FIRST_STEPS, HISTORY_LAST_STEPS } from "./alarm-life.ts";

const MIGRATIONS = [
  `CREATE TABLE alarm (
     id TEXT PRIMARY KEY, rule TEXT NOT NULL, point TEXT NOT NULL, space TEXT NOT NULL,
     state TEXT NOT NULL, open INTEGER NOT NULL, raised_ms INTEGER NOT NULL,
     changed_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE INDEX alarm_open ON alarm (open, raised_ms);
   CREATE INDEX alarm_raised ON alarm (raised_ms, id);
   CREATE TABLE alarm_step (
     alarm TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
     PRIMARY KEY (alarm, number)) STRICT, WITHOUT ROWID;`,
];

export interface AlarmQuery {
  /** `active` (all that are not closed) when left out. */
  readonly state?: "active" | "all" | AlarmState;
  readonly spaces?: ReadonlySet<SpaceId>;
  readonly limit?: number;
  /** Only alarms that come after this one in the list. */
  readonly before?: AlarmId;
}

export class AlarmTable {
  readonly #db: Database;
  readonly #putAlarm: Statement;
  readonly #putStep: Statement;
  readonly #getAlarm: Statement;
  readonly #getSteps: Statement;

  constructor(db: Database) {
    db.migrate("alarms", MIGRATIONS);
    this.#db = db;
    this.#putAlarm = db.prepare(
      `INSERT INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, open = excluded.open,
         changed_ms = excluded.changed_ms, body = excluded.body`,
    );
    this.#putStep = db.prepare("INSERT INTO alarm_step VALUES (?, ?, ?)");
    this.#getAlarm = db.prepare("SELECT body FROM alarm WHERE id = ?");
    this.#getSteps = db.prepare(
      `SELECT body FROM alarm_step WHERE alarm = ?1 AND (number <= ?2 OR number >
         (SELECT max(number) FROM alarm_step WHERE alarm = ?1) - ?3) ORDER BY number`,
    );
  }

  /** Inside the caller's transaction: the alarm as it is now, and its new lines. */
  put(alarm: Alarm, steps: readonly AlarmStep[]): void {
    const { history: _, ...body } = alarm;
    this.#putAlarm.run(
      alarm.id,
      alarm.rule,
      alarm.point,
      alarm.space,
      alarm.state,
      isOpen(alarm) ? 1 : 0,
      alarm.raisedAt,
      alarm.changedAt,
      JSON.stringify(body),
    );
    steps.forEach((step, i) => {
      const number = alarm.stepCount - steps.length + i + 1;
      this.#putStep.run(alarm.id, number, JSON.stringify(step));
    });
  }

  get(id: AlarmId): Alarm | undefined {
    const row = this.#getAlarm.get(id);
    return row === undefined ? undefined : this.#alarmOf(row);
  }

  open(): readonly Alarm[] {
    return this.#db
      .prepare("SELECT body FROM alarm WHERE open = 1 ORDER BY raised_ms")
      .all()
      .map((row) => this.#alarmOf(row));
  }

  /** Newest raise first. */
  list(query: AlarmQuery, limit: number): readonly Alarm[] {
    const where: string[] = [];
    const values: SqlValue[] = [];
    const { state = "active", spaces, before } = query;
    if (state === "active") where.push("open = 1");
    else if (state !== "all") {
      where.push("state = ?");
      values.push(state);
    }
    if (spaces !== undefined) {
      where.push("space IN (SELECT value FROM json_each(?))");
      values.push(JSON.stringify([...spaces]));
    }
    if (before !== undefined) {
      where.push("(raised_ms, id) < (SELECT raised_ms, id FROM alarm WHERE id = ?)");
      values.push(before);
    }
    const filter = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
    return this.#db
      .prepare(`SELECT body FROM alarm ${filter} ORDER BY raised_ms DESC, id DESC LIMIT ?`)
      .all(...values, limit)
      .map((row) => this.#alarmOf(row));
  }

  #alarmOf(row: Record<string, unknown>): Alarm {
    // The body was written by `put` from an alarm; only this program writes the file.
    const body = JSON.parse(String(row.body)) as Omit<Alarm, "history">;
    const steps = this.#getSteps
      .all(body.id, HISTORY_FIRST_STEPS, HISTORY_LAST_STEPS)
      .map((step) => JSON.parse(String(step.body)) as AlarmStep);
    return { ...body, history: foldedHistory(steps) } as Alarm;
  }
}

/** One open alarm per rule and point. */
export const keyOf = (rule: RuleId, point: PointId): string => `${rule}\n${point}`;
