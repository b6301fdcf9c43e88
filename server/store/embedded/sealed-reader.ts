/**
 * The files of the store as a reader thread sees them: the log's tail and the sealed months, as of one
 * moment of the log.
 */
import { readdirSync, statSync } from "node:fs";
import { Database, type Statement } from "../../../platform/sqlite.ts";
import type { Bucket } from "../store.ts";
import type { Calendar } from "./calendar.ts";
import type { Columns } from "./columns.ts";
import { LOG_FILE } from "./log-tables.ts";
import type { LogRow } from "./reader-worker.ts";
import { Tail } from "./tail.ts";
import type { Stretch, Window } from "./walk.ts";

export interface SealedReaderOptions {
  readonly folder: string;
  readonly zone: string;
  readonly calendar: Calendar;
}

export interface SeriesSource {
  readonly tail: Columns;
  windows(range: { readonly from: number; readonly to: number }): Iterable<Window>;
  /** Days where the bucket is of whole days of the site, windows otherwise. */
  stretches(
    range: { readonly from: number; readonly to: number },
    bucket: Bucket,
  ): Iterable<Stretch>;
  /** Newest first, those that begin before `time`. */
  windowsBefore(time: number): Iterable<Window>;
  /** Oldest first, those that end after `time`. */
  windowsFrom(time: number): Iterable<Window>;
}

export class SealedReader {
  readonly #folder: string;
  readonly #log: Database;
  readonly #tail: Tail;
  readonly #selectLog: Statement;

  constructor({ folder }: SealedReaderOptions) {
    this.#folder = folder;
    this.#log = Database.open({ file: `${folder}/${LOG_FILE}`, readOnly: true });
    this.#tail = new Tail(this.#log);
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
      const logRow = row as unknown as LogRow;
      rows.push({ ...logRow });
      bytes += logRow.samples.byteLength;
      if (bytes >= bytesMax) break;
    }
    return rows;
  }

  series(id: number): SeriesSource {
    this.#log.exec("BEGIN");
    try {
      this.#tail.refresh();
    } finally {
      this.#log.exec("COMMIT");
    }
    return {
      tail: this.#tail.of(id),
      windows: () => [],
      stretches: () => [],
      windowsBefore: () => [],
      windowsFrom: () => [],
    };
  }

  bytes(): number {
    let bytes = 0;
    for (const name of readdirSync(this.#folder)) {
      bytes += statSync(`${this.#folder}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
    }
    return bytes;
  }

  close(): void {
    this.#log.close();
  }
}
