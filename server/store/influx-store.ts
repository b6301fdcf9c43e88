/**
 * The store of a larger installation: the append log stays here and is the spine for everybody; a feeder
 * brings it to InfluxDB, and questions are answered from there, together with what is still in the log.
 *
 *   append ─► log (here) ─► feeder ─► InfluxDB
 *              └── tail ──► answers ◄────┘
 *
 * Not as exact as the embedded store in one case: when the same identity is stored first with a number
 * and later as bad, InfluxDB's own sums still contain the number.
 */
import { LamplighterError } from "../../core/errors.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { type Duration, hours, type Instant, minutes } from "../../core/time.ts";
import {
  type Columns,
  columnsOf,
  merged,
  ordered,
  putSample,
  sampleAt,
} from "./embedded/columns.ts";
import { type Buckets, Calendar } from "./embedded/query/calendar.ts";
import { bucketNumbers, bucketRows, increaseNumbers, increaseRows } from "./embedded/query/rows.ts";
import { type NumberAt, piecesOf, type Window } from "./embedded/query/walk.ts";
import {
  COVERAGE_SLACK,
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
  parsePlace,
  refuseRange,
} from "./embedded-store.ts";
import { InfluxClient, type InfluxConnection } from "./influx/client.ts";
import { InfluxFeeder } from "./influx/feeder.ts";
import { sampleOf, timeAndSequence } from "./influx/lines.ts";
import {
  neighbourQuestion,
  rawQuestion,
  summariesOf,
  summaryQuestions,
} from "./influx/questions.ts";
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

export interface InfluxStoreOptions extends EmbeddedStoreOptions {
  readonly influx: InfluxConnection;
  /** 0 ≤ random() < 1, for the pauses between tries. */
  readonly random: () => number;
}

/** Opens also while InfluxDB is away: samples then wait in the log. */
export async function openInfluxStore(options: InfluxStoreOptions): Promise<InfluxStore> {
  const { clock, log, influx, random } = options;
  const spine = await openEmbeddedStore({ ...options, isSpineOnly: true });
  const client = new InfluxClient(influx);
  await client.createDatabase();
  const feeder = new InfluxFeeder({ clock, log, client, spine, random });
  return new InfluxStore({ spine, client, feeder, onFailure: options.onFailure });
}

export interface Backlog {
  /** Entries of the log that InfluxDB does not have yet. */
  readonly entries: number;
  /** Entries that answers still take from the log, whether InfluxDB has them or not. */
  readonly entriesInLog: number;
  /** Lines that InfluxDB has refused for what they are. */
  readonly refusedLines: number;
}

interface Parts {
  readonly spine: EmbeddedStore;
  readonly client: InfluxClient;
  readonly feeder: InfluxFeeder;
  readonly onFailure: ((error: LamplighterError) => void) | undefined;
}

export class InfluxStore implements SampleStore {
  readonly #spine: EmbeddedStore;
  readonly #client: InfluxClient;
  readonly #feeder: InfluxFeeder;
  readonly #calendar = new Calendar();
  readonly #ending = new AbortController();
  readonly #feeding: Promise<void>;

