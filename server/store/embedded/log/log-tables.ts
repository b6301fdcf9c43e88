/**
 * The file `log.db`: the append log, the lanes with their counters, the names of series and how far the
 * log has been sealed and released. Only the writer thread opens it for writing.
 */
import type { Lane } from "../../../../core/batch.ts";
import { Database, type Migrations } from "../../../../platform/sqlite.ts";
import { shiftHoursOf } from "../chunks/grid.ts";

export const LOG_FILE = "log.db";

const migrations: Migrations = [
  `CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE lane (
     id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, epoch TEXT NOT NULL, lane TEXT NOT NULL,
     stored_through INTEGER NOT NULL, samples INTEGER NOT NULL, refused INTEGER NOT NULL,
     UNIQUE (gateway, epoch, lane)) STRICT;
   CREATE TABLE log (
     position INTEGER PRIMARY KEY, lane INTEGER NOT NULL, number INTEGER NOT NULL,
     received_at INTEGER NOT NULL, count INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;
   CREATE TABLE reader (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
   CREATE TABLE month (name TEXT PRIMARY KEY, chunks INTEGER NOT NULL) STRICT;
   CREATE TABLE state (key TEXT PRIMARY KEY, number INTEGER, bytes BLOB) STRICT;
   INSERT INTO state (key, number) VALUES ('sealed_through', 0), ('removed_through', 0),
     ('latest_through', 0);`,
];

export interface PackedRequest {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  readonly number: number;
  readonly receivedAt: number;
  readonly count: number;
  readonly refused: number;
  readonly samples: Uint8Array<ArrayBuffer>;
}

/** An entry as a reader thread hands it out. */
export interface LogRow {
  readonly position: number;
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: string;
  readonly number: number;
  readonly receivedAt: number;
  readonly samples: Uint8Array;
}

export type PackedOutcome =
  | { readonly kind: "stored"; readonly position: number }
  | { readonly kind: "replay" | "gap"; readonly storedThrough: number };

export interface LaneRow {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  storedThrough: number;
  samples: number;
  refused: number;
}

interface KeptLane extends LaneRow {
  readonly id: number;
}

/** Rows removed in one transaction, so that none of them takes long. */
const REMOVE_ROWS_MAX = 256;

const PAGE_BYTES = 16_384;
/** 4 MB of commits go from the write-ahead log to the file at once. */
const CHECKPOINT_PAGES = 256;
const WAL_BYTES_KEPT = 8 * 1024 * 1024;
/** A file that has no tables yet but the version's. */
const FRESH_PAGES_MAX = 4;
/** Free pages are kept for what comes next: 2 MB. */
const FREE_PAGES_KEPT = 128;
/** Pages given back in one transaction. */
const SHRINK_PAGES_MAX = 64;

const laneKey = (of: {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: string;
}): string => `${of.gateway}\n${of.epoch}\n${of.lane}`;

export class LogTables {
  readonly #db: Database;
  readonly #lanes = new Map<string, KeptLane>();
  readonly #readers = new Map<string, number>();
  readonly #progressed = new Set<string>();
  readonly #sql;
  #nextLaneId = 1;
  #end: number;
  #removedThrough: number;
  #sealedThrough: number;

