/**
 * The buffer on disk: one SQLite file, every commit synced. A row is one batch without its header
 * (`blob.ts`); per lane there is one row of account, changed in the same transaction as the batches it
 * counts, so that a start never scans what waits.
 *
 * Rows keep their number for ever; what the server sees is that number less the lane's `base`. A new
 * epoch sets the bases anew and rewrites nothing else.
 */
import { randomBytes } from "node:crypto";
import { LANES, type Lane } from "../../core/batch.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { type PointId, parsePointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { type Duration, type Instant, minutes } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import { countBody, EMPTY_BODY, encodeBody, payloadOf } from "./blob.ts";
import {
  COMMIT_SAMPLES_MAX,
  type CommitPart,
  type DroppedCount,
  type LaneStatus,
  type ReadLimits,
  type Reconciliation,
  type SampleBuffer,
  type WireBatch,
} from "./buffer.ts";
import {
  type BatchRow,
  BUFFER_MIGRATIONS,
  batchRow,
  checksum,
  isDamage,
  prepareStatements,
  rowId,
} from "./disk-tables.ts";
import { type LaneAccount, type RebaseInput, rebase } from "./numbering.ts";
import { planTrim, type TrimOptions } from "./trim.ts";

/** Hazards kept in memory while the disk refuses; further ones wait with everything else. */
export const HELD_SAMPLES_MAX = 20_000;
/** Rows looked at one by one behind a damaged place, before the next turn goes on. */
const DAMAGED_ROWS_TRIED_MAX = 1_000;
/** While nobody reads them, small back-fill batches are written together into one of this size or age. */
export const TAIL_SAMPLES_MAX = 1_000;
export const TAIL_AGE_MAX = minutes(5);
/** Rows deleted in one transaction, so that trimming never blocks for long. */
export const TRIM_ROWS_MAX = 200;

export interface DiskBufferOptions extends TrimOptions {
  readonly keep: Duration;
}

interface HeldBatch {
  readonly time: Instant;
  readonly samples: number;
  readonly bytes: number;
  readonly body: string;
}

/** The newest batch of back-fill, still growing. */
interface Tail {
  readonly number: number;
  readonly since: Instant;
  readonly samples: Sample[];
  readonly bytes: number;
}

export class DiskBuffer implements SampleBuffer {
  readonly #db: Database;
  readonly #log: Log;
  readonly #options: DiskBufferOptions;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #epoch: string;
  #lanes: Record<Lane, LaneAccount>;
  #isFirstReconciliation = true;
  readonly #lastAtOpen: Readonly<Record<Lane, number>>;
  /** Highest number handed out for sending; such a batch neither grows nor is dropped. */
  readonly #readThrough: Record<Lane, number>;
  readonly #tails = new Map<boolean, Tail>();
  /** Hazards that the disk would not take, by number; always the highest of their lane. */
  readonly #held = new Map<number, HeldBatch>();

