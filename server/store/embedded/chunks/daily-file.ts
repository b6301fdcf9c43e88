/**
 * The file `daily.db`: a summary of every day of the site for every series, a row for each month, so that
 * a year is twelve rows. Derived from the months' files, and made anew when the site's zone changes.
 */
import { Database, type Migrations } from "../../../../platform/sqlite.ts";
import type { Calendar } from "../query/calendar.ts";
import type { Summary } from "./summary.ts";
import { packSummaries, type SummaryEntry, unpackSummaries } from "./summary-codec.ts";

export const DAILY_FILE = "daily.db";

const migrations: Migrations = [
  `CREATE TABLE daily (row INTEGER PRIMARY KEY, days BLOB NOT NULL) STRICT;
   CREATE TABLE zone (name TEXT PRIMARY KEY) STRICT;`,
];

/** Row numbers are `series * 2^12 + months since 1970`, which reaches to the year 2311. */
const MONTHS = 2 ** 12;
const DAY_MS = 86_400_000;
const CHECKPOINT_PAGES = 256;

export interface DaySummary {
  /** Calendar days since 1970-01-01. */
  readonly day: number;
  readonly summary: Summary;
}

export class DailyFile {
  readonly #db: Database;
  readonly #calendar: Calendar;
  readonly #zone: string;
  readonly #sql;

  constructor(
    folder: string,
    options: {
      readonly mode: "read" | "write";
      readonly zone: string;
      readonly calendar: Calendar;
    },
  ) {
    const file = `${folder}/${DAILY_FILE}`;
    this.#zone = options.zone;
    this.#calendar = options.calendar;
    this.#db = Database.open({ file, readOnly: options.mode === "read", pageBytes: 16_384 });
    if (options.mode === "write") {
      this.#db.migrate("store-daily", migrations);
      this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    }
    this.#sql = {
      get: this.#db.prepare("SELECT days FROM daily WHERE row = ?"),
      range: this.#db.prepare("SELECT row, days FROM daily WHERE row >= ? AND row <= ?"),
      put: this.#db.prepare("INSERT OR REPLACE INTO daily VALUES (?, ?)"),
      zone: this.#db.prepare("SELECT name FROM zone"),
    };
  }

  /** Whether the days kept are days of this zone, all of them. */
  isComplete(): boolean {
    return this.#sql.zone.get()?.name === this.#zone;
  }

  /** Forgets every day; `complete` must follow when all have been put again. */
  clear(): void {
    this.#db.exec("BEGIN IMMEDIATE; DELETE FROM zone; DELETE FROM daily; COMMIT");
  }

  complete(): void {
    this.#db.prepare("INSERT OR REPLACE INTO zone VALUES (?)").run(this.#zone);
  }

  /** In order; of the calendar days from `first` to `last`, both included. */
  days(series: number, first: number, last: number): DaySummary[] {
    const found: DaySummary[] = [];
    const base = series * MONTHS;
    const rows = this.#sql.range.all(base + monthOf(first).index, base + monthOf(last).index);
    for (const row of rows) {
      const month = monthAt(Number(row.row) - base);
      for (const { slot, summary } of this.#entries(row.days, month.firstDay)) {
        const day = month.firstDay + slot - 1;
        if (day >= first && day <= last) found.push({ day, summary });
      }
    }
    return found;
  }

  /** Replaces the given days of one series, all in one transaction with other calls until `commit`. */
  put(series: number, days: readonly DaySummary[]): void {
    const byMonth = Map.groupBy(days, ({ day }) => monthOf(day).index);
    for (const [index, changed] of byMonth) {
      const row = series * MONTHS + index;
      const { firstDay } = monthAt(index);
      const entries = new Map<number, SummaryEntry>();
      for (const entry of this.#entries(this.#sql.get.get(row)?.days, firstDay)) {
        entries.set(entry.slot, entry);
      }
      for (const { day, summary } of changed) {
        const slot = day - firstDay + 1;
        entries.set(slot, { slot, span: 1, summary });
      }
      const inOrder = [...entries.values()].sort((a, b) => a.slot - b.slot);
      this.#sql.put.run(row, packSummaries(inOrder, this.#startOf(firstDay)));
    }
  }

  begin(): void {
    this.#db.exec("BEGIN IMMEDIATE");
  }

  commit(): void {
    this.#db.exec("COMMIT");
  }

  rollback(): void {
    this.#db.exec("ROLLBACK");
  }

  close(): void {
    this.#db.close();
  }

  #entries(packed: unknown, firstDay: number): SummaryEntry[] {
    return packed instanceof Uint8Array ? unpackSummaries(packed, this.#startOf(firstDay)) : [];
  }

  #startOf(firstDay: number): (slot: number) => number {
    return (slot) => this.#calendar.dayStart(this.#zone, firstDay + slot - 1);
  }
}

function monthOf(day: number): { readonly index: number } {
  const date = new Date(day * DAY_MS);
  return { index: (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth() };
}

const monthAt = (index: number): { readonly firstDay: number } => ({
  firstDay: Date.UTC(1970, index, 1) / DAY_MS,
});
