/**
 * What is kept of a stretch of samples so that charts need not decode them. Numbers only count when they
 * have a value; bad samples are counted apart. Pure.
 */
import type { Columns } from "../columns.ts";

export interface Summary {
  /** Samples with a number. */
  readonly count: number;
  /** Samples without a value. */
  readonly bad: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly first: number;
  readonly last: number;
  /** Epoch milliseconds of the first and the last number. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Sum of the rises from one number to the next; falls (resets) count nothing. */
  readonly increase: number;
  /** Longest time between two numbers next to each other, in milliseconds. */
  readonly gapMsMax: number;
  /** Each number held until the next one, times the milliseconds it held. */
  readonly integral: number;
}

export const NOTHING: Summary = {
  count: 0,
  bad: 0,
  min: 0,
  max: 0,
  sum: 0,
  first: 0,
  last: 0,
  firstAt: 0,
  lastAt: 0,
  increase: 0,
  gapMsMax: 0,
  integral: 0,
};

/** Of the samples from index `start` up to and without `end`, which must be in order. */
export function summaryOf(columns: Columns, start = 0, end = columns.count): Summary {
  let count = 0;
  let bad = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let first = 0;
  let firstAt = 0;
  let last = 0;
  let lastAt = 0;
  let increase = 0;
  let gapMsMax = 0;
  let integral = 0;
  for (let i = start; i < end; i++) {
    const value = columns.values[i] ?? Number.NaN;
    if (Number.isNaN(value)) {
      if ((columns.marks[i] ?? 0) > 0) bad += 1;
      continue;
    }
    const time = columns.times[i] ?? 0;
    if (count === 0) {
      first = value;
      firstAt = time;
    } else {
      const gapMs = time - lastAt;
      if (gapMs > gapMsMax) gapMsMax = gapMs;
      if (value > last) increase += value - last;
      integral += last * gapMs;
    }
    count += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
    last = value;
    lastAt = time;
  }
  if (count === 0) return bad === 0 ? NOTHING : { ...NOTHING, bad };
  return { count, bad, min, max, sum, first, last, firstAt, lastAt, increase, gapMsMax, integral };
}

/** `later` must lie wholly after `earlier`. */
export function joined(earlier: Summary, later: Summary): Summary {
  if (later.count === 0) return { ...earlier, bad: earlier.bad + later.bad };
  if (earlier.count === 0) return { ...later, bad: earlier.bad + later.bad };
  const gapMs = later.firstAt - earlier.lastAt;
  return {
    count: earlier.count + later.count,
    bad: earlier.bad + later.bad,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    sum: earlier.sum + later.sum,
    first: earlier.first,
    last: later.last,
    firstAt: earlier.firstAt,
    lastAt: later.lastAt,
    increase: earlier.increase + Math.max(0, later.first - earlier.last) + later.increase,
    gapMsMax: Math.max(earlier.gapMsMax, later.gapMsMax, gapMs),
    integral: earlier.integral + earlier.last * gapMs + later.integral,
  };
}

/** Milliseconds between numbers that are at most `gapMsMax` apart. */
export function coveredMs(
  columns: Columns,
  gapMsMax: number,
  start = 0,
  end = columns.count,
): number {
  let covered = 0;
  let lastAt = Number.NaN;
  for (let i = start; i < end; i++) {
    if (Number.isNaN(columns.values[i] ?? Number.NaN)) continue;
    const time = columns.times[i] ?? 0;
    if (time - lastAt <= gapMsMax) covered += time - lastAt;
    lastAt = time;
  }
  return covered;
}