  constructor(db: Database, log: Log, options: DiskBufferOptions) {
    this.#db = db;
    this.#log = log;
    this.#options = options;
    db.migrate("buffer", BUFFER_MIGRATIONS);
    this.#statements = prepareStatements(db);
    const row = db.prepare("SELECT epoch FROM buffer").get();
    this.#epoch = typeof row?.epoch === "string" ? row.epoch : newEpoch();
    if (row === undefined) db.prepare("INSERT INTO buffer VALUES (1, ?)").run(this.#epoch);
    this.#lanes = perLane((lane) => this.#loadLane(lane));
    this.#lastAtOpen = perLane((lane) => this.#lanes[lane].last);
    this.#readThrough = perLane((lane) => this.#lanes[lane].stored);
  }

  epoch(): string {
    return this.#epoch;
  }

  commit(parts: readonly CommitPart[], now: Instant, dropped: readonly DroppedCount[] = []): void {
    const tails = new Map(this.#tails);
    this.#transaction(() => {
      for (const [number, held] of this.#held) this.#insertHeld(number, held);
      for (const part of parts) this.#insert(part, now, tails);
      for (const { point, lane, samples } of dropped) this.#countDropped(point, lane, samples);
    });
    this.#held.clear();
    this.#tails.clear();
    for (const [key, tail] of tails) this.#tails.set(key, tail);
    if (this.size().bytes > this.#options.bytesMax) this.trim(now);
  }

  hold(samples: readonly Sample[], now: Instant): boolean {
    const held = [...this.#held.values()].reduce((sum, batch) => sum + batch.samples, 0);
    if (held + samples.length > HELD_SAMPLES_MAX) return false;
    const body = encodeBody(samples);
    const bytes = Buffer.byteLength(body);
    const account = this.#lanes.hazard;
    account.last++;
    this.#held.set(account.last, { time: now, samples: samples.length, bytes, body });
    this.#grow(account, bytes, samples.length);
    return true;
  }

  lane(lane: Lane): LaneStatus {
    const { base, stored, last, waitingSamples, waitingBytes } = this.#lanes[lane];
    return { storedThrough: stored - base, last: last - base, waitingSamples, waitingBytes };
  }

  read(lane: Lane, number: number, limits: ReadLimits): readonly WireBatch[] {
    const { base, last } = this.#lanes[lane];
    const batches: WireBatch[] = [];
    let bytes = 0;
    let next = number + base;
    const isFull = (): boolean => batches.length >= limits.batchesMax || bytes >= limits.bytesMax;
    /** What was dropped comes empty. */
    const fill = (row: number): void => {
      const held = lane === "hazard" ? this.#held.get(row) : undefined;
      push(row, held?.samples ?? 0, held?.body ?? EMPTY_BODY);
    };
    const push = (row: number, samples: number, body: string): void => {
      const wire = row - base;
      const payload = payloadOf({ epoch: this.#epoch, lane, number: wire }, body);
      batches.push({ number: wire, samples, payload });
      bytes += payload.length;
      next = row + 1;
    };
    for (const row of this.#rows(lane, next, limits)) {
      const at = row.id - rowId(lane, 0);
      while (next < at && !isFull()) fill(next);
      if (isFull()) break;
      push(at, row.isWhole ? row.samples : 0, row.body);
    }
    while (next <= last && !isFull() && !this.#hasRow(lane, next)) fill(next);
    if (next - 1 > this.#readThrough[lane]) this.#readThrough[lane] = next - 1;
    return batches;
  }

  acknowledge(lane: Lane, storedThrough: number): void {
    const account = this.#lanes[lane];
    const through = Math.min(storedThrough + account.base, account.last);
    if (through <= account.stored) return;
    this.#moveStored(lane, account, through);
    if (lane === "hazard") this.#forgetHeld(through);
    // Not made durable by itself: after a crash the server says it again.
  }

  reconcile(storedThrough: Readonly<Record<Lane, number>>): Reconciliation {
    const before = this.#lanes;
    const isFirst = this.#isFirstReconciliation;
    const inputOf = (lane: Lane): RebaseInput => ({
      account: before[lane],
      storedThrough: storedThrough[lane],
      oldest: this.#oldestRow(lane),
      lastAtOpen: isFirst ? this.#lastAtOpen[lane] : undefined,
    });
    const result = rebase(perLane(inputOf));
    this.#isFirstReconciliation = false;
    const move = (): void => {
      this.#lanes = perLane((lane) => {
        const account = { ...before[lane] };
        this.#moveStored(lane, account, result.positions[lane].stored);
        return { ...account, base: result.positions[lane].base };
      });
    };
    if (result.kind === "renewed") this.#renew(move);
    else move();
    for (const lane of LANES) this.#readThrough[lane] = this.#lanes[lane].stored;
    if (result.kind !== "agreed") {
      this.#log.warn("buffer rewound", { how: result.kind, why: result.why });
    }
    return result.kind;
  }

  /** Durable before anything is sent under the new name. */
  #renew(move: () => void): void {
    const epoch = newEpoch();
    this.#transaction(() => {
      move();
      this.#statements.setEpoch.run(epoch);
    });
    this.#epoch = epoch;
  }

  trim(now: Instant): boolean {
    const steps = planTrim(this.#lanes, this.#options);
    const from = now - this.#options.keep;
    const keptFrom = now - this.#options.keepStored;
    for (const step of steps) {
      const removed = this.#remove(step.lane, step.isPrecious, {
        through: step.isStored ? this.#lanes[step.lane].stored : Number.POSITIVE_INFINITY,
        bytes: step.bytes,
        olderThan: step.isStored ? keptFrom : from,
      });
      if (removed > 0) return true;
    }
    return false;
  }

  dropped(): readonly DroppedCount[] {
    const rows = this.#db.prepare("SELECT point, lane, samples FROM dropped ORDER BY point").all();
    return rows.flatMap((row) => {
      const point = parsePointId(String(row.point));
      const lane = LANES[Number(row.lane)];
      if (!point.ok || lane === undefined) return [];
      return [{ point: point.value, lane, samples: Number(row.samples) }];
    });
  }

  size(): { readonly bytes: number; readonly bytesMax: number } {
    const bytes = LANES.reduce((sum, lane) => sum + this.#lanes[lane].bytes, 0);
    return { bytes, bytesMax: this.#options.bytesMax };
  }

  close(): void {
    try {
      this.#transaction(() => {});
    } finally {
      this.#db.close();
    }
  }

  #insert(part: CommitPart, now: Instant, tails: Map<boolean, Tail>): void {
    const { lane, isPrecious } = part;
    const account = this.#lanes[lane];
    const tail = lane === "backfill" ? tails.get(isPrecious) : undefined;
    if (tail !== undefined && this.#canGrow(tail, part, now)) {
      const samples = [...tail.samples, ...part.samples];
      const body = encodeBody(samples);
      const bytes = Buffer.byteLength(body);
      this.#statements.grow.run(
        samples.length,
        bytes,
        body,
        checksum(body),
        rowId(lane, tail.number),
      );
      this.#grow(account, bytes - tail.bytes, part.samples.length);
      tails.set(isPrecious, { ...tail, samples, bytes });
      return;
    }
    const body = encodeBody(part.samples);
    const bytes = Buffer.byteLength(body);
    account.last++;
    const { length } = part.samples;
    const id = rowId(lane, account.last);
    const values = [id, isPrecious ? 1 : 0, now, length, bytes, body, checksum(body)];
    this.#statements.insert.run(...values);
    this.#grow(account, bytes, length);
    if (lane === "backfill") {
      const samples = [...part.samples];
      tails.set(isPrecious, { number: account.last, since: now, samples, bytes });
    }
  }

  #insertHeld(number: number, { time, samples, bytes, body }: HeldBatch): void {
    const values = [rowId("hazard", number), 1, time, samples, bytes, body, checksum(body)];
    this.#statements.insert.run(...values);
  }

