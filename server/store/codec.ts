/**
 * A chunk: samples of one series in order of time, as few bytes. Times as differences of differences;
 * numbers as differences of decimals where every one is a decimal of up to six places, otherwise as the
 * bytes of float32 or float64 laid out in planes; then deflate where it helps. Lossless. About 2 bytes
 * per sample for meters, 5 for float32 gauges (measured).
 *
 *   version | deflated?   count   length of body   body
 *   body: columns present, times, sequences?, marks?, device times?, texts?, details?, numbers
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { ByteReader, ByteWriter } from "./embedded/chunks/bytes.ts";
import { type Columns, columnsOf, FLAG_DEVICE_TIME, FLAG_TEXT } from "./embedded/columns.ts";

const VERSION = 1;
const DEFLATED = 0x80;
/** A chunk that claims more is damaged. */
export const CHUNK_SAMPLES_MAX = 4_000_000;

const HAS_SEQUENCES = 1;
const HAS_MARKS = 2;
const HAS_DEVICE_TIMES = 4;
const HAS_TEXTS = 8;
const HAS_DETAILS = 16;

const AS_DECIMALS = 0;
const AS_FLOAT32 = 1;
const AS_FLOAT64 = 2;
const DECIMAL_PLACES_MAX = 6;
/** Differences of two such integers stay exact. */
const SCALED_MAX = 2 ** 50;

/** `columns` must be in order, each identity once. */
export function encodeChunk(columns: Columns): Uint8Array {
  const body = new ByteWriter(64 + columns.count * 4);
  writeBody(body, columns);
  const raw = body.bytes();
  const deflated = deflateRawSync(raw, { level: 1 });
  const isSmaller = deflated.byteLength < raw.byteLength;
  const content = isSmaller ? deflated : raw;
  const chunk = new ByteWriter(content.byteLength + 16);
  chunk.byte(VERSION | (isSmaller ? DEFLATED : 0));
  chunk.varint(columns.count);
  chunk.varint(raw.byteLength);
  chunk.append(content);
  return chunk.bytes();
}

/** Throws DATABASE_DAMAGED; `where` tells people which chunk it is. */
export function decodeChunk(bytes: Uint8Array, where: string): Columns {
  try {
    const chunk = new ByteReader(bytes);
    const head = chunk.byte();
    if ((head & ~DEFLATED) !== VERSION) throw new RangeError(`version ${head & ~DEFLATED}`);
    const count = chunk.varint();
    const length = chunk.varint();
    if (count > CHUNK_SAMPLES_MAX) throw new RangeError(`${count} samples`);
    const rest = chunk.rest();
    const isDeflated = (head & DEFLATED) !== 0;
    const body = isDeflated ? inflateRawSync(rest, { maxOutputLength: length + 1 }) : rest;
    if (body.byteLength !== length) throw new RangeError(`${body.byteLength} of ${length} bytes`);
    return readBody(new ByteReader(body), count);
  } catch (error) {
    throw new LamplighterError(
      "DATABASE_DAMAGED",
      `A chunk of ${bytes.byteLength} bytes cannot be decoded: ${where}, ${wordsOf(error)}. Restore its month from a backup.`,
      { cause: error },
    );
  }
}

function writeBody(body: ByteWriter, columns: Columns): void {
  const { count, sequences, marks, flags, texts, details } = columns;
  const hasSequences = sequences.some(isNotZero);
  const hasMarks = marks.some(isNotZero);
  const hasDeviceTimes = flags.some((flag) => (flag & FLAG_DEVICE_TIME) !== 0);
  body.byte(
    (hasSequences ? HAS_SEQUENCES : 0) |
      (hasMarks ? HAS_MARKS : 0) |
      (hasDeviceTimes ? HAS_DEVICE_TIMES : 0) |
      (texts.size > 0 ? HAS_TEXTS : 0) |
      (details.size > 0 ? HAS_DETAILS : 0),
  );
  writeTimes(body, columns);
  if (hasSequences) for (let i = 0; i < count; i++) body.varint(sequences[i] ?? 0);
  if (hasMarks) for (let i = 0; i < count; i++) body.byte((marks[i] ?? 0) & 0xff);
  if (hasDeviceTimes) {
    for (let i = 0; i < count; i++) body.byte((flags[i] ?? 0) & FLAG_DEVICE_TIME);
  }
  if (texts.size > 0) writeTexts(body, texts);
  if (details.size > 0) writeTexts(body, details);
  writeNumbers(body, numbersOf(columns));
}

const isNotZero = (n: number): boolean => n !== 0;

function readBody(body: ByteReader, count: number): Columns {
  const columns = columnsOf(count);
  const present = body.byte();
  readTimes(body, columns.times);
  if (present & HAS_SEQUENCES) {
    for (let i = 0; i < count; i++) columns.sequences[i] = body.varint();
  }
  if (present & HAS_MARKS) for (let i = 0; i < count; i++) columns.marks[i] = body.byte();
  if (present & HAS_DEVICE_TIMES) for (let i = 0; i < count; i++) columns.flags[i] = body.byte();
  const texts = present & HAS_TEXTS ? readTexts(body) : columns.texts;
  const details = present & HAS_DETAILS ? readTexts(body) : columns.details;
  for (const i of texts.keys()) columns.flags[i] = (columns.flags[i] ?? 0) | FLAG_TEXT;
  readNumbers(body, columns);
  return { ...columns, texts, details };
}