  constructor({ spine, client, feeder, onFailure }: Parts) {
    this.#spine = spine;
    this.#client = client;
    this.#feeder = feeder;
    this.#feeding = feeder.run(this.#ending.signal).catch((error: unknown) => {
      const failure = new LamplighterError("INTERNAL", "The way to InfluxDB ended.", {
        cause: error,
      });
      onFailure?.(failure);
    });
  }

  append(request: AppendRequest): Promise<AppendOutcome> {
    return this.#spine.append(request);
  }

  read(position: number, entriesMax: number): Promise<readonly LogEntry[]> {
    return this.#spine.read(position, entriesMax);
  }

  waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    return this.#spine.waitBeyond(position, signal);
  }

  end(): number {
    return this.#spine.end();
  }

  lanes(): Promise<readonly LaneState[]> {
    return this.#spine.lanes();
  }

  release(reader: string, position: number): Promise<void> {
    return this.#spine.release(reader, position);
  }

  latest(points?: readonly PointId[]): Promise<readonly Sample[]> {
    return this.#spine.latest(points);
  }

  backlog(): Backlog {
    const { position, refusedLines } = this.#feeder;
    const end = this.end();
    return {
      entries: end - position,
      entriesInLog: end - this.#spine.movedThrough(),
      refusedLines,
    };
  }

  async raw(
    query: RangeQuery,
    page: { readonly after?: string; readonly limit?: number } = {},
    signal?: AbortSignal,
  ): Promise<RawPage> {
    const unsent = await this.#spine.raw(query, page, signal);
    const limit = Math.trunc(page.limit ?? RAW_PAGE_SAMPLES_MAX);
    const after = page.after === undefined ? {} : { after: parsePlace(page.after) };
    const question = rawQuestion(query.point, query, { ...after, limit: limit + 1 });
    const rows = await this.#client.query(question, signal);
    const sent = rows.map((row) => sampleOf(row, query.point));
    const samples = mergedSamples(sent, unsent.samples);
    if (samples.length <= limit && unsent.next === undefined) return { samples };
    const last = samples[limit - 1];
    return { samples: samples.slice(0, limit), next: `${last?.time}.${last?.sequence}` };
  }

  async buckets(
    query: RangeQuery,
    bucket: Bucket,
    signal?: AbortSignal,
  ): Promise<readonly BucketRow[]> {
    refuseRange(query);
    const buckets = this.#calendar.buckets(query, bucket);
    const tail = await this.#tail(query, signal);
    const gapMsMax = Number.POSITIVE_INFINITY;
    const asked = { query, gridMs: gridOf(bucket, buckets), tail, gapMsMax };
    const stretches = await this.#windows(asked, signal);
    const pieces = piecesOf({ stretches, tail, cuts: buckets.cuts, gapMsMax });
    return bucketRows(bucketNumbers(pieces, buckets));
  }

  async increase(
    query: RangeQuery,
    bucket: Bucket,
    expectEvery: Duration,
    signal?: AbortSignal,
  ): Promise<readonly IncreaseRow[]> {
    refuseRange(query);
    const buckets = this.#calendar.buckets(query, bucket);
    const gapMsMax = expectEvery * COVERAGE_SLACK;
    const tail = await this.#tail(query, signal);
    const asked = { query, gridMs: gridOf(bucket, buckets), tail, gapMsMax };
    const stretches = await this.#windows(asked, signal);
    const pieces = piecesOf({ stretches, tail, cuts: buckets.cuts, gapMsMax });
    const [before, after] = await Promise.all([
      this.#neighbour(query.point, query.from, "before", signal),
      this.#neighbour(query.point, query.to, "from", signal),
    ]);
    return increaseRows(increaseNumbers(pieces, { buckets, gapMsMax, before, after }));
  }

  /** What is in the log and perhaps not in InfluxDB yet. */
  async #tail(query: RangeQuery, signal: AbortSignal | undefined): Promise<Columns> {
    return columnsFrom(await allPages((page) => this.#spine.raw(query, page, signal)));
  }

  /** InfluxDB's summaries of the range, with the samples at hand wherever those do not do. */
  async #windows(
    asked: {
      readonly query: RangeQuery;
      readonly gridMs: number;
      readonly tail: Columns;
      readonly gapMsMax: number;
    },
    signal: AbortSignal | undefined,
  ): Promise<readonly Window[]> {
    const { query, gridMs, tail, gapMsMax } = asked;
    const { point, from, to } = query;
    const questions = summaryQuestions(point, query, gridMs);
    const [aggregates = [], steps = []] = await Promise.all(
      questions.map((question) => this.#client.query(question, signal)),
    );
    const windows: Window[] = [];
    const touched = new Set(Array.from(tail.times, (time) => Math.floor(time / gridMs)));
    for (const { start, summary } of summariesOf(aggregates, steps)) {
      const range = { from: Math.max(start, from), to: Math.min(start + gridMs, to) };
      const isDetailed = touched.has(Math.floor(start / gridMs)) || summary.gapMsMax > gapMsMax;
      const columns = isDetailed ? await this.#samplesIn(point, range, signal) : undefined;
      const load = (): Columns => columns ?? columnsOf(0);
      windows.push({ kind: "window", start: range.from, end: range.to, summary, load });
    }
    return windows;
  }

  async #samplesIn(
    point: PointId,
    range: { readonly from: number; readonly to: number },
    signal: AbortSignal | undefined,
  ): Promise<Columns> {
    const samples = await allPages(async ({ after }) => {
      const limit = RAW_PAGE_SAMPLES_MAX;
      const place = after === undefined ? {} : { after: parsePlace(after) };
      const rows = await this.#client.query(rawQuestion(point, range, { ...place, limit }), signal);
      const page = rows.map((row) => sampleOf(row, point));
      const last = page.at(-1);
      if (last === undefined || page.length < limit) return { samples: page };
      return { samples: page, next: `${last.time}.${last.sequence}` };
    });
    return columnsFrom(samples);
  }

  async #neighbour(
    point: PointId,
    time: Instant,
    side: "before" | "from",
    signal: AbortSignal | undefined,
  ): Promise<NumberAt | undefined> {
    const [row] = await this.#client.query(neighbourQuestion(point, time, side), signal);
    const sent = row === undefined ? undefined : numberAt(row.get("time"), row.get("value"));
    const unsent = await this.#spine.neighbour(point, time, side);
    if (sent === undefined || unsent === undefined) return sent ?? unsent;
    const isUnsentNearer = side === "before" ? unsent.time >= sent.time : unsent.time <= sent.time;
    return isUnsentNearer ? unsent : sent;
  }

  statistics(): Promise<StoreStatistics> {
    return this.#spine.statistics();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#feeding;
    await this.#client.close();
    await this.#spine.close();
  }
}

/** How finely InfluxDB summarizes: a bucket at a time, or what days and months of a zone are made of. */
function gridOf(bucket: Bucket, { starts }: Buckets): number {
  if (bucket.kind === "duration") return bucket.length;
  return starts.every((start) => start % hours(1) === 0) ? hours(1) : minutes(15);
}

async function allPages(
  ask: (page: { readonly after?: string }) => Promise<RawPage>,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  let page = await ask({});
  samples.push(...page.samples);
  while (page.next !== undefined) {
    page = await ask({ after: page.next });
    samples.push(...page.samples);
  }
  return samples;
}

function columnsFrom(samples: readonly Sample[]): Columns {
  const columns = columnsOf(samples.length);
  samples.forEach((sample, i) => {
    putSample(columns, i, sample);
  });
  return ordered(columns);
}

function mergedSamples(older: readonly Sample[], newer: readonly Sample[]): readonly Sample[] {
  const [first] = [...older, ...newer];
  if (first === undefined) return [];
  const both = merged(columnsFrom(older), columnsFrom(newer));
  return Array.from({ length: both.count }, (_, i) => sampleAt(both, i, first.point));
}

function numberAt(digits: string | undefined, value: string | undefined): NumberAt | undefined {
  if (digits === undefined || value === undefined || value === "") return undefined;
  return { time: timeAndSequence(digits).time, value: Number(value) };
}
