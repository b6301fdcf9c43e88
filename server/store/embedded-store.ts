/**
 * The store that needs no set-up: SQLite files in one folder, written by a writer thread, sealed into
 * compressed chunks by a sealer thread and read by reader threads. This thread never touches the files; it
 * packs what is appended, keeps the newest sample of every point, and passes questions on.
 *
 *   append ─► pack ─► queue ─► writer: log.db ──► sealer: 2026-11.db …, daily.db
 *                                    └──────────► reader ◄───┘   raw, buckets, increase
 */
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import { gatewayId, type PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { type Duration, INSTANT_MAX, INSTANT_MIN, type Instant, instant } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import { Sealing } from "./embedded/chunks/sealing.ts";
import { AppendQueue } from "./embedded/log/append-queue.ts";
import { LatestSamples } from "./embedded/log/latest.ts";
import { packSamples, unpackSamples } from "./embedded/log/log-codec.ts";
import type { LogRow } from "./embedded/log/log-tables.ts";
import { RecentEntries } from "./embedded/log/recent.ts";
import { SeriesNames } from "./embedded/log/series-names.ts";
import { bucketRows, increaseRows } from "./embedded/query/rows.ts";
import type { NumberAt } from "./embedded/query/walk.ts";
import type { ReaderCalls } from "./embedded/threads/reader-worker.ts";
import type { SealerCalls } from "./embedded/threads/sealer-worker.ts";
import { type WorkerOptions, WorkerThread } from "./embedded/threads/worker-call.ts";
import type { OpenedLog, WriterCalls } from "./embedded/threads/writer-worker.ts";
import {
  type AppendOutcome,
  type AppendRequest,
  type Bucket,
  type BucketRow,
  type IncreaseRow,
  type LaneState,
  type LogEntry,
  RAW_PAGE_SAMPLES_MAX,
  type RangeQuery,
  type RawPage,
  type SampleStore,
  type StoreStatistics,
} from "./store.ts";

export interface EmbeddedStoreOptions {
  readonly folder: string;
  /** Of the site; daily summaries are kept in it. */
  readonly zone: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once when a thread of the store has ended by itself: the store is of no use any more. */
  readonly onFailure?: (error: LamplighterError) => void;
  /** Samples that wait before sealing begins, for tests that want much of it. */
  readonly sealSamplesMin?: number;
  /** No chunks: somebody reads the log and brings it to another store, and says so with `moved`. */
  readonly isSpineOnly?: boolean;
}

/** More entries are never given in one answer. */
export const READ_ENTRIES_MAX = 10_000;
/** Samples further apart than this many times what is expected leave the time between uncovered. */
export const COVERAGE_SLACK = 1.5;

export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const threads = startThreads(options);
  try {
    const opened = await threads.writer.call("open", undefined);
    const { shiftHours } = opened;
    await threads.sealer.call("open", { shiftHours });
    await threads.reader.call("open", { shiftHours });
    const store = new EmbeddedStore({ ...options, ...threads, opened });
    threads.sealer.call("rebuildDaily", undefined).then(
      (isRebuilt) => isRebuilt && options.log.info("store daily summaries rebuilt"),
      (error: unknown) => options.log.error("store daily summaries failed", { error }),
    );
    return store;
  } catch (error) {
    await endThreads(threads);
    throw error;
  }
}

interface Threads {
  readonly writer: WorkerThread<WriterCalls>;
  readonly sealer: WorkerThread<SealerCalls>;
  readonly reader: WorkerThread<ReaderCalls>;
}

function startThreads(options: EmbeddedStoreOptions): Threads {
  const { folder, zone, log } = options;
  const start = (name: string): Omit<WorkerOptions, "file"> => ({
    name: `The store's ${name}`,
    data: { folder, zone },
    compiled: `${folder}/compiled`,
    onFailure: (error) => {
      log.error("store thread ended", { thread: name, error });
      options.onFailure?.(error);
    },
  });
  const writer = new URL("./embedded/threads/writer-worker.ts", import.meta.url);
  const sealer = new URL("./embedded/threads/sealer-worker.ts", import.meta.url);
  const reader = new URL("./embedded/threads/reader-worker.ts", import.meta.url);
  return {
    writer: new WorkerThread({ ...start("writer"), file: writer }),
    sealer: new WorkerThread({ ...start("sealer"), file: sealer }),
    reader: new WorkerThread({ ...start("reader"), file: reader }),
  };
}

