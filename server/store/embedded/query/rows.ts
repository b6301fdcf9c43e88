/** Pieces of a walk folded into the rows of an answer. Rows travel between threads as plain numbers. Pure. */
import { instant } from "../../../../core/time.ts";
import type { BucketRow, IncreaseRow } from "../../store.ts";
import { joined, type Summary } from "../chunks/summary.ts";
import type { Buckets } from "./calendar.ts";
import type { NumberAt, Piece } from "./walk.ts";

const BUCKET_NUMBERS = 7;
const INCREASE_NUMBERS = 3;

/** Rows of the buckets that have a number in them. */
export function bucketNumbers(pieces: Iterable<Piece>, { starts }: Buckets): Float64Array {
  const numbers: number[] = [];
  let current: { readonly bucket: number; summary: Summary } | undefined;
  const finish = (): void => {
    if (current === undefined || current.summary.count === 0) return;
    const { count, min, sum, max, first, last } = current.summary;
    numbers.push(starts[current.bucket] ?? 0, count, min, sum / count, max, first, last);
  };
  for (const { bucket, summary } of pieces) {
    if (current?.bucket === bucket) {
      current.summary = joined(current.summary, summary);
    } else {
      finish();
      current = { bucket, summary };
    }
  }
  finish();
  return new Float64Array(numbers);
}

export function bucketRows(numbers: Float64Array): readonly BucketRow[] {
  const rows: BucketRow[] = [];
  for (let i = 0; i < numbers.length; i += BUCKET_NUMBERS) {
    const [time = 0, count = 0, min = 0, mean = 0, max = 0, first = 0, last = 0] = numbers.subarray(
      i,
      i + BUCKET_NUMBERS,
    );
    rows.push({ time: instant(time), count, min, mean, max, first, last });
  }
  return rows;
}

export interface IncreaseOptions {
  readonly buckets: Buckets;
  readonly gapMsMax: number;
  /** The numbers next to the range, on both sides. */
  readonly before: NumberAt | undefined;
  readonly after: NumberAt | undefined;
}

/**
 * A rise between two numbers is shared out among the buckets it spans, by time, so that the buckets of a
 * range add up to what the counter shows whatever the bucket. Rows of the buckets that lie between
 * numbers; without numbers on both sides nothing is known, which is not zero.
 */
export function increaseNumbers(pieces: Iterable<Piece>, options: IncreaseOptions): Float64Array {
  const shares = new Shares(options);
  let last = options.before;
  for (const { bucket, summary, coveredMs } of pieces) {
    if (summary.count === 0) continue;
    shares.between(last, { time: summary.firstAt, value: summary.first });
    if (summary.count > 1) shares.add(bucket, summary.increase, coveredMs);
    last = { time: summary.lastAt, value: summary.last };
  }
  if (options.after !== undefined) shares.between(last, options.after);
  return shares.numbers();
}

class Shares {
  readonly #options: IncreaseOptions;
  readonly #increase: Float64Array;
  readonly #coveredMs: Float64Array;
  readonly #isKnown: Uint8Array;
  #bucket = 0;

  constructor(options: IncreaseOptions) {
    const count = options.buckets.starts.length;
    this.#options = options;
    this.#increase = new Float64Array(count);
    this.#coveredMs = new Float64Array(count);
    this.#isKnown = new Uint8Array(count);
  }

  add(bucket: number, increase: number, coveredMs: number): void {
    this.#increase[bucket] = (this.#increase[bucket] ?? 0) + increase;
    this.#coveredMs[bucket] = (this.#coveredMs[bucket] ?? 0) + coveredMs;
    this.#isKnown[bucket] = 1;
  }

  between(earlier: NumberAt | undefined, later: NumberAt): void {
    if (earlier === undefined) return;
    const { cuts } = this.#options.buckets;
    const rise = Math.max(0, later.value - earlier.value);
    const spanMs = later.time - earlier.time;
    const isCovered = spanMs <= this.#options.gapMsMax;
    while ((cuts[this.#bucket + 1] ?? Number.POSITIVE_INFINITY) <= earlier.time) this.#bucket += 1;
    for (let b = this.#bucket; b < this.#increase.length; b++) {
      const start = Math.max(earlier.time, cuts[b] ?? 0);
      const end = Math.min(later.time, cuts[b + 1] ?? 0);
      if (spanMs === 0) {
        if (start <= later.time && later.time < (cuts[b + 1] ?? 0)) this.add(b, rise, 0);
        return;
      }
      if ((cuts[b] ?? 0) >= later.time) return;
      if (end > start) this.add(b, (rise * (end - start)) / spanMs, isCovered ? end - start : 0);
    }
  }

  numbers(): Float64Array {
    const { starts, cuts } = this.#options.buckets;
    const numbers: number[] = [];
    starts.forEach((start, b) => {
      if (this.#isKnown[b] !== 1) return;
      const lengthMs = (cuts[b + 1] ?? 0) - (cuts[b] ?? 0);
      const coverage = Math.min(1, (this.#coveredMs[b] ?? 0) / lengthMs);
      numbers.push(start, this.#increase[b] ?? 0, coverage);
    });
    return new Float64Array(numbers);
  }
}

export function increaseRows(numbers: Float64Array): readonly IncreaseRow[] {
  const rows: IncreaseRow[] = [];
  for (let i = 0; i < numbers.length; i += INCREASE_NUMBERS) {
    const [time = 0, increase = 0, coverage = 0] = numbers.subarray(i, i + INCREASE_NUMBERS);
    rows.push({ time: instant(time), increase, coverage });
  }
  return rows;
}