function writeTimes(body: ByteWriter, { count, times }: Columns): void {
  let previous = 0;
  let previousStep = 0;
  for (let i = 0; i < count; i++) {
    const time = times[i] ?? 0;
    const step = time - previous;
    body.signed(step - previousStep);
    previousStep = i === 0 ? 0 : step;
    previous = time;
  }
}

function readTimes(body: ByteReader, times: Float64Array): void {
  let previous = 0;
  let step = 0;
  for (let i = 0; i < times.length; i++) {
    const next = step + body.signed();
    previous += next;
    step = i === 0 ? 0 : next;
    times[i] = previous;
  }
}

/** JSON keeps every JavaScript string, also broken surrogate pairs, which UTF-8 alone does not. */
function writeTexts(body: ByteWriter, texts: ReadonlyMap<number, string>): void {
  const json = new TextEncoder().encode(JSON.stringify([...texts]));
  body.varint(json.byteLength);
  body.append(json);
}

function readTexts(body: ByteReader): ReadonlyMap<number, string> {
  const json = new TextDecoder().decode(body.take(body.varint()));
  return new Map(JSON.parse(json) as [number, string][]);
}

const hasNumber = (columns: Columns, i: number): boolean =>
  (columns.marks[i] ?? 0) <= 0 && ((columns.flags[i] ?? 0) & FLAG_TEXT) === 0;

function numbersOf(columns: Columns): Float64Array {
  const numbers = new Float64Array(columns.count);
  let count = 0;
  for (let i = 0; i < columns.count; i++) {
    if (hasNumber(columns, i)) numbers[count++] = columns.values[i] ?? 0;
  }
  return numbers.subarray(0, count);
}

function writeNumbers(body: ByteWriter, numbers: Float64Array): void {
  const places = decimalPlaces(numbers);
  if (places !== undefined) {
    body.byte(AS_DECIMALS);
    body.byte(places);
    const scale = 10 ** places;
    let previous = 0;
    for (const number of numbers) {
      const scaled = Math.round(number * scale);
      body.signed(scaled - previous);
      previous = scaled;
    }
    return;
  }
  const isFloat32 = numbers.every((number) => Object.is(Math.fround(number), number));
  body.byte(isFloat32 ? AS_FLOAT32 : AS_FLOAT64);
  writePlanes(body, isFloat32 ? new Float32Array(numbers) : numbers.slice());
}

/** The decimal places with which every number can be written exactly, if there are. */
function decimalPlaces(numbers: Float64Array): number | undefined {
  let places = 0;
  let scale = 1;
  for (const number of numbers) {
    if (Object.is(number, -0)) return undefined;
    while (Math.round(number * scale) / scale !== number) {
      if (places === DECIMAL_PLACES_MAX) return undefined;
      places += 1;
      scale = 10 ** places;
    }
  }
  const isExact = numbers.every((number) => {
    const scaled = Math.round(number * scale);
    return Math.abs(scaled) <= SCALED_MAX && Object.is(scaled / scale, number);
  });
  return isExact ? places : undefined;
}

function writePlanes(body: ByteWriter, numbers: Float32Array | Float64Array): void {
  const bytes = new Uint8Array(numbers.buffer);
  const width = numbers.BYTES_PER_ELEMENT;
  for (let plane = width - 1; plane >= 0; plane--) {
    for (let i = plane; i < bytes.length; i += width) body.byte(bytes[i] ?? 0);
  }
}

function readNumbers(body: ByteReader, columns: Columns): void {
  const { count, values } = columns;
  const kind = body.byte();
  if (kind === AS_DECIMALS) {
    const scale = 10 ** body.byte();
    let scaled = 0;
    for (let i = 0; i < count; i++) {
      if (!hasNumber(columns, i)) continue;
      scaled += body.signed();
      values[i] = scaled / scale;
    }
    return;
  }
  if (kind !== AS_FLOAT32 && kind !== AS_FLOAT64) throw new RangeError(`numbers as ${kind}`);
  const numbers = readPlanes(body, kind === AS_FLOAT32 ? 4 : 8);
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (hasNumber(columns, i)) values[i] = numbers[next++] ?? Number.NaN;
  }
}

function readPlanes(body: ByteReader, width: 4 | 8): Float32Array | Float64Array {
  const planes = body.rest();
  const count = planes.byteLength / width;
  const bytes = new Uint8Array(planes.byteLength);
  let next = 0;
  for (let plane = width - 1; plane >= 0; plane--) {
    for (let i = 0; i < count; i++) bytes[i * width + plane] = planes[next++] ?? 0;
  }
  return width === 4 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}
