/**
 * The files of the store as a reader thread sees them. One question sees one state: the log's tail and the
 * list of months as of one moment, and each month as it was first looked at, which is never older.
 */
import { readdirSync, statSync } from "node:fs";
import { Database, type Statement } from "../../../../platform/sqlite.ts";
import type { Bucket } from "../../store.ts";
import { DailyFile } from "../chunks/daily-file.ts";
import { Grid } from "../chunks/grid.ts";
import { MonthFile } from "../chunks/month-file.ts";
import {
  type MonthSource,
  type TimeRange,
  windowsBefore,
  windowsFrom,
  windowsIn,
} from "../chunks/months.ts";
import type { Columns } from "../columns.ts";
import { LOG_FILE, type LogRow } from "../log/log-tables.ts";
import { Tail } from "../log/tail.ts";
import type { Calendar } from "./calendar.ts";
import type { Day, Stretch, Window } from "./walk.ts";

/** Month files a reader keeps open; the one used longest ago is closed for another. */
const MONTHS_OPEN_MAX = 16;

export interface SealedReaderOptions {
  readonly folder: string;
  readonly zone: string;
  readonly calendar: Calendar;
  readonly shiftHours: number;
}

/** What is stored of one series. */
export interface SeriesSource {
  /** Not in chunks yet; in order. */
  readonly tail: Columns;
  windows(range: TimeRange): Iterable<Window>;
  /** Days where buckets are whole days of the site, windows otherwise. */
  stretches(range: TimeRange, bucket: Bucket): Iterable<Stretch>;
  windowsBefore(time: number): Iterable<Window>;
  windowsFrom(time: number): Iterable<Window>;
}

export class SealedReader implements MonthSource {
  readonly grid: Grid;
  readonly #folder: string;
  readonly #zone: string;
  readonly #calendar: Calendar;
  readonly #log: Database;
  readonly #daily: DailyFile;
  readonly #tail: Tail;
  readonly #selectLog: Statement;
  readonly #selectMonths: Statement;
  readonly #files = new Map<string, MonthFile>();
  #names: readonly string[] = [];

  constructor({ folder, zone, calendar, shiftHours }: SealedReaderOptions) {
    this.grid = new Grid(shiftHours);
    this.#folder = folder;
    this.#zone = zone;
    this.#calendar = calendar;
    this.#log = Database.open({ file: `${folder}/${LOG_FILE}`, readOnly: true });
    this.#daily = new DailyFile(folder, { mode: "read", zone, calendar });
    this.#tail = new Tail(this.#log);
    this.#selectMonths = this.#log.prepare("SELECT name FROM month ORDER BY name");
    this.#selectLog = this.#log.prepare(
      `SELECT position, gateway, epoch, lane.lane, number, received_at AS receivedAt, log.samples
       FROM log JOIN lane ON lane.id = log.lane WHERE position > ? ORDER BY position LIMIT ?`,
    );
  }

  logAfter(
    { position, entriesMax }: { readonly position: number; readonly entriesMax: number },
    bytesMax: number,
  ): readonly LogRow[] {
    const rows: LogRow[] = [];
    let bytes = 0;
    for (const row of this.#selectLog.iterate(position, entriesMax)) {
      const samples = row.samples;
      if (!(samples instanceof Uint8Array)) continue;
      rows.push({
        position: Number(row.position),
        gateway: String(row.gateway),
        epoch: String(row.epoch),
        lane: String(row.lane),
        number: Number(row.number),
        receivedAt: Number(row.receivedAt),
        samples,
      });
      bytes += samples.byteLength;
      if (bytes >= bytesMax) break;
    }
    return rows;
  }

  /** Lets `answer` look at one series; nothing it gets may be used after it has returned. */
  withSeries<T>(id: number, answer: (source: SeriesSource) => T): T {
    this.#refresh();
    try {
      return answer({
        tail: this.#tail.of(id),
        windows: (range) => windowsIn(this, id, range),
        stretches: (range, bucket) =>
          this.#hasDays(bucket) ? this.#days(id, range) : windowsIn(this, id, range),
        windowsBefore: (time) => windowsBefore(this, id, time),
        windowsFrom: (time) => windowsFrom(this, id, time),
      });
    } finally {
      for (const file of this.#files.values()) file.endReading();
    }
  }

  #refresh(): void {
    this.#log.exec("BEGIN");
    try {
      if (this.#tail.refresh()) {
        this.#names = this.#selectMonths.all().map((row) => String(row.name));
      }
    } finally {
      this.#log.exec("COMMIT");
    }
  }

  #hasDays(bucket: Bucket): boolean {
    return bucket.kind !== "duration" && bucket.zone === this.#zone && this.#daily.isComplete();
  }

  *#days(series: number, { from, to }: TimeRange): Generator<Day> {
    const first = this.#calendar.dayOf(this.#zone, from);
    const last = this.#calendar.dayOf(this.#zone, to - 1);
    for (const { day, summary } of this.#daily.days(series, first, last)) {
      const start = this.#calendar.dayStart(this.#zone, day);
      const end = this.#calendar.dayStart(this.#zone, day + 1);
      const windows = () => windowsIn(this, series, { from: start, to: end });
      yield { kind: "day", start, end, summary, windows };
    }
  }

  get names(): readonly string[] {
    return this.#names;
  }

  open(month: string): MonthFile {
    const file = this.#files.get(month) ?? this.#openMonth(month);
    this.#files.delete(month);
    this.#files.set(month, file);
    file.beginReading();
    return file;
  }

  #openMonth(month: string): MonthFile {
    const [oldest] = this.#files;
    if (oldest !== undefined && this.#files.size >= MONTHS_OPEN_MAX) {
      oldest[1].close();
      this.#files.delete(oldest[0]);
    }
    return new MonthFile(this.#folder, month, "read");
  }

  bytes(): number {
    let bytes = 0;
    for (const name of readdirSync(this.#folder)) {
      bytes += statSync(`${this.#folder}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
    }
    return bytes;
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#daily.close();
    this.#log.close();
  }
}
