/**
 * A thread that answers queries. It opens every file for reading only, so that a long query never holds
 * up a commit, and looks between steps whether the caller still wants the answer.
 */
import { workerData } from "node:worker_threads";
import { LamplighterError } from "../../../../core/errors.ts";
import type { Bucket } from "../../store.ts";
import { type Columns, columnsOf, copySample, sliceOf } from "../columns.ts";
import { packColumns } from "../log/log-codec.ts";
import type { LogRow } from "../log/log-tables.ts";
import { Calendar } from "../query/calendar.ts";
import { bucketNumbers, increaseNumbers } from "../query/rows.ts";
import { SealedReader } from "../query/sealed-reader.ts";
import { type NumberAt, numberBefore, numberFrom, piecesOf, runsOf } from "../query/walk.ts";
import { answerCalls, Transferred } from "./worker-call.ts";

/** Bytes of log entries in one answer, after which the caller asks again. */
export const READ_LOG_BYTES_MAX = 8 * 1024 * 1024;

export interface SeriesRange {
  readonly series: number;
  readonly from: number;
  readonly to: number;
  /** Becomes 1 when nobody waits for the answer any more. */
  readonly cancelled?: SharedArrayBuffer;
}

export interface RawArgument extends SeriesRange {
  /** Samples up to this one are left out. */
  readonly after?: { readonly time: number; readonly sequence: number };
  readonly limit: number;
}

export interface BucketsArgument extends SeriesRange {
  readonly bucket: Bucket;
}

export interface IncreaseArgument extends BucketsArgument {
  readonly gapMsMax: number;
}

export interface NeighbourArgument {
  readonly series: number;
  readonly time: number;
  readonly side: "before" | "from";
}

const { folder, zone } = workerData as { readonly folder: string; readonly zone: string };
const calendar = new Calendar();
let reader: SealedReader | undefined;

const opened = (): SealedReader => {
  if (reader === undefined) throw new Error("the reader is not open");
  return reader;
};

const calls = {
  open: ({ shiftHours }: { readonly shiftHours: number }): void => {
    reader = new SealedReader({ folder, zone, calendar, shiftHours });
  },

  readLog: (argument: { readonly position: number; readonly entriesMax: number }): Transferred => {
    const rows = opened().logAfter(argument, READ_LOG_BYTES_MAX);
    return new Transferred(rows, buffersOf(rows.map((row) => row.samples)));
  },

  raw: (argument: RawArgument): Transferred => {
    const { series, limit, after } = argument;
    const range = { from: after?.time ?? argument.from, to: argument.to };
    const kept = columnsOf(limit + 1);
    const count = opened().withSeries(series, (source) => {
      let taken = 0;
      for (const run of runsOf(source.windows(range), source.tail, range)) {
        refuseCancelled(argument);
        taken = takeRun(run, after, kept, taken);
        if (taken > limit) break;
      }
      return taken;
    });
    const samples = packColumns(sliceOf(kept, 0, count), new Uint32Array(count).fill(series));
    return new Transferred(samples, buffersOf([samples]));
  },

  buckets: (argument: BucketsArgument): Transferred => {
    const buckets = calendar.buckets(argument, argument.bucket);
    const { cuts } = buckets;
    const numbers = opened().withSeries(argument.series, (source) => {
      const stretches = watched(source.stretches(argument, argument.bucket), argument);
      const pieces = piecesOf({ stretches, tail: source.tail, cuts, gapMsMax: Infinity });
      return bucketNumbers(pieces, buckets);
    });
    return new Transferred(numbers, buffersOf([numbers]));
  },

  increase: (argument: IncreaseArgument): Transferred => {
    const { from, to, gapMsMax } = argument;
    const buckets = calendar.buckets(argument, argument.bucket);
    const { cuts } = buckets;
    const numbers = opened().withSeries(argument.series, (source) => {
      const stretches = watched(source.stretches(argument, argument.bucket), argument);
      const pieces = piecesOf({ stretches, tail: source.tail, cuts, gapMsMax });
      const before = numberBefore(source.windowsBefore(from), source.tail, from);
      const after = numberFrom(source.windowsFrom(to), source.tail, to);
      return increaseNumbers(pieces, { buckets, gapMsMax, before, after });
    });
    return new Transferred(numbers, buffersOf([numbers]));
  },

  neighbour: ({ series, time, side }: NeighbourArgument): NumberAt | undefined =>
    opened().withSeries(series, (source) =>
      side === "before"
        ? numberBefore(source.windowsBefore(time), source.tail, time)
        : numberFrom(source.windowsFrom(time), source.tail, time),
    ),

  statistics: (_: undefined): { readonly bytes: number } => ({ bytes: opened().bytes() }),

  close: (_: undefined): void => {
    reader?.close();
    reader = undefined;
  },
};

/** What the caller gets: the contents of `Transferred`. */
export interface ReaderCalls {
  readonly [name: string]: (argument: never) => unknown;
  readonly open: (argument: { readonly shiftHours: number }) => void;
  readonly readLog: (argument: {
    readonly position: number;
    readonly entriesMax: number;
  }) => readonly LogRow[];
  readonly raw: (argument: RawArgument) => Uint8Array;
  readonly buckets: (argument: BucketsArgument) => Float64Array;
  readonly increase: (argument: IncreaseArgument) => Float64Array;
  readonly neighbour: (argument: NeighbourArgument) => NumberAt | undefined;
  readonly statistics: (argument: undefined) => { readonly bytes: number };
  readonly close: (argument: undefined) => void;
}

const buffersOf = (views: readonly ArrayBufferView[]): readonly ArrayBuffer[] =>
  views.map((view) => view.buffer).filter((buffer) => buffer instanceof ArrayBuffer);

function takeRun(
  run: Columns,
  after: RawArgument["after"],
  kept: ReturnType<typeof columnsOf>,
  have: number,
): number {
  let count = have;
  for (let i = 0; i < run.count && count < kept.count; i++) {
    const isDone =
      after !== undefined &&
      run.times[i] === after.time &&
      (run.sequences[i] ?? 0) <= after.sequence;
    if (!isDone) copySample(run, i, kept, count++);
  }
  return count;
}

function* watched<T>(items: Iterable<T>, range: SeriesRange): Generator<T> {
  for (const item of items) {
    refuseCancelled(range);
    yield item;
  }
}

function refuseCancelled({ cancelled }: SeriesRange): void {
  if (cancelled === undefined || Atomics.load(new Int32Array(cancelled), 0) === 0) return;
  throw new LamplighterError("OVERLOADED", "The query was cancelled: nobody waits for its answer.");
}

answerCalls(calls);