  constructor({ folder, zone }: { readonly folder: string; readonly zone: string }) {
    this.#db = Database.open({ file: `${folder}/${LOG_FILE}`, pageBytes: PAGE_BYTES });
    this.#keepSmall();
    this.#db.migrate("store-log", migrations);
    this.#db
      .prepare("INSERT OR IGNORE INTO state (key, number) VALUES ('shift_hours', ?)")
      .run(shiftHoursOf(zone));
    this.#sql = {
      insertSeries: this.#db.prepare("INSERT OR IGNORE INTO series (id, point) VALUES (?, ?)"),
      setLane: this.#db.prepare("INSERT OR REPLACE INTO lane VALUES (?, ?, ?, ?, ?, ?, ?)"),
      insertLog: this.#db.prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)"),
      remove: this.#db.prepare("DELETE FROM log WHERE position > ? AND position <= ?"),
      setState: this.#db.prepare("UPDATE state SET number = ? WHERE key = ?"),
      setReader: this.#db.prepare("INSERT OR REPLACE INTO reader VALUES (?, ?)"),
    };
    for (const row of this.#db.prepare("SELECT * FROM lane").all()) {
      const lane: KeptLane = {
        id: Number(row.id),
        gateway: String(row.gateway),
        epoch: String(row.epoch),
        lane: row.lane as Lane,
        storedThrough: Number(row.stored_through),
        samples: Number(row.samples),
        refused: Number(row.refused),
      };
      this.#lanes.set(laneKey(lane), lane);
      this.#nextLaneId = Math.max(this.#nextLaneId, lane.id + 1);
    }
    for (const row of this.#db.prepare("SELECT * FROM reader").all()) {
      this.#readers.set(String(row.name), Number(row.position));
    }
    this.#removedThrough = this.#number("removed_through");
    this.#sealedThrough = this.#number("sealed_through");
    const last = this.#db.prepare("SELECT max(position) AS last FROM log").get();
    this.#end = Math.max(this.#removedThrough, Number(last?.last ?? 0));
  }

  /** Space that sealed entries leave goes back to the disk, beyond what the next hour needs. */
  #keepSmall(): void {
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.#db.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`);
    const isNew = this.#pragma("page_count") <= FRESH_PAGES_MAX;
    if (isNew && this.#pragma("auto_vacuum") === 0) {
      this.#db.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
    }
  }

  #pragma(name: "page_count" | "auto_vacuum" | "freelist_count"): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  }

  get end(): number {
    return this.#end;
  }

  get sealedThrough(): number {
    return this.#sealedThrough;
  }

  /** Chosen when the store was made and never changed; see `Grid`. */
  get shiftHours(): number {
    return this.#number("shift_hours");
  }

  unsealedSamples(): number {
    const row = this.#db
      .prepare("SELECT sum(count) AS samples FROM log WHERE position > ?")
      .get(this.#sealedThrough);
    return Number(row?.samples ?? 0);
  }

  get entries(): number {
    return this.#end - this.#removedThrough;
  }

  lanes(): readonly LaneRow[] {
    return [...this.#lanes.values()];
  }

  series(): readonly string[] {
    const rows = this.#db.prepare("SELECT point FROM series ORDER BY id").all();
    return rows.map((row) => String(row.point));
  }

  /** What `latest` was when it was written last, and the log position it goes with. */
  latest(): { readonly through: number; readonly samples: Uint8Array | undefined } {
    const row = this.#db.prepare("SELECT bytes FROM state WHERE key = 'latest'").get();
    const samples = row?.bytes instanceof Uint8Array ? row.bytes : undefined;
    return { through: this.#number("latest_through"), samples };
  }

  *blobsAfter(position: number): Generator<Uint8Array> {
    const select = this.#db.prepare("SELECT samples FROM log WHERE position > ? ORDER BY position");
    for (const row of select.iterate(position)) {
      if (row.samples instanceof Uint8Array) yield row.samples;
    }
  }

  /** All of `requests` in one transaction; each is stored only when it is the next of its lane. */
  commit(
    requests: readonly PackedRequest[],
    names: readonly (readonly [number, string])[],
  ): readonly PackedOutcome[] {
    const changed = new Map<string, KeptLane>();
    const outcomes: PackedOutcome[] = [];
    let end = this.#end;
    this.#db.transaction(() => {
      for (const [id, point] of names) this.#sql.insertSeries.run(id, point);
      for (const request of requests) {
        const lane = changed.get(laneKey(request)) ?? { ...this.#laneOf(request) };
        const outcome = outcomeOf(request, lane.storedThrough, end + 1);
        outcomes.push(outcome);
        if (outcome.kind !== "stored") continue;
        end = outcome.position;
        lane.storedThrough = request.number;
        lane.samples += request.count;
        lane.refused += request.refused;
        changed.set(laneKey(request), lane);
        const { number, receivedAt, count, samples } = request;
        this.#sql.insertLog.run(end, lane.id, number, receivedAt, count, samples);
      }
      for (const lane of changed.values()) this.#keepLane(lane);
      this.#keepReaders();
    });
    this.#end = end;
    for (const [key, lane] of changed) this.#lanes.set(key, lane);
    return outcomes;
  }

  #laneOf(request: PackedRequest): KeptLane {
    const known = this.#lanes.get(laneKey(request));
    if (known !== undefined) return known;
    const { gateway, epoch, lane } = request;
    const id = this.#nextLaneId++;
    return { id, gateway, epoch, lane, storedThrough: 0, samples: 0, refused: 0 };
  }

  #keepLane(lane: KeptLane): void {
    this.#sql.setLane.run(
      lane.id,
      lane.gateway,
      lane.epoch,
      lane.lane,
      lane.storedThrough,
      lane.samples,
      lane.refused,
    );
  }

  /**
   * Never moves a reader back. A new reader is durable at once; its progress with the next transaction,
   * for a position that is too low only keeps entries a little longer.
   */
  release(reader: string, position: number): void {
    const known = this.#readers.get(reader);
    if (known !== undefined && position <= known) return;
    this.#readers.set(reader, position);
    this.#progressed.add(reader);
    if (known === undefined) this.#db.transaction(() => this.#keepReaders());
  }

  #keepReaders(): void {
    for (const reader of this.#progressed) {
      this.#sql.setReader.run(reader, this.#readers.get(reader) ?? 0);
    }
    this.#progressed.clear();
  }

  /** Remembers that everything up to `through` is in chunks, and `latest` as of then. */
  sealed(
    through: number,
    latest: Uint8Array,
    months: readonly { readonly name: string; readonly chunks: number }[],
  ): void {
    this.#db.transaction(() => {
      const setMonth = this.#db.prepare("INSERT OR REPLACE INTO month VALUES (?, ?)");
      for (const month of months) setMonth.run(month.name, month.chunks);
      this.#db
        .prepare("INSERT OR REPLACE INTO state (key, bytes) VALUES ('latest', ?)")
        .run(latest);
      this.#sql.setState.run(through, "latest_through");
      this.#sql.setState.run(through, "sealed_through");
    });
    this.#sealedThrough = through;
  }

  /** Removes some of what is sealed and released by every reader; tells whether there is more to do. */
  removeSome(): boolean {
    const through = Math.min(this.#sealedThrough, ...this.#readers.values());
    if (through <= this.#removedThrough) return this.#shrinkSome();
    const until = Math.min(through, this.#removedThrough + REMOVE_ROWS_MAX);
    this.#db.transaction(() => {
      this.#sql.remove.run(this.#removedThrough, until);
      this.#sql.setState.run(until, "removed_through");
      this.#keepReaders();
    });
    this.#removedThrough = until;
    return true;
  }

  #shrinkSome(): boolean {
    const surplus = this.#pragma("freelist_count") - FREE_PAGES_KEPT;
    if (surplus <= 0) return false;
    this.#db.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, SHRINK_PAGES_MAX)})`);
    return true;
  }

  get chunks(): number {
    return Number(this.#db.prepare("SELECT sum(chunks) AS chunks FROM month").get()?.chunks ?? 0);
  }

  close(): void {
    this.#db.close();
  }

  #number(key: string): number {
    return Number(this.#db.prepare("SELECT number FROM state WHERE key = ?").get(key)?.number ?? 0);
  }
}

function outcomeOf(request: PackedRequest, storedThrough: number, position: number): PackedOutcome {
  if (request.number === storedThrough + 1) return { kind: "stored", position };
  return { kind: request.number <= storedThrough ? "replay" : "gap", storedThrough };
}
