/**
 * One month of chunks with their summaries in a file of its own, so that keeping less is deleting a file.
 * The sealer writes it, readers read it; both see a chunk and its summary change together.
 */
import { hasCode, LamplighterError } from "../../../../core/errors.ts";
import { Database, type Migrations, type Statement } from "../../../../platform/sqlite.ts";
import { decodeChunk } from "../../codec.ts";
import { type Columns, EMPTY } from "../columns.ts";
import type { Window } from "../query/walk.ts";
import { hourMs, hourOfRow, rowOf } from "./grid.ts";
import { packSummaries, type SummaryEntry, unpackSummaries } from "./summary-codec.ts";

const migrations: Migrations = [
  `CREATE TABLE chunk (row INTEGER PRIMARY KEY, samples BLOB NOT NULL) STRICT;
   CREATE TABLE summary (row INTEGER PRIMARY KEY, windows BLOB NOT NULL) STRICT;
   CREATE TABLE state (key TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
   INSERT INTO state VALUES ('chunks', 0);`,
  `CREATE TABLE set_aside (
     id INTEGER PRIMARY KEY, row INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;`,
];

/** Of each open month; many are open at once when a year is looked at. */
const CACHE_KIB = 512;
const CHECKPOINT_PAGES = 256;

export class MonthFile {
  readonly #db: Database;
  readonly #file: string;
  readonly #sql;
  #isReading = false;

