/**
 * Moves samples from the log into chunks. A round takes the oldest unsealed entries, merges them into the
 * chunks of their hours or days, and brings the daily summaries up to date; only when all of that is on
 * the disk is the log told. Every step may be repeated after a crash with the same result, because a
 * sample that is in its chunk already is found there again.
 */
import { Database, type Statement } from "../../../../platform/sqlite.ts";
import { encodeChunk } from "../../codec.ts";
import { type Columns, EMPTY, lowerBound, merged, sliceOf } from "../columns.ts";
import { type LogColumns, unpackColumns } from "../log/log-codec.ts";
import { LOG_FILE } from "../log/log-tables.ts";
import { Calendar } from "../query/calendar.ts";
import { piecesOf } from "../query/walk.ts";
import { giveBack } from "../threads/worker-call.ts";
import { DailyFile, type DaySummary } from "./daily-file.ts";
import { Grid, hourMs, hourOf, hourOfRow, seriesOfRow } from "./grid.ts";
import { bySeries } from "./grouping.ts";
import { MonthFile, MonthWriter } from "./month-file.ts";
import { type MonthSource, windowsIn } from "./months.ts";
import { joined, type Summary, summaryOf } from "./summary.ts";
import type { SummaryEntry } from "./summary-codec.ts";

/** A day with more samples is cut into hours: slow points have a chunk for each day. */
export const DAY_SAMPLES_MAX = 1_500;
/** Chunks in one transaction of a month's file. */
const COMMIT_CHUNKS_MAX = 5_000;
/** Files that stay open from one round to the next. */
const MONTHS_OPEN_MAX = 3;
/** Files that are open at once within a round; the one used longest ago is closed for another. */
const MONTHS_WRITING_MAX = 36;
const DAY_SLOTS = 24;

export interface SealerOptions {
  readonly folder: string;
  readonly zone: string;
  readonly shiftHours: number;
}

export interface SealedRound {
  /** Last position that is in chunks now. */
  readonly through: number;
  readonly entries: number;
  readonly samples: number;
  readonly months: readonly { readonly name: string; readonly chunks: number }[];
  /** What was wrong with the chunks that were set aside. */
  readonly damage: readonly string[];
}

