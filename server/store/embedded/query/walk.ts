/**
 * Walking through a series in order of time: sealed stretches with their summaries, and the unsealed tail
 * between and within them. A summary is only used when nothing unsealed falls into it and it lies wholly
 * in one bucket; otherwise its samples are decoded and merged, so every answer counts each identity once.
 * Pure, but for the stretches that load when asked.
 */

import { coveredMs, type Summary, summaryOf } from "../chunks/summary.ts";
import { type Columns, lowerBound, merged, sliceOf } from "../columns.ts";

interface StretchBase {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly summary: Summary;
}

/** A chunk. */
export interface Window extends StretchBase {
  readonly kind: "window";
  load(): Columns;
}

/** A day of the site with the windows it is made of, whose first and last may reach beyond it. */
export interface Day extends StretchBase {
  readonly kind: "day";
  windows(): Iterable<Window>;
}

export type Stretch = Window | Day;

/** What one bucket gets from one stretch. */
export interface Piece {
  readonly bucket: number;
  readonly summary: Summary;
  /** Time between numbers at most `gapMsMax` apart. */
  readonly coveredMs: number;
}

export interface Walk {
  /** In order, not overlapping. */
  readonly stretches: Iterable<Stretch>;
  /** In order, each identity once. */
  readonly tail: Columns;
  /** Where buckets are cut; the first and last are the ends of the range. */
  readonly cuts: readonly number[];
  /** Summaries with a longer gap are looked into. */
  readonly gapMsMax: number;
}

interface Cursor {
  bucket: number;
  /** Samples of the tail before this index are done. */
  tail: number;
  /** Times before this are done: a window that reaches into two days is cut between them. */
  time: number;
}

export function* piecesOf(walk: Walk): Generator<Piece> {
  const from = walk.cuts[0] ?? 0;
  const to = walk.cuts.at(-1) ?? 0;
  const cursor: Cursor = { bucket: 0, tail: lowerBound(walk.tail, from), time: from };
  yield* piecesWithin(walk, walk.stretches, cursor, to);
}

function* piecesWithin(
  walk: Walk,
  stretches: Iterable<Stretch>,
  cursor: Cursor,
  until: number,
): Generator<Piece> {
  for (const stretch of stretches) {
    if (stretch.end <= cursor.time) continue;
    if (stretch.start >= until) break;
    yield* tailPieces(walk, cursor, Math.min(stretch.start, until));
    const tailEnd = lowerBound(walk.tail, stretch.end);
    if (tailEnd === cursor.tail && isUsable(walk, stretch, cursor, until)) {
      cursor.time = stretch.end;
      const { summary } = stretch;
      yield { bucket: cursor.bucket, summary, coveredMs: summary.lastAt - summary.firstAt };
    } else if (stretch.kind === "day") {
      yield* piecesWithin(walk, stretch.windows(), cursor, Math.min(stretch.end, until));
    } else {
      const newer = sliceOf(walk.tail, cursor.tail, tailEnd);
      const end = Math.min(stretch.end, until);
      yield* cutPieces(walk, cursor, merged(stretch.load(), newer), end);
      cursor.tail = lowerBound(walk.tail, end);
    }
  }
  yield* tailPieces(walk, cursor, until);
}

/** Whether the summary says all there is to say about the bucket the cursor is at. */
function isUsable(walk: Walk, stretch: Stretch, cursor: Cursor, until: number): boolean {
  if (stretch.start < cursor.time || stretch.end > until) return false;
  if (stretch.summary.gapMsMax > walk.gapMsMax) return false;
  moveTo(walk, cursor, stretch.start);
  return stretch.end <= (walk.cuts[cursor.bucket + 1] ?? 0);
}

function* tailPieces(walk: Walk, cursor: Cursor, until: number): Generator<Piece> {
  if (until <= cursor.time) return;
  const end = lowerBound(walk.tail, until);
  if (end > cursor.tail) {
    yield* cutPieces(walk, cursor, sliceOf(walk.tail, cursor.tail, end), until);
  }
  cursor.tail = end;
  cursor.time = until;
}

