/** Who changed what, when: appended in the same transaction as the change, never edited. */
import type { Clock } from "../core/clock.ts";
import type { ErrorFields } from "../core/errors.ts";
import { type Instant, instant } from "../core/time.ts";
import type { Database, Statement } from "../platform/sqlite.ts";

export interface JournalEntry {
  readonly number: number;
  readonly time: Instant;
  readonly by: string;
  readonly what: string;
  readonly fields: string;
}

const MIGRATIONS = [
  "CREATE TABLE journal (number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, fields TEXT NOT NULL)",
];

export class Journal {
  readonly #insert: Statement;
  readonly #select: Statement;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    db.migrate("journal", MIGRATIONS);
    this.#clock = clock;
    this.#insert = db.prepare(
      "INSERT INTO journal (time_ms, by, what, fields) VALUES (?, ?, ?, ?)",
    );
    this.#select = db.prepare(
      "SELECT * FROM journal WHERE number < ? ORDER BY number DESC LIMIT ?",
    );
  }

  /** `fields` never hold a secret. */
  write(by: string, what: string, fields: ErrorFields): void {
    this.#insert.run(this.#clock.now(), by, what, JSON.stringify(fields));
  }

  /** Newest first. */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): readonly JournalEntry[] {
    return this.#select.all(before, limit).map((row) => ({
      number: Number(row.number),
      time: instant(Number(row.time_ms)),
      by: String(row.by),
      what: String(row.what),
      fields: String(row.fields),
    }));
  }
}