export class Sealer implements MonthSource {
  readonly grid: Grid;
  readonly #folder: string;
  readonly #zone: string;
  readonly #calendar = new Calendar();
  readonly #log: Database;
  readonly #selectLog: Statement;
  readonly #daily: DailyFile;
  readonly #writers = new Map<string, MonthWriter>();
  #names: string[];
  #damage: string[] = [];
  readonly #onDamage = (why: string): void => {
    this.#damage.push(why);
  };

  constructor({ folder, zone, shiftHours }: SealerOptions) {
    this.#folder = folder;
    this.#zone = zone;
    this.grid = new Grid(shiftHours);
    this.#log = Database.open({ file: `${folder}/${LOG_FILE}`, readOnly: true });
    this.#selectLog = this.#log.prepare(
      "SELECT position, samples FROM log WHERE position > ? AND position <= ? ORDER BY position",
    );
    this.#daily = new DailyFile(folder, { mode: "write", zone, calendar: this.#calendar });
    const months = this.#log.prepare("SELECT name FROM month ORDER BY name").all();
    this.#names = months.map((row) => String(row.name));
  }

  get names(): readonly string[] {
    return this.#names;
  }

  open(month: string): MonthFile {
    return this.#writer(month).month;
  }

  /** Seals entries up to `through`, as many as have `samplesMax` samples or a little more. */
  sealRound(argument: { readonly through: number; readonly samplesMax: number }): SealedRound {
    const { entries, through, samples } = this.#unsealed(argument);
    const touched = new Set<string>();
    this.#damage = [];
    this.#daily.begin();
    try {
      for (const { series, columns } of bySeries(entries)) {
        this.#sealSeries(series, columns, touched);
      }
      for (const writer of this.#writers.values()) writer.commit();
      this.#daily.commit();
    } catch (error) {
      for (const writer of this.#writers.values()) writer.rollback();
      this.#daily.rollback();
      throw error;
    } finally {
      for (const entry of entries) giveBack(entry.series.buffer);
    }
    const months = [...touched].map((name) => ({ name, chunks: this.open(name).chunks() }));
    this.#closeMonths(MONTHS_OPEN_MAX);
    return { through, entries: entries.length, samples, months, damage: this.#damage };
  }

  #unsealed({ through, samplesMax }: { readonly through: number; readonly samplesMax: number }): {
    readonly entries: readonly LogColumns[];
    readonly through: number;
    readonly samples: number;
  } {
    const state = this.#log.prepare("SELECT number FROM state WHERE key = 'sealed_through'").get();
    let last = Number(state?.number ?? 0);
    const entries: LogColumns[] = [];
    let samples = 0;
    for (const row of this.#selectLog.iterate(last, through)) {
      if (!(row.samples instanceof Uint8Array)) continue;
      const entry = unpackColumns(row.samples);
      entries.push(entry);
      samples += entry.count;
      last = Number(row.position);
      if (samples >= samplesMax) break;
    }
    return { entries, through: last, samples };
  }

  #sealSeries(series: number, columns: Columns, touched: Set<string>): void {
    const days: number[] = [];
    for (let i = 0; i < columns.count; ) {
      const day = this.grid.dayOf(columns.times[i] ?? 0);
      const end = lowerBound(columns, this.grid.dayStartMs(day + 1));
      const month = this.grid.monthOf(day);
      const writer = this.#writer(month);
      this.#sealDay(writer, { series, day }, sliceOf(columns, i, end));
      if (writer.pending >= COMMIT_CHUNKS_MAX) writer.commit();
      touched.add(month);
      days.push(day);
      i = end;
    }
    this.#keepDaily(series, days);
  }

  #sealDay(
    writer: MonthWriter,
    { series, day }: { readonly series: number; readonly day: number },
    fresh: Columns,
  ): void {
    const dayHour = this.grid.dayHour(day);
    const entries = writer.month.entries(series, dayHour);
    const isWhole = entries[0]?.span === DAY_SLOTS;
    if (entries.length > 0 && !isWhole) {
      writer.putEntries(
        series,
        dayHour,
        this.#sealHours(writer, { series, dayHour }, fresh, entries),
      );
      return;
    }
    const sealed = isWhole ? writer.chunk(series, dayHour, this.#onDamage) : EMPTY;
    const all = merged(sealed, fresh);
    if (all.count <= DAY_SAMPLES_MAX) {
      writer.putChunk(series, dayHour, encodeChunk(all), !isWhole);
      const whole = { slot: 0, span: DAY_SLOTS, summary: summaryOf(all) };
      writer.putEntries(series, dayHour, [whole]);
      return;
    }
    if (isWhole) writer.removeChunk(series, dayHour);
    writer.putEntries(series, dayHour, this.#sealHours(writer, { series, dayHour }, all, []));
  }

  /** Merges samples into the hours of a day; the day's entries as they are then. */
  #sealHours(
    writer: MonthWriter,
    { series, dayHour }: { readonly series: number; readonly dayHour: number },
    columns: Columns,
    entries: readonly SummaryEntry[],
  ): readonly SummaryEntry[] {
    const bySlot = new Map(entries.map((entry) => [entry.slot, entry]));
    for (let i = 0; i < columns.count; ) {
      const hour = hourOf(columns.times[i] ?? 0);
      const end = lowerBound(columns, hourMs(hour + 1));
      const slot = hour - dayHour;
      const isNew = !bySlot.has(slot);
      const sealed = isNew ? EMPTY : writer.chunk(series, hour, this.#onDamage);
      const all = merged(sealed, sliceOf(columns, i, end));
      writer.putChunk(series, hour, encodeChunk(all), isNew);
      bySlot.set(slot, { slot, span: 1, summary: summaryOf(all) });
      i = end;
    }
    return [...bySlot.values()].sort((a, b) => a.slot - b.slot);
  }

  /** Works out the days of the site that the given days of the grid have a part in. */
  #keepDaily(series: number, days: readonly number[]): void {
    const kept: DaySummary[] = [];
    let next = Number.NEGATIVE_INFINITY;
    for (const [first, last] of this.#siteDays(days)) {
      const start = Math.max(first, next);
      if (last < start) continue;
      kept.push(...this.#daySummaries(series, start, last));
      next = last + 1;
    }
    this.#daily.put(series, kept);
  }

  /** Runs of days of the site, from and to, for runs of days of the grid. */
  *#siteDays(days: readonly number[]): Generator<readonly [number, number]> {
    for (let i = 0; i < days.length; ) {
      let end = i + 1;
      while (end < days.length && days[end] === (days[end - 1] ?? 0) + 1) end += 1;
      const from = this.grid.dayStartMs(days[i] ?? 0);
      const to = this.grid.dayStartMs((days[end - 1] ?? 0) + 1);
      yield [this.#calendar.dayOf(this.#zone, from), this.#calendar.dayOf(this.#zone, to - 1)];
      i = end;
    }
  }

  #daySummaries(series: number, first: number, last: number): DaySummary[] {
    const cuts: number[] = [];
    for (let day = first; day <= last + 1; day++) {
      cuts.push(this.#calendar.dayStart(this.#zone, day));
    }
    const range = { from: cuts[0] ?? 0, to: cuts.at(-1) ?? 0 };
    const stretches = windowsIn(this, series, range);
    const found = new Map<number, Summary>();
    const walk = { stretches, tail: EMPTY, cuts, gapMsMax: Number.POSITIVE_INFINITY };
    for (const { bucket, summary } of piecesOf(walk)) {
      const before = found.get(first + bucket);
      found.set(first + bucket, before === undefined ? summary : joined(before, summary));
    }
    return [...found].map(([day, summary]) => ({ day, summary }));
  }

  /** Makes every daily summary anew when they are not of this zone, or not complete. */
  rebuildDaily(): boolean {
    if (this.#daily.isComplete()) return false;
    this.#daily.clear();
    this.#daily.begin();
    try {
      for (const name of this.#names) this.#rebuildMonth(name);
      this.#daily.complete();
      this.#daily.commit();
    } catch (error) {
      this.#daily.rollback();
      throw error;
    }
    this.#closeMonths(MONTHS_OPEN_MAX);
    return this.#names.length > 0;
  }

  #rebuildMonth(name: string): void {
    const rows = [...this.open(name).rows()];
    for (const [series, ofSeries] of Map.groupBy(rows, seriesOfRow)) {
      const days = ofSeries.map((row) => this.grid.dayOf(hourMs(hourOfRow(row, series))));
      this.#keepDaily(series, days);
    }
  }

  #writer(month: string): MonthWriter {
    let writer = this.#writers.get(month);
    if (writer === undefined) {
      this.#closeMonths(MONTHS_WRITING_MAX - 1);
      writer = new MonthWriter(new MonthFile(this.#folder, month, "write"));
      if (!this.#names.includes(month)) this.#names = [...this.#names, month].sort();
    }
    this.#writers.delete(month);
    this.#writers.set(month, writer);
    return writer;
  }

  /** Commits and closes all but the ones used last. */
  #closeMonths(keep: number): void {
    for (const [name, writer] of this.#writers) {
      if (this.#writers.size <= keep) return;
      writer.close();
      this.#writers.delete(name);
    }
  }

  close(): void {
    this.#closeMonths(0);
    this.#daily.close();
    this.#log.close();
  }
}
