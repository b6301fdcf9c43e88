/**
 * Tables and statements of the buffer's file. Row ids are lane and number in one, so that a lane is a
 * range of the primary key and nothing is sorted.
 */
import { crc32 } from "node:zlib";
import { LANES, type Lane } from "../../core/batch.ts";
import { hasCode } from "../../core/errors.ts";
import type { Database, Statement } from "../../platform/sqlite.ts";
import { EMPTY_BODY } from "./blob.ts";

export const BUFFER_MIGRATIONS = [
  `CREATE TABLE buffer (only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL) STRICT;
   CREATE TABLE lane (
     lane INTEGER PRIMARY KEY, last INTEGER NOT NULL, stored INTEGER NOT NULL, base INTEGER NOT NULL,
     bytes INTEGER NOT NULL, waiting_bytes INTEGER NOT NULL, waiting_samples INTEGER NOT NULL) STRICT;
   CREATE TABLE batch (
     id INTEGER PRIMARY KEY, precious INTEGER NOT NULL, time INTEGER NOT NULL,
     samples INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE INDEX batch_order ON batch (precious, id);
   CREATE TABLE dropped (
     point TEXT NOT NULL, lane INTEGER NOT NULL, samples INTEGER NOT NULL,
     PRIMARY KEY (point, lane)) STRICT, WITHOUT ROWID;
   INSERT INTO lane VALUES (0,0,0,0,0,0,0), (1,0,0,0,0,0,0), (2,0,0,0,0,0,0);`,
  // SQLite itself does not notice a flipped bit in a value. 0: written before there was a checksum.
  "ALTER TABLE batch ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;",
];

/** Row ids are lane and number in one: three lanes of 2^46 numbers fit a safe integer. */
const LANE_SPAN = 2 ** 46;
export const rowId = (lane: Lane, number: number): number =>
  LANES.indexOf(lane) * LANE_SPAN + number;

export interface BatchRow {
  readonly id: number;
  readonly samples: number;
  readonly bytes: number;
  /** Empty when it is not what was written. */
  readonly body: string;
  readonly isWhole: boolean;
}

export const checksum = (body: string): number => crc32(body) || 1;

export function batchRow(row: Record<string, unknown>): BatchRow {
  const body = String(row.body);
  const isWhole = row.crc === 0 || row.crc === checksum(body);
  return {
    id: Number(row.id),
    samples: Number(row.samples),
    bytes: Number(row.bytes),
    body: isWhole ? body : EMPTY_BODY,
    isWhole,
  };
}

export function prepareStatements(db: Database): Record<StatementName, Statement> {
  return {
    insert: db.prepare("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)"),
    grow: db.prepare("UPDATE batch SET samples = ?, bytes = ?, body = ?, crc = ? WHERE id = ?"),
    remove: db.prepare("DELETE FROM batch WHERE id = ?"),
    read: db.prepare(
      "SELECT id, samples, bytes, body, crc FROM batch WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
    ),
    oldest: db.prepare(
      "SELECT id, time, samples, bytes, body, crc FROM batch WHERE precious = ? AND id > ? AND id <= ? ORDER BY id",
    ),
    first: db.prepare("SELECT id FROM batch WHERE id > ? AND id <= ? ORDER BY id LIMIT 1"),
    sums: db.prepare(
      "SELECT sum(bytes) AS bytes, sum(samples) AS samples FROM batch WHERE id > ? AND id <= ?",
    ),
    setEpoch: db.prepare("UPDATE buffer SET epoch = ?"),
    saveLane: db.prepare(
      "UPDATE lane SET last = ?, stored = ?, base = ?, bytes = ?, waiting_bytes = ?, waiting_samples = ? WHERE lane = ?",
    ),
    countDropped: db.prepare(
      `INSERT INTO dropped VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET samples = samples + excluded.samples`,
    ),
  };
}

type StatementName =
  | "insert"
  | "grow"
  | "remove"
  | "read"
  | "oldest"
  | "first"
  | "sums"
  | "setEpoch"
  | "saveLane"
  | "countDropped";

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
export function isDamage(error: unknown): boolean {
  const code = Number(Reflect.get(Object(error), "errcode")) & 0xff;
  return hasCode(error, "DATABASE_DAMAGED") || code === 11 || code === 26;
}