  /** What the server has stored meanwhile needs no disk any more. */
  #forgetHeld(through: number): void {
    const account = this.#lanes.hazard;
    for (const [number, { bytes, samples }] of this.#held) {
      if (number > through) continue;
      this.#held.delete(number);
      this.#grow(account, -bytes, -samples);
    }
  }

  #grow(account: LaneAccount, bytes: number, samples: number): void {
    account.bytes += bytes;
    account.waitingBytes += bytes;
    account.waitingSamples += samples;
  }

  /** Rows from a number on. Where the file is damaged, only those that can be read by themselves. */
  #rows(lane: Lane, from: number, limits: ReadLimits): readonly BatchRow[] {
    const last = rowId(lane, this.#lanes[lane].last);
    const rows: BatchRow[] = [];
    let bytes = 0;
    try {
      const found = this.#statements.read.iterate(rowId(lane, from), last, limits.batchesMax);
      for (const row of found) {
        rows.push(batchRow(row));
        if (rows.at(-1)?.isWhole === false)
          this.#log.error("batch is damaged", { lane, row: row.id });
        bytes += rows.at(-1)?.bytes ?? 0;
        if (bytes >= limits.bytesMax) break;
      }
      return rows;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#log.error("part of the buffer cannot be read", { lane, from, why: wordsOf(error) });
    }
    const next = (rows.at(-1)?.id ?? rowId(lane, from) - 1) + 1;
    for (let id = next; id <= last && rows.length < limits.batchesMax; id++) {
      const row = this.#rowAt(id);
      if (row !== undefined) rows.push(row);
      if (id - next >= DAMAGED_ROWS_TRIED_MAX) break;
    }
    return rows;
  }

  #rowAt(id: number): BatchRow | undefined {
    try {
      for (const row of this.#statements.read.iterate(id, id, 1)) return batchRow(row);
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return undefined;
  }

  #canGrow(tail: Tail, part: CommitPart, now: Instant): boolean {
    const age = now - tail.since;
    return (
      tail.number > this.#readThrough.backfill &&
      tail.samples.length + part.samples.length <= Math.min(TAIL_SAMPLES_MAX, COMMIT_SAMPLES_MAX) &&
      age >= 0 &&
      age <= TAIL_AGE_MAX
    );
  }

  /** Deletes the oldest rows of one kind up to `bytes`, or that are too old, a bounded number at once. */
  #remove(
    lane: Lane,
    isPrecious: boolean,
    limit: { readonly through: number; readonly bytes: number; readonly olderThan: number },
  ): number {
    const account = this.#lanes[lane];
    let freed = 0;
    const gone: { row: BatchRow; number: number }[] = [];
    const end = rowId(lane, Math.min(limit.through, account.last));
    const precious = isPrecious ? 1 : 0;
    for (const found of this.#statements.oldest.iterate(precious, rowId(lane, 0), end)) {
      const row = batchRow(found);
      const number = row.id - rowId(lane, 0);
      const isInFlight = number > account.stored && number <= this.#readThrough[lane];
      if (isInFlight || gone.length >= TRIM_ROWS_MAX) break;
      if (freed >= limit.bytes && Number(found.time) >= limit.olderThan) break;
      freed += row.bytes;
      gone.push({ row, number });
    }
    if (gone.length === 0) return 0;
    this.#transaction(() => {
      for (const { row, number } of gone) this.#removeRow(lane, row, number > account.stored);
    });
    return gone.length;
  }

  #removeRow(lane: Lane, row: BatchRow, isWaiting: boolean): void {
    const account = this.#lanes[lane];
    this.#statements.remove.run(row.id);
    account.bytes -= row.bytes;
    if (!isWaiting) return;
    account.waitingBytes -= row.bytes;
    account.waitingSamples -= row.samples;
    for (const [key, tail] of this.#tails) {
      if (rowId("backfill", tail.number) === row.id) this.#tails.delete(key);
    }
    for (const [point, samples] of countBody(row.body)) this.#countDropped(point, lane, samples);
  }

  #countDropped(point: PointId, lane: Lane, samples: number): void {
    this.#statements.countDropped.run(point, LANES.indexOf(lane), samples);
  }

  /** Accounts change in memory and on disk together: a failed commit takes both back. */
  #transaction(work: () => void): void {
    const before = perLane((lane) => ({ ...this.#lanes[lane] }));
    try {
      this.#db.transaction(() => {
        work();
        for (const lane of LANES) {
          const a = this.#lanes[lane];
          const values = [a.last, a.stored, a.base, a.bytes, a.waitingBytes, a.waitingSamples];
          this.#statements.saveLane.run(...values, LANES.indexOf(lane));
        }
      });
    } catch (error) {
      this.#lanes = before;
      if (isDamage(error)) {
        throw new LamplighterError(
          "DATABASE_DAMAGED",
          `${this.#db.file} is damaged: ${wordsOf(error)}. What can be read is kept at the next start.`,
          { cause: error, fields: { file: this.#db.file } },
        );
      }
      const isFull = /full/i.test(wordsOf(error));
      if (!isFull) throw error;
      throw new LamplighterError(
        "DISK_FULL",
        `Cannot write to ${this.#db.file}: ${wordsOf(error)}. Make room on this disk; samples wait in memory meanwhile.`,
        { cause: error, fields: { file: this.#db.file } },
      );
    }
  }

  #loadLane(lane: Lane): LaneAccount {
    const row = this.#db.prepare("SELECT * FROM lane WHERE lane = ?").get(LANES.indexOf(lane));
    return {
      last: Number(row?.last),
      stored: Number(row?.stored),
      base: Number(row?.base),
      bytes: Number(row?.bytes),
      waitingBytes: Number(row?.waiting_bytes),
      waitingSamples: Number(row?.waiting_samples),
    };
  }

  #moveStored(lane: Lane, account: LaneAccount, stored: number): void {
    const isForward = stored >= account.stored;
    const [from, to] = isForward ? [account.stored, stored] : [stored, account.stored];
    const sums = this.#sums(lane, from, to);
    account.waitingBytes -= isForward ? sums.bytes : -sums.bytes;
    account.waitingSamples -= isForward ? sums.samples : -sums.samples;
    account.stored = stored;
  }

  #sums(lane: Lane, after: number, through: number): { bytes: number; samples: number } {
    const row = this.#statements.sums.get(rowId(lane, after), rowId(lane, through));
    return { bytes: Number(row?.bytes ?? 0), samples: Number(row?.samples ?? 0) };
  }

  #oldestRow(lane: Lane): number | undefined {
    const row = this.#statements.first.get(rowId(lane, 0), rowId(lane, this.#lanes[lane].last));
    if (typeof row?.id === "number") return row.id - rowId(lane, 0);
    return lane === "hazard" ? this.#held.keys().next().value : undefined;
  }

  #hasRow(lane: Lane, number: number): boolean {
    return this.#statements.first.get(rowId(lane, number) - 1, rowId(lane, number)) !== undefined;
  }
}

const newEpoch = (): string => randomBytes(8).toString("hex");

const perLane = <T>(make: (lane: Lane) => T): Record<Lane, T> => ({
  hazard: make("hazard"),
  live: make("live"),
  backfill: make("backfill"),
});