async function endThreads(threads: Threads): Promise<void> {
  await Promise.all([threads.reader.end(), threads.sealer.end(), threads.writer.end()]);
}

interface Parts extends Threads, EmbeddedStoreOptions {
  readonly opened: OpenedLog;
}

export class EmbeddedStore implements SampleStore {
  readonly #threads: Threads;
  readonly #writer: WorkerThread<WriterCalls>;
  readonly #reader: WorkerThread<ReaderCalls>;
  readonly #names: SeriesNames;
  readonly #latest = new LatestSamples();
  readonly #recent: RecentEntries;
  readonly #sealing: Sealing;
  #movedThrough: number;
  readonly #queue: AppendQueue;

  constructor({ writer, sealer, reader, opened, clock, log, ...options }: Parts) {
    this.#threads = { writer, sealer, reader };
    this.#writer = writer;
    this.#reader = reader;
    this.#names = new SeriesNames(opened.points);
    this.#latest.take(unpackSamples(opened.latest, (series) => this.#names.pointOf(series)));
    this.#recent = new RecentEntries(opened.end);
    const sealing = {
      clock,
      log,
      writer,
      sealer,
      latest: () => packSamples(this.#latest.of(), (point) => this.#names.idFor(point)),
      points: () => this.#names.count,
      end: () => this.#recent.end,
      isElsewhere: options.isSpineOnly ?? false,
      ...(options.sealSamplesMin === undefined ? {} : { samplesMin: options.sealSamplesMin }),
    };
    this.#movedThrough = opened.sealedThrough;
    this.#sealing = new Sealing(sealing, opened.unsealedSamples);
    this.#queue = new AppendQueue(writer, this.#names, {
      onStored: (entry) => {
        this.#latest.take(entry.samples);
        this.#recent.add(entry);
        this.#sealing.stored(entry.samples.length);
      },
      room: () => this.#sealing.room(),
    });
  }

  /** Moves everything stored so far into chunks, e.g. at the end of an import; happens by itself hourly. */
  seal(): Promise<void> {
    return this.#sealing.sealAll();
  }

  /** Of a spine: everything up to this position has been moved to the other store. */
  movedThrough(): number {
    return this.#movedThrough;
  }

  /** Of a spine: the other store has everything up to `position` durably. */
  async moved(position: number): Promise<void> {
    await this.#sealing.movedElsewhere(position);
    this.#movedThrough = position;
  }

  append(request: AppendRequest): Promise<AppendOutcome> {
    return this.#queue.append(request);
  }

  async read(position: number, entriesMax: number): Promise<readonly LogEntry[]> {
    const count = Math.min(Math.max(Math.trunc(entriesMax), 0), READ_ENTRIES_MAX);
    const recent = this.#recent.after(position, count);
    if (recent !== undefined) return recent;
    const rows = await this.#reader.call("readLog", { position, entriesMax: count });
    return rows.map((row) => this.#entryOf(row));
  }

  #entryOf(row: LogRow): LogEntry {
    const { position, epoch, number } = row;
    const lane = row.lane as LogEntry["origin"]["lane"];
    return {
      position,
      origin: { gateway: gatewayId(row.gateway), epoch, lane, number },
      receivedAt: instant(row.receivedAt),
      samples: unpackSamples(row.samples, (series) => this.#names.pointOf(series)),
    };
  }

  waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    return this.#recent.waitBeyond(position, signal);
  }

  end(): number {
    return this.#recent.end;
  }

  async lanes(): Promise<readonly LaneState[]> {
    const rows = await this.#writer.call("lanes", undefined);
    return rows.map(({ epoch, lane, storedThrough, samples, refused, gateway }) => {
      return { gateway: gatewayId(gateway), epoch, lane, storedThrough, samples, refused };
    });
  }

  release(reader: string, position: number): Promise<void> {
    return this.#writer.call("release", { reader, position });
  }

  async latest(points?: readonly PointId[]): Promise<readonly Sample[]> {
    return this.#latest.of(points);
  }

  async raw(
    query: RangeQuery,
    page: { readonly after?: string; readonly limit?: number } = {},
    signal?: AbortSignal,
  ): Promise<RawPage> {
    refuseRange(query);
    const limit = Math.trunc(page.limit ?? RAW_PAGE_SAMPLES_MAX);
    if (!(limit >= 1 && limit <= RAW_PAGE_SAMPLES_MAX)) {
      throw new LamplighterError(
        "REQUEST_INVALID",
        `A page of ${page.limit} samples is not possible: ask for 1 to ${RAW_PAGE_SAMPLES_MAX}.`,
      );
    }
    const after = page.after === undefined ? undefined : parsePlace(page.after);
    const series = this.#names.idOf(query.point);
    if (series === undefined) return { samples: [] };
    const packed = await this.#ask(signal, (cancelled) => {
      const argument = { series, from: query.from, to: query.to, limit, ...cancelled };
      return this.#reader.call("raw", after === undefined ? argument : { ...argument, after });
    });
    const samples = unpackSamples(packed, () => query.point);
    if (samples.length <= limit) return { samples };
    const last = samples[limit - 1];
    return { samples: samples.slice(0, limit), next: `${last?.time}.${last?.sequence}` };
  }

  async buckets(
    query: RangeQuery,
    bucket: Bucket,
    signal?: AbortSignal,
  ): Promise<readonly BucketRow[]> {
    refuseRange(query);
    const series = this.#names.idOf(query.point) ?? 0;
    const { from, to } = query;
    const numbers = await this.#ask(signal, (cancelled) =>
      this.#reader.call("buckets", { series, from, to, bucket, ...cancelled }),
    );
    return bucketRows(numbers);
  }

  async increase(
    query: RangeQuery,
    bucket: Bucket,
    expectEvery: Duration,
    signal?: AbortSignal,
  ): Promise<readonly IncreaseRow[]> {
    refuseRange(query);
    const series = this.#names.idOf(query.point) ?? 0;
    const { from, to } = query;
    const gapMsMax = expectEvery * COVERAGE_SLACK;
    const numbers = await this.#ask(signal, (cancelled) =>
      this.#reader.call("increase", { series, from, to, bucket, gapMsMax, ...cancelled }),
    );
    return increaseRows(numbers);
  }

  /** The last number before a time, or the first from it on. */
  async neighbour(
    point: PointId,
    time: Instant,
    side: "before" | "from",
  ): Promise<NumberAt | undefined> {
    const series = this.#names.idOf(point) ?? 0;
    return this.#reader.call("neighbour", { series, time, side });
  }

  /** Lets a question be given up: the reader looks at the flag between its steps. */
  async #ask<T>(
    signal: AbortSignal | undefined,
    ask: (cancelled: { readonly cancelled?: SharedArrayBuffer }) => Promise<T>,
  ): Promise<T> {
    if (signal === undefined) return ask({});
    signal.throwIfAborted();
    const cancelled = new SharedArrayBuffer(4);
    const cancel = (): void => {
      Atomics.store(new Int32Array(cancelled), 0, 1);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answer = await ask({ cancelled });
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async statistics(): Promise<StoreStatistics> {
    const [{ bytes }, lanes, { entries, chunks }] = await Promise.all([
      this.#reader.call("statistics", undefined),
      this.lanes(),
      this.#writer.call("counts", undefined),
    ]);
    const samples = lanes.reduce((sum, lane) => sum + lane.samples, 0);
    return { samples, points: this.#names.count, bytes, logEntries: entries, chunks };
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#recent.close();
    await this.#sealing.close();
    const { reader, sealer, writer } = this.#threads;
    await Promise.allSettled([reader.call("close", undefined)]);
    await Promise.allSettled([sealer.call("close", undefined)]);
    await Promise.allSettled([writer.call("close", undefined)]);
    await endThreads(this.#threads);
  }
}

export function refuseRange({ from, to, point }: RangeQuery): void {
  const isInstant = (time: Instant): boolean =>
    Number.isSafeInteger(time) && time >= INSTANT_MIN && time <= INSTANT_MAX;
  if (!isInstant(from) || !isInstant(to)) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `The range of ${point} from ${from} to ${to} ms is not possible: both must be whole milliseconds from 1970 to 2200.`,
    );
  }
  if (from >= to) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `The range of ${point} ends (${to} ms) at or before it begins (${from} ms). Exchange the two.`,
    );
  }
}

export function parsePlace(text: string): { readonly time: number; readonly sequence: number } {
  const found = /^(\d{1,13})\.(\d{1,5})$/.exec(text);
  if (found === null) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `"${text.slice(0, 40)}" is not the "next" of an earlier page. Begin again without it.`,
    );
  }
  return { time: Number(found[1]), sequence: Number(found[2]) };
}