  constructor(folder: string, month: string, mode: "read" | "write") {
    const file = `${folder}/${month}.db`;
    this.#file = file;
    this.#db = Database.open({ file, readOnly: mode === "read", pageBytes: 16_384 });
    if (mode === "write") {
      this.#db.migrate("store-month", migrations);
      this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    }
    this.#db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    this.#sql = {
      chunk: this.#db.prepare("SELECT samples FROM chunk WHERE row = ?"),
      day: this.#db.prepare("SELECT windows FROM summary WHERE row = ?"),
      days: this.#db.prepare("SELECT row, windows FROM summary WHERE row >= ? AND row < ?"),
      allDays: this.#db.prepare("SELECT row FROM summary"),
      dayBefore: this.#db.prepare(
        "SELECT row, windows FROM summary WHERE row < ? AND row >= ? ORDER BY row DESC LIMIT 1",
      ),
      dayFrom: this.#db.prepare(
        "SELECT row, windows FROM summary WHERE row >= ? AND row < ? ORDER BY row LIMIT 1",
      ),
      chunks: this.#db.prepare("SELECT number FROM state WHERE key = 'chunks'"),
    };
  }

  /** Of one day; empty when nothing of it is sealed. */
  entries(series: number, dayHour: number): SummaryEntry[] {
    const row = this.#sql.day.get(rowOf(series, dayHour));
    return row === undefined ? [] : entriesOf(row.windows, dayHour);
  }

  chunk(series: number, hour: number): Columns | undefined {
    const row = this.#sql.chunk.get(rowOf(series, hour));
    if (!(row?.samples instanceof Uint8Array)) return undefined;
    const start = new Date(hourMs(hour)).toISOString();
    return decodeChunk(row.samples, `${this.#file}, series ${series}, from ${start}`);
  }

  /** Windows of the days that begin from `fromHour` up to and without `toHour`, in order. */
  *windows(series: number, fromHour: number, toHour: number): Generator<Window> {
    const rows = this.#sql.days.all(rowOf(series, fromHour), rowOf(series, toHour));
    for (const row of rows) {
      yield* this.#windowsOf(series, hourOfRow(Number(row.row), series), row.windows);
    }
  }

  /** The same one day at a time, for those who need only the first few. */
  *windowsFrom(series: number, hour: number, endHour: number): Generator<Window> {
    for (let next = hour; ; ) {
      const row = this.#sql.dayFrom.get(rowOf(series, next), rowOf(series, endHour));
      if (row === undefined) return;
      const dayHour = hourOfRow(Number(row.row), series);
      yield* this.#windowsOf(series, dayHour, row.windows);
      next = dayHour + 1;
    }
  }

  /** Windows of days that begin before `hour`, newest first. */
  *windowsBefore(series: number, hour: number, firstHour: number): Generator<Window> {
    for (let before = hour; ; ) {
      const row = this.#sql.dayBefore.get(rowOf(series, before), rowOf(series, firstHour));
      if (row === undefined) return;
      before = hourOfRow(Number(row.row), series);
      yield* this.#windowsOf(series, before, row.windows).reverse();
    }
  }

  #windowsOf(series: number, dayHour: number, packed: unknown): Window[] {
    return entriesOf(packed, dayHour).map(({ slot, span, summary }) => {
      const hour = dayHour + slot;
      return {
        kind: "window",
        start: hourMs(hour),
        end: hourMs(hour + span),
        summary,
        load: () => this.#load(series, hour),
      };
    });
  }

  #load(series: number, hour: number): Columns {
    const columns = this.chunk(series, hour);
    if (columns !== undefined) return columns;
    throw new LamplighterError(
      "DATABASE_DAMAGED",
      `${this.#file} has a summary of series ${series}, hour ${hour}, but no samples. Restore it from a backup.`,
    );
  }

  /** Every (series, day) that has something sealed, as row numbers. */
  *rows(): Generator<number> {
    for (const row of this.#sql.allDays.iterate()) yield Number(row.row);
  }

  chunks(): number {
    return Number(this.#sql.chunks.get()?.number ?? 0);
  }

  /** Keeps one view of the file until `endReading`. */
  beginReading(): void {
    if (this.#isReading) return;
    this.#db.exec("BEGIN");
    this.#isReading = true;
  }

  endReading(): void {
    if (!this.#isReading) return;
    this.#db.exec("COMMIT");
    this.#isReading = false;
  }

  prepare(sql: string): Statement {
    return this.#db.prepare(sql);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  close(): void {
    this.#db.close();
  }
}

const entriesOf = (packed: unknown, dayHour: number): SummaryEntry[] =>
  packed instanceof Uint8Array ? unpackSummaries(packed, (slot) => hourMs(dayHour + slot)) : [];

/** Writes chunks and summaries of one month inside one transaction. */
export class MonthWriter {
  readonly month: MonthFile;
  readonly #sql;
  #chunkChanges = 0;
  #isWriting = false;

  constructor(month: MonthFile) {
    this.month = month;
    this.#sql = {
      putChunk: month.prepare(
        "INSERT INTO chunk VALUES (?, ?) ON CONFLICT (row) DO UPDATE SET samples = excluded.samples",
      ),
      setAside: month.prepare(
        "INSERT INTO set_aside (row, samples) SELECT row, samples FROM chunk WHERE row = ?",
      ),
      removeChunk: month.prepare("DELETE FROM chunk WHERE row = ?"),
      putDay: month.prepare("INSERT OR REPLACE INTO summary VALUES (?, ?)"),
      removeDay: month.prepare("DELETE FROM summary WHERE row = ?"),
      addChunks: month.prepare("UPDATE state SET number = number + ? WHERE key = 'chunks'"),
    };
  }

  /** Chunks written or removed since the last commit. */
  get pending(): number {
    return this.#chunkChanges;
  }

  /**
   * A chunk to merge with. One that cannot be decoded is set aside in the file, so that new samples of
   * its time can be kept; `onDamage` is told.
   */
  chunk(series: number, hour: number, onDamage: (why: string) => void): Columns {
    try {
      return this.month.chunk(series, hour) ?? EMPTY;
    } catch (error) {
      if (!hasCode(error, "DATABASE_DAMAGED")) throw error;
      onDamage(error.message);
      this.#begin();
      this.#sql.setAside.run(rowOf(series, hour));
      return EMPTY;
    }
  }

  putChunk(series: number, hour: number, samples: Uint8Array, isNew: boolean): void {
    this.#begin();
    this.#sql.putChunk.run(rowOf(series, hour), samples);
    if (isNew) this.#sql.addChunks.run(1);
    this.#chunkChanges += 1;
  }

  removeChunk(series: number, hour: number): void {
    this.#begin();
    this.#sql.removeChunk.run(rowOf(series, hour));
    this.#sql.addChunks.run(-1);
    this.#chunkChanges += 1;
  }

  putEntries(series: number, dayHour: number, entries: readonly SummaryEntry[]): void {
    this.#begin();
    const row = rowOf(series, dayHour);
    if (entries.length === 0) this.#sql.removeDay.run(row);
    else
      this.#sql.putDay.run(
        row,
        packSummaries(entries, (slot) => hourMs(dayHour + slot)),
      );
  }

  #begin(): void {
    if (this.#isWriting) return;
    this.month.exec("BEGIN IMMEDIATE");
    this.#isWriting = true;
  }

  /** Leaves all in the month's file itself, also while readers have it open. */
  close(): void {
    this.commit();
    this.month.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.month.close();
  }

  commit(): void {
    if (this.#isWriting) this.month.exec("COMMIT");
    this.#isWriting = false;
    this.#chunkChanges = 0;
  }

  rollback(): void {
    if (this.#isWriting) this.month.exec("ROLLBACK");
    this.#isWriting = false;
    this.#chunkChanges = 0;
  }
}
