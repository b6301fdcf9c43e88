/**
 * The thread that alone writes the append log. It holds a lock on the folder for as long as it lives, so
 * that two servers never share one store; a lock that the system releases when the process dies.
 */
import { workerData } from "node:worker_threads";
import { Database } from "../../../../platform/sqlite.ts";
import { columnsOf, copySample } from "../columns.ts";
import { packColumns, unpackColumns } from "../log/log-codec.ts";
import {
  type LaneRow,
  LogTables,
  type PackedOutcome,
  type PackedRequest,
} from "../log/log-tables.ts";
import { NewestSamples } from "../log/newest.ts";
import { answerCalls, giveBack } from "./worker-call.ts";

export interface OpenedLog {
  /** In the order of their ids, which count from 1. */
  readonly points: readonly string[];
  readonly end: number;
  /** Up to here the log is in chunks, or wherever else it moves to. */
  readonly sealedThrough: number;
  readonly unsealedSamples: number;
  readonly shiftHours: number;
  readonly latest: Uint8Array;
}

export interface CommitArgument {
  readonly requests: readonly PackedRequest[];
  readonly names: readonly (readonly [number, string])[];
}

export interface SealedArgument {
  readonly through: number;
  readonly latest: Uint8Array;
  readonly months: readonly { readonly name: string; readonly chunks: number }[];
}

const options = workerData as { readonly folder: string; readonly zone: string };
let tables: LogTables | undefined;
let lock: Database | undefined;

const opened = (): LogTables => {
  if (tables === undefined) throw new Error("the log is not open");
  return tables;
};

const calls = {
  open: (_: undefined): OpenedLog => {
    lock = Database.open({ file: `${options.folder}/lock.db`, exclusive: true });
    tables = new LogTables(options);
    removeInTurns();
    return {
      points: tables.series(),
      end: tables.end,
      sealedThrough: tables.sealedThrough,
      unsealedSamples: tables.unsealedSamples(),
      shiftHours: tables.shiftHours,
      latest: newestOf(tables),
    };
  },
  commit: ({ requests, names }: CommitArgument): readonly PackedOutcome[] => {
    const outcomes = opened().commit(requests, names);
    for (const { samples } of requests) giveBack(samples.buffer);
    return outcomes;
  },
  lanes: (_: undefined): readonly LaneRow[] => opened().lanes(),
  release: ({ reader, position }: { readonly reader: string; readonly position: number }): void => {
    opened().release(reader, position);
    removeInTurns();
  },
  sealed: ({ through, latest, months }: SealedArgument): void => {
    opened().sealed(through, latest, months);
    removeInTurns();
  },
  counts: (_: undefined): { readonly entries: number; readonly chunks: number } => {
    const { entries, chunks } = opened();
    return { entries, chunks };
  },
  close: (_: undefined): void => {
    tables?.close();
    lock?.close();
    tables = undefined;
  },
};

export type WriterCalls = typeof calls;

let isRemoving = false;

/** Removes in slices between which commits take their turn. */
function removeInTurns(): void {
  if (isRemoving) return;
  isRemoving = true;
  const turn = (): void => {
    isRemoving = tables?.removeSome() ?? false;
    if (isRemoving) setImmediate(turn);
  };
  setImmediate(turn);
}

/** The newest sample of every series: as of the last sealing, and what the log holds since. */
function newestOf(log: LogTables): Uint8Array {
  const newest = new NewestSamples();
  const { through, samples } = log.latest();
  if (samples !== undefined) newest.take(unpackColumns(samples));
  for (const blob of log.blobsAfter(through)) newest.take(unpackColumns(blob));
  const found = newest.all();
  const columns = columnsOf(found.length);
  const series = new Uint32Array(found.length);
  found.forEach((place, i) => {
    copySample(place.columns, place.index, columns, i);
    series[i] = place.series;
  });
  return packColumns(columns, series);
}

answerCalls(calls);
