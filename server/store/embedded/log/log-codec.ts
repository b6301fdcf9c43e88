/**
 * One entry of the append log as bytes: 16 bytes of header, then the columns one after the other (times,
 * values, series, sequences, marks, flags; 24 bytes for each sample), then texts and details as JSON.
 * Little-endian, as every machine we run on is.
 */
import { LamplighterError } from "../../../../core/errors.ts";
import type { PointId } from "../../../../core/ids.ts";
import type { Sample } from "../../../../core/sample.ts";
import { INSTANT_MAX, INSTANT_MIN } from "../../../../core/time.ts";
import { type Columns, type MutableColumns, putSample, sampleAt } from "../columns.ts";

const VERSION = 1;
const HEADER_BYTES = 16;
const SAMPLE_BYTES = 24;

export interface LogColumns extends Columns {
  readonly series: Uint32Array;
}

interface Extras {
  readonly texts: readonly (readonly [number, string])[];
  readonly details: readonly (readonly [number, string])[];
}

/** Throws REQUEST_INVALID for a sample that no query could answer truthfully. */
export function packSamples(
  samples: readonly Sample[],
  seriesOf: (point: PointId) => number,
): Uint8Array<ArrayBuffer> {
  const count = samples.length;
  const columns = viewOf(new ArrayBuffer(HEADER_BYTES + count * SAMPLE_BYTES), count);
  columns.values.fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    const sample = samples[i];
    if (sample === undefined) continue;
    refuseUntrue(sample);
    columns.series[i] = seriesOf(sample.point);
    putSample(columns, i, sample);
  }
  return withExtras(columns);
}

/** Packs columns that are already such, e.g. the answer to a query. */
export function packColumns(from: Columns, series: Uint32Array): Uint8Array<ArrayBuffer> {
  const columns = viewOf(new ArrayBuffer(HEADER_BYTES + from.count * SAMPLE_BYTES), from.count);
  columns.times.set(from.times);
  columns.values.set(from.values);
  columns.series.set(series);
  columns.sequences.set(from.sequences);
  columns.marks.set(from.marks);
  columns.flags.set(from.flags);
  for (const [i, text] of from.texts) columns.texts.set(i, text);
  for (const [i, detail] of from.details) columns.details.set(i, detail);
  return withExtras(columns);
}

export function unpackColumns(bytes: Uint8Array): LogColumns {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const [version, count = 0, extrasBytes = 0] = new Uint32Array(
    aligned.buffer,
    aligned.byteOffset,
    4,
  );
  const columnsEnd = HEADER_BYTES + count * SAMPLE_BYTES;
  if (version !== VERSION || aligned.byteLength < columnsEnd + extrasBytes) {
    throw new LamplighterError(
      "DATABASE_DAMAGED",
      `An entry of the log cannot be read: version ${version}, ${count} samples in ` +
        `${aligned.byteLength} bytes. Restore the store from a backup.`,
    );
  }
  const columns = viewOf(aligned.buffer, count, aligned.byteOffset);
  if (extrasBytes === 0) return columns;
  const json = new TextDecoder().decode(aligned.subarray(columnsEnd, columnsEnd + extrasBytes));
  const extras = JSON.parse(json) as Extras;
  return { ...columns, texts: new Map(extras.texts), details: new Map(extras.details) };
}

export function unpackSamples(
  bytes: Uint8Array,
  pointOf: (series: number) => PointId,
): readonly Sample[] {
  const columns = unpackColumns(bytes);
  const samples: Sample[] = [];
  for (let i = 0; i < columns.count; i++) {
    samples.push(sampleAt(columns, i, pointOf(columns.series[i] ?? 0)));
  }
  return samples;
}

interface LogView extends MutableColumns {
  readonly buffer: ArrayBufferLike;
  readonly series: Uint32Array;
}

function viewOf(buffer: ArrayBufferLike, count: number, offset = 0): LogView {
  const start = offset + HEADER_BYTES;
  return {
    buffer,
    count,
    times: new Float64Array(buffer, start, count),
    values: new Float64Array(buffer, start + 8 * count, count),
    series: new Uint32Array(buffer, start + 16 * count, count),
    sequences: new Uint16Array(buffer, start + 20 * count, count),
    marks: new Int8Array(buffer, start + 22 * count, count),
    flags: new Uint8Array(buffer, start + 23 * count, count),
    texts: new Map(),
    details: new Map(),
  };
}

function withExtras(columns: LogView): Uint8Array<ArrayBuffer> {
  const extras: Extras = { texts: [...columns.texts], details: [...columns.details] };
  const isPlain = extras.texts.length === 0 && extras.details.length === 0;
  const json = isPlain ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(extras));
  const columnsEnd = HEADER_BYTES + columns.count * SAMPLE_BYTES;
  const packed = isPlain
    ? new Uint8Array(columns.buffer as ArrayBuffer)
    : new Uint8Array(columnsEnd + json.byteLength);
  if (!isPlain) {
    packed.set(new Uint8Array(columns.buffer));
    packed.set(json, columnsEnd);
  }
  new Uint32Array(packed.buffer, 0, 3).set([VERSION, columns.count, json.byteLength]);
  return packed;
}

function refuseUntrue(sample: Sample): void {
  const { time } = sample;
  if (!Number.isSafeInteger(time) || time < INSTANT_MIN || time > INSTANT_MAX) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `A sample of ${sample.point} cannot be stored: its time ${time} ms is not an instant from 1970 to 2200.`,
    );
  }
  if (sample.quality === "bad" || typeof sample.value === "string") return;
  if (!Number.isFinite(sample.value)) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `A sample of ${sample.point} cannot be stored: its value ${sample.value} is not a finite number.`,
    );
  }
}
