/**
 * What the server asks of a store of series. The embedded one and InfluxDB pass one contract suite
 * (`test/contract/store-suite.ts`). The append log is the spine: every reader keeps its own position.
 */
import type { BatchOrigin } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import type { Duration, Instant } from "../../core/time.ts";

/** One entry of the append log: the kept samples of one batch. */
export interface LogEntry {
  /** Ever increasing; readers commit it together with their results. */
  readonly position: number;
  readonly origin: BatchOrigin;
  readonly receivedAt: Instant;
  readonly samples: readonly Sample[];
}

export interface AppendRequest {
  readonly origin: BatchOrigin;
  readonly receivedAt: Instant;
  readonly samples: readonly Sample[];
  /** Samples of this batch set aside by ingest; counted durably with it. */
  readonly refused: number;
}

/** A batch is stored only when it is the next one of its (gateway, epoch, lane). */
export type AppendOutcome =
  | { readonly kind: "stored"; readonly position: number }
  | { readonly kind: "replay"; readonly storedThrough: number }
  | { readonly kind: "gap"; readonly storedThrough: number };

export interface LaneState {
  readonly gateway: BatchOrigin["gateway"];
  readonly epoch: string;
  readonly lane: BatchOrigin["lane"];
  readonly storedThrough: number;
  readonly samples: number;
  readonly refused: number;
}

export interface SampleLog {
  /** Durable when it resolves. Requests made while a commit runs share the next one. */
  append(request: AppendRequest): Promise<AppendOutcome>;
  /** Entries after `position`, oldest first, at most `entriesMax`; empty when there are none. */
  read(position: number, entriesMax: number): Promise<readonly LogEntry[]>;
  /** Resolves at once when there are entries after `position`, else when the next one is stored. */
  waitBeyond(position: number, signal: AbortSignal): Promise<void>;
  end(): number;
  lanes(): Promise<readonly LaneState[]>;
  /** A reader's promise that it will not ask for entries up to `position` again. */
  release(reader: string, position: number): Promise<void>;
}

/** A bucket of numbers. `mean` weighs by samples; counters also have their increase, resets taken out. */
export interface BucketRow {
  readonly time: Instant;
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly first: number;
  readonly last: number;
}

/** `1d` and `1mo` buckets begin at midnight of the site's zone; others are multiples of their length. */
export type Bucket =
  | { readonly kind: "duration"; readonly length: Duration }
  | { readonly kind: "day"; readonly zone: string }
  | { readonly kind: "month"; readonly zone: string };

export interface RangeQuery {
  readonly point: PointId;
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
}

export interface RawPage {
  readonly samples: readonly Sample[];
  /** Pass to the next call; absent when the range is complete. */
  readonly next?: string;
}

/** Energy of one interval from a counter: the sum of its rises, with how much of the time is covered. */
export interface IncreaseRow {
  readonly time: Instant;
  readonly increase: number;
  /** 0 to 1: share of the interval between samples that are no further apart than expected. */
  readonly coverage: number;
}

export const RAW_PAGE_SAMPLES_MAX = 10_000;
export const BUCKETS_MAX = 50_000;

/** A `signal` gives a question up: it then rejects with the signal's reason. */
export interface SeriesReader {
  /** Of the given points, or of all; the newest sample by time, bad ones included. */
  latest(points?: readonly PointId[]): Promise<readonly Sample[]>;
  raw(
    query: RangeQuery,
    page?: { readonly after?: string; readonly limit?: number },
    signal?: AbortSignal,
  ): Promise<RawPage>;
  buckets(query: RangeQuery, bucket: Bucket, signal?: AbortSignal): Promise<readonly BucketRow[]>;
  increase(
    query: RangeQuery,
    bucket: Bucket,
    expectEvery: Duration,
    signal?: AbortSignal,
  ): Promise<readonly IncreaseRow[]>;
}

export interface StoreStatistics {
  readonly samples: number;
  readonly points: number;
  readonly bytes: number;
  readonly logEntries: number;
  readonly chunks: number;
}

export interface SampleStore extends SampleLog, SeriesReader {
  statistics(): Promise<StoreStatistics>;
  /** Ends accepting, finishes the running commit, closes the files. */
  close(): Promise<void>;
}