/** Cuts samples, from the cursor's time on, at the ends of buckets. */
function* cutPieces(walk: Walk, cursor: Cursor, columns: Columns, until: number): Generator<Piece> {
  let i = lowerBound(columns, cursor.time);
  const end = lowerBound(columns, until);
  while (i < end) {
    moveTo(walk, cursor, columns.times[i] ?? 0);
    const next = Math.min(end, lowerBound(columns, walk.cuts[cursor.bucket + 1] ?? until));
    yield {
      bucket: cursor.bucket,
      summary: summaryOf(columns, i, next),
      coveredMs: coveredMs(columns, walk.gapMsMax, i, next),
    };
    i = next;
  }
  cursor.time = until;
}

function moveTo(walk: Walk, cursor: Cursor, time: number): void {
  while ((walk.cuts[cursor.bucket + 1] ?? Number.POSITIVE_INFINITY) <= time) cursor.bucket += 1;
}

/** All samples from `from` up to and without `to`, as runs in order. */
export function* runsOf(
  windows: Iterable<Window>,
  tail: Columns,
  range: { readonly from: number; readonly to: number },
): Generator<Columns> {
  let done = lowerBound(tail, range.from);
  for (const window of windows) {
    const start = lowerBound(tail, Math.max(window.start, range.from));
    if (start > done) yield sliceOf(tail, done, start);
    const end = lowerBound(tail, Math.min(window.end, range.to));
    const columns = merged(window.load(), sliceOf(tail, start, end));
    done = Math.max(done, end);
    yield sliceOf(columns, lowerBound(columns, range.from), lowerBound(columns, range.to));
  }
  yield sliceOf(tail, done, Math.max(done, lowerBound(tail, range.to)));
}

export interface NumberAt {
  readonly time: number;
  readonly value: number;
}

/** The last number before `time`; `windows` come newest first. */
export function numberBefore(
  windows: Iterable<Window>,
  tail: Columns,
  time: number,
): NumberAt | undefined {
  const unsealed = lastNumber(tail, lowerBound(tail, time));
  for (const window of windows) {
    if (unsealed !== undefined && unsealed.time >= window.end) return unsealed;
    const start = lowerBound(tail, window.start);
    const end = lowerBound(tail, Math.min(window.end, time));
    if (start === end && window.end <= time) {
      const { count, lastAt, last } = window.summary;
      if (count > 0) return { time: lastAt, value: last };
      continue;
    }
    const columns = merged(window.load(), sliceOf(tail, start, end));
    const found = lastNumber(columns, lowerBound(columns, time));
    if (found !== undefined) return found;
  }
  return unsealed;
}

/** The first number at or after `time`; `windows` come oldest first. */
export function numberFrom(
  windows: Iterable<Window>,
  tail: Columns,
  time: number,
): NumberAt | undefined {
  const unsealed = firstNumber(tail, lowerBound(tail, time));
  for (const window of windows) {
    if (unsealed !== undefined && unsealed.time < window.start) return unsealed;
    const start = lowerBound(tail, Math.max(window.start, time));
    const end = lowerBound(tail, window.end);
    if (start === end && window.start >= time) {
      const { count, firstAt, first } = window.summary;
      if (count > 0) return { time: firstAt, value: first };
      continue;
    }
    const columns = merged(window.load(), sliceOf(tail, start, end));
    const found = firstNumber(columns, lowerBound(columns, time));
    if (found !== undefined) return found;
  }
  return unsealed;
}

function lastNumber(columns: Columns, before: number): NumberAt | undefined {
  for (let i = before - 1; i >= 0; i--) {
    const value = columns.values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) return { time: columns.times[i] ?? 0, value };
  }
  return undefined;
}

function firstNumber(columns: Columns, from: number): NumberAt | undefined {
  for (let i = from; i < columns.count; i++) {
    const value = columns.values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) return { time: columns.times[i] ?? 0, value };
  }
  return undefined;
}
