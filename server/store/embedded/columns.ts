/**
 * Samples of one series, or of one batch, as columns: what the log and the chunks hold and what threads
 * pass to each other. Pure; knows nothing of files.
 */
import { badReasonOfMark, doubtOfMark, markOf } from "../../../core/batch.ts";
import type { PointId } from "../../../core/ids.ts";
import type { Sample } from "../../../core/sample.ts";
import { instant } from "../../../core/time.ts";

export const FLAG_DEVICE_TIME = 1;
export const FLAG_TEXT = 2;

export interface Columns {
  readonly count: number;
  readonly times: Float64Array;
  /** Not a number where a sample is bad or a text. */
  readonly values: Float64Array;
  readonly sequences: Uint16Array;
  readonly marks: Int8Array;
  readonly flags: Uint8Array;
  /** Values that are texts, by index. */
  readonly texts: ReadonlyMap<number, string>;
  /** Details of bad samples, by index. */
  readonly details: ReadonlyMap<number, string>;
}

const NONE: ReadonlyMap<number, string> = new Map();

export interface MutableColumns extends Columns {
  readonly texts: Map<number, string>;
  readonly details: Map<number, string>;
}

export const columnsOf = (count: number): MutableColumns => ({
  count,
  times: new Float64Array(count),
  values: new Float64Array(count).fill(Number.NaN),
  sequences: new Uint16Array(count),
  marks: new Int8Array(count),
  flags: new Uint8Array(count),
  texts: new Map(),
  details: new Map(),
});

export const EMPTY: Columns = { ...columnsOf(0), texts: NONE, details: NONE };

/** Writes `sample` at index `i`. */
export function putSample(to: MutableColumns, i: number, sample: Sample): void {
  to.times[i] = sample.time;
  to.sequences[i] = sample.sequence;
  to.marks[i] = markOf(sample);
  let flags = sample.timeSource === "device" ? FLAG_DEVICE_TIME : 0;
  if (sample.quality === "bad") {
    if (sample.detail !== undefined) to.details.set(i, sample.detail);
  } else if (typeof sample.value === "number") {
    to.values[i] = sample.value;
  } else {
    flags |= FLAG_TEXT;
    to.texts.set(i, sample.value);
  }
  to.flags[i] = flags;
}

/** The inverse of `putSample`. */
export function sampleAt(from: Columns, i: number, point: PointId): Sample {
  const time = instant(from.times[i] ?? 0);
  const sequence = from.sequences[i] ?? 0;
  const mark = from.marks[i] ?? 0;
  const flags = from.flags[i] ?? 0;
  const timeSource = (flags & FLAG_DEVICE_TIME) === 0 ? "gateway" : "device";
  if (mark > 0) {
    const reason = badReasonOfMark(mark) ?? "setAside";
    const detail = from.details.get(i);
    const bad = { point, time, sequence, timeSource, quality: "bad", reason } as const;
    return detail === undefined ? bad : { ...bad, detail };
  }
  const value = (flags & FLAG_TEXT) === 0 ? (from.values[i] ?? 0) : (from.texts.get(i) ?? "");
  if (mark === 0) return { point, time, sequence, timeSource, quality: "good", value };
  const doubt = doubtOfMark(mark) ?? "estimated";
  return { point, time, sequence, timeSource, quality: "uncertain", value, doubt };
}

/** Copies one sample between columns. */
export function copySample(from: Columns, i: number, to: MutableColumns, j: number): void {
  to.times[j] = from.times[i] ?? 0;
  to.values[j] = from.values[i] ?? Number.NaN;
  to.sequences[j] = from.sequences[i] ?? 0;
  to.marks[j] = from.marks[i] ?? 0;
  to.flags[j] = from.flags[i] ?? 0;
  if (from.texts.size > 0) copyText(from.texts, i, to.texts, j);
  if (from.details.size > 0) copyText(from.details, i, to.details, j);
}

function copyText(
  from: ReadonlyMap<number, string>,
  i: number,
  to: Map<number, string>,
  j: number,
): void {
  const text = from.get(i);
  if (text !== undefined) to.set(j, text);
}

/** The samples from index `start` up to and without `end`, sharing memory. */
export function sliceOf(from: Columns, start: number, end: number): Columns {
  if (start === 0 && end === from.count) return from;
  return {
    count: Math.max(0, end - start),
    times: from.times.subarray(start, end),
    values: from.values.subarray(start, end),
    sequences: from.sequences.subarray(start, end),
    marks: from.marks.subarray(start, end),
    flags: from.flags.subarray(start, end),
    texts: shifted(from.texts, start, end),
    details: shifted(from.details, start, end),
  };
}

function shifted(
  texts: ReadonlyMap<number, string>,
  start: number,
  end: number,
): ReadonlyMap<number, string> {
  if (texts.size === 0) return NONE;
  const moved = new Map<number, string>();
  for (const [i, text] of texts) if (i >= start && i < end) moved.set(i - start, text);
  return moved;
}

/** Index of the first sample at or after `timeMs`, of columns in order of time. */
export function lowerBound(columns: Columns, timeMs: number): number {
  let low = 0;
  let high = columns.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((columns.times[middle] ?? 0) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

const inOrder = (c: Columns, i: number, j: number): number =>
  (c.times[i] ?? 0) - (c.times[j] ?? 0) || (c.sequences[i] ?? 0) - (c.sequences[j] ?? 0);

/** In order of time and sequence, each identity once: of two, the one stored last. */
export function ordered(columns: Columns): Columns {
  let isOrdered = true;
  for (let i = 1; i < columns.count && isOrdered; i++) isOrdered = inOrder(columns, i - 1, i) < 0;
  if (isOrdered) return columns;
  const order = new Uint32Array(columns.count).map((_, i) => i);
  order.sort((i, j) => inOrder(columns, i, j) || i - j);
  const kept = order.filter((index, i) => {
    const next = order[i + 1];
    return next === undefined || inOrder(columns, index, next) !== 0;
  });
  const result = columnsOf(kept.length);
  kept.forEach((index, i) => {
    copySample(columns, index, result, i);
  });
  return result;
}

/** Both together in order, each identity once; `newer` wins. Both must be `ordered`. */
export function merged(older: Columns, newer: Columns): Columns {
  if (older.count === 0) return newer;
  if (newer.count === 0) return older;
  const both = columnsOf(older.count + newer.count);
  for (let i = 0; i < older.count; i++) copySample(older, i, both, i);
  for (let i = 0; i < newer.count; i++) copySample(newer, i, both, older.count + i);
  return ordered(both);
}
