/**
 * What is still to be told, in the records database: written in the same transaction as the alarm's
 * change, so that no step is lost and none is queued twice.
 */
import type { AlarmId } from "../../core/ids.ts";
import { alarmId } from "../../core/ids.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { Database, Statement } from "../../platform/sqlite.ts";
import { ALARM_PRIORITIES, type AlarmPriority } from "../api/contract.ts";

const MIGRATIONS = [
  `CREATE TABLE notification (
     number INTEGER PRIMARY KEY, alarm TEXT NOT NULL, step INTEGER NOT NULL, channel TEXT NOT NULL,
     rank INTEGER NOT NULL, attempts INTEGER NOT NULL, queued_ms INTEGER NOT NULL,
     due_ms INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (alarm, step, channel)) STRICT;
   CREATE INDEX notification_due ON notification (channel, rank, number);`,
];

export interface QueuedNotification {
  readonly number: number;
  readonly alarm: AlarmId;
  readonly step: number;
  readonly channel: string;
  readonly attempts: number;
  readonly queuedAt: Instant;
  readonly dueAt: Instant;
  readonly body: string;
}

export interface NewNotification {
  readonly alarm: AlarmId;
  readonly step: number;
  readonly channel: string;
  readonly priority: AlarmPriority;
  readonly at: Instant;
  readonly body: string;
}

export class Outbox {
  readonly #put: Statement;
  readonly #due: Statement;
  readonly #next: Statement;
  readonly #again: Statement;
  readonly #done: Statement;
  readonly #hasten: Statement;
  readonly #count: Statement;
  readonly #channels: Statement;

  constructor(db: Database) {
    db.migrate("notifications", MIGRATIONS);
    this.#put = db.prepare(
      `INSERT OR IGNORE INTO notification (alarm, step, channel, rank, attempts, queued_ms, due_ms,
         body) VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
    );
    this.#due = db.prepare(
      "SELECT * FROM notification WHERE channel = ? AND due_ms <= ? ORDER BY rank, number LIMIT ?",
    );
    this.#next = db.prepare("SELECT min(due_ms) AS due FROM notification WHERE channel = ?");
    this.#again = db.prepare("UPDATE notification SET attempts = ?, due_ms = ? WHERE number = ?");
    this.#hasten = db.prepare("UPDATE notification SET due_ms = ? WHERE due_ms > ?");
    this.#done = db.prepare("DELETE FROM notification WHERE number = ?");
    this.#count = db.prepare("SELECT count(*) AS n FROM notification WHERE channel = ?");
    this.#channels = db.prepare("SELECT DISTINCT channel FROM notification");
  }

  put(one: NewNotification): void {
    const { alarm, step, channel, priority, at, body } = one;
    this.#put.run(alarm, step, channel, ALARM_PRIORITIES.indexOf(priority), at, at, body);
  }

  /** Emergencies first, then in order. */
  due(channel: string, now: Instant, limit: number): readonly QueuedNotification[] {
    return this.#due.all(channel, now, limit).map(queuedOf);
  }

  /** When the channel's next one falls due. */
  nextDue(channel: string): Instant | undefined {
    const due = this.#next.get(channel)?.due;
    return due === null || due === undefined ? undefined : instant(Number(due));
  }

  again(one: QueuedNotification, dueAt: Instant): void {
    this.#again.run(one.attempts + 1, dueAt, one.number);
  }

  /** Nothing may be due later than this. */
  hasten(latest: Instant): void {
    this.#hasten.run(latest, latest);
  }

  done(one: QueuedNotification): void {
    this.#done.run(one.number);
  }

  waiting(channel: string): number {
    return Number(this.#count.get(channel)?.n ?? 0);
  }

  channels(): readonly string[] {
    return this.#channels.all().map((row) => String(row.channel));
  }
}

const queuedOf = (row: Record<string, unknown>): QueuedNotification => ({
  number: Number(row.number),
  alarm: alarmId(String(row.alarm)),
  step: Number(row.step),
  channel: String(row.channel),
  attempts: Number(row.attempts),
  queuedAt: instant(Number(row.queued_ms)),
  dueAt: instant(Number(row.due_ms)),
  body: String(row.body),
});
