/**
 * Samples that travel together, and their wire form: JSON in columns, one array per field, so that it is
 * compact, quick to parse (measured: millions of samples per second), and any language's standard library
 * can speak it. `docs/uplink.md` describes it for strangers.
 *
 *   {"version":1,"epoch":"k3v9…","lane":"live","number":17,
 *    "points":["a1-main/power_active","lab1-gas/gas_lel"],
 *    "point":[0,0,1], "time":[1764000000000,1000,-400], "value":[1.2,1.3,null],
 *    "sequence":[0,0,0], "mark":[0,0,2], "deviceTime":[0,0,0], "detail":{"2":"no answer in 500 ms"}}
 *
 * `time` is absolute in its first element, then the difference to the one before. `mark` is 0 for good,
 * n + 1 for bad with reason n, -(n + 1) for uncertain with doubt n. `sequence`, `mark`, `deviceTime` and
 * `detail` are left out when every element is the default.
 */
import type { GatewayId, PointId } from "./ids.ts";
import { parsePointId } from "./ids.ts";
import { failure, type Outcome, success } from "./outcome.ts";
import {
  BAD_REASONS,
  type BadReason,
  DOUBTS,
  type Doubt,
  type Sample,
  TEXT_VALUE_CHARACTERS_MAX,
  type TimeSource,
} from "./sample.ts";
import { INSTANT_MAX, INSTANT_MIN, type Instant, instant } from "./time.ts";

export const BATCH_VERSION = 1;
export const BATCH_SAMPLES_MAX = 10_000;
/** Longer batches are refused before they are parsed. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
export const SEQUENCE_MAX = 65_535;

/** `hazard` is never held behind the others; `backfill` is what waited for the server. */
export const LANES = ["hazard", "live", "backfill"] as const;
export type Lane = (typeof LANES)[number];

export interface BatchHeader {
  /** New whenever a gateway's buffer begins anew; numbers count from 1 within it. */
  readonly epoch: string;
  readonly lane: Lane;
  readonly number: number;
}

export interface Batch extends BatchHeader {
  readonly samples: readonly Sample[];
}

/** Where a batch came from, as ingest and log know it. */
export interface BatchOrigin extends BatchHeader {
  readonly gateway: GatewayId;
}

interface WireBatch {
  version: number;
  epoch: string;
  lane: Lane;
  number: number;
  points: string[];
  point: number[];
  time: number[];
  value: (number | string | null)[];
  sequence?: number[];
  mark?: number[];
  deviceTime?: number[];
  detail?: Record<string, string>;
}

export function encodeBatch(batch: Batch): string {
  const indexOf = new Map<PointId, number>();
  const columns = {
    point: [] as number[],
    time: [] as number[],
    value: [] as (number | string | null)[],
    sequence: [] as number[],
    mark: [] as number[],
    deviceTime: [] as number[],
  };
  const detail: Record<string, string> = {};
  let previousMs = 0;
  for (const sample of batch.samples) {
    let index = indexOf.get(sample.point);
    if (index === undefined) {
      index = indexOf.size;
      indexOf.set(sample.point, index);
    }
    if (sample.quality === "bad" && sample.detail !== undefined) {
      detail[columns.point.length] = sample.detail;
    }
    columns.point.push(index);
    columns.time.push(sample.time - previousMs);
    previousMs = sample.time;
    columns.value.push(sample.quality === "bad" ? null : sample.value);
    columns.sequence.push(sample.sequence);
    columns.mark.push(markOf(sample));
    columns.deviceTime.push(sample.timeSource === "device" ? 1 : 0);
  }
  const wire: WireBatch = {
    version: BATCH_VERSION,
    epoch: batch.epoch,
    lane: batch.lane,
    number: batch.number,
    points: [...indexOf.keys()],
    point: columns.point,
    time: columns.time,
    value: columns.value,
  };
  if (columns.sequence.some(isNotZero)) wire.sequence = columns.sequence;
  if (columns.mark.some(isNotZero)) wire.mark = columns.mark;
  if (columns.deviceTime.some(isNotZero)) wire.deviceTime = columns.deviceTime;
  if (Object.keys(detail).length > 0) wire.detail = detail;
  return JSON.stringify(wire);
}

const isNotZero = (n: number): boolean => n !== 0;

/** One number for quality and its reason or doubt; the log on disk uses the same. */
export function markOf(sample: Sample): number {
  switch (sample.quality) {
    case "good":
      return 0;
    case "bad":
      return BAD_REASONS.indexOf(sample.reason) + 1;
    case "uncertain":
      return -(DOUBTS.indexOf(sample.doubt) + 1);
  }
}

export const badReasonOfMark = (mark: number): BadReason | undefined => BAD_REASONS[mark - 1];
export const doubtOfMark = (mark: number): Doubt | undefined => DOUBTS[-mark - 1];

/** A sample of a decodable batch that cannot be kept, with the sentence that says why. */
export interface RefusedSample {
  readonly index: number;
  readonly point: string;
  readonly why: string;
}

export interface DecodedBatch extends Batch {
  readonly refused: readonly RefusedSample[];
}

/**
 * Reads a batch from the wire. Bad samples are set aside in `refused` and the rest kept; only a batch
 * whose columns cannot be told apart fails as a whole.
 */
export function decodeBatch(text: string): Outcome<DecodedBatch, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return failure(`not JSON: ${(error as Error).message}`);
  }
  const shaped = shapeOf(json);
  if (!shaped.ok) return shaped;
  const wire = shaped.value;
  const points = wire.points.map((name) => (parsePointId(name).ok ? (name as PointId) : undefined));
  const samples: Sample[] = [];
  const refused: RefusedSample[] = [];
  let timeMs = 0;
  for (let i = 0; i < wire.point.length; i++) {
    timeMs += wire.time[i] as number;
    const name = wire.points[wire.point[i] as number];
    const sample = sampleAt(wire, i, points[wire.point[i] as number], timeMs);
    if (sample.ok) samples.push(sample.value);
    else refused.push({ index: i, point: String(name).slice(0, 130), why: sample.error });
  }
  const { epoch, lane, number } = wire;
  return success({ epoch, lane, number, samples, refused });
}

function sampleAt(
  wire: WireBatch,
  i: number,
  point: PointId | undefined,
  timeMs: number,
): Outcome<Sample, string> {
  if (point === undefined) return failure("its point has no valid name");
  if (!Number.isSafeInteger(timeMs) || timeMs < INSTANT_MIN || timeMs > INSTANT_MAX) {
    return failure(`its time ${timeMs} ms is not an instant from 1970 to 2200`);
  }
  const time: Instant = instant(timeMs);
  const sequence = wire.sequence?.[i] ?? 0;
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > SEQUENCE_MAX) {
    return failure(`its sequence ${sequence} is not an integer from 0 to ${SEQUENCE_MAX}`);
  }
  const timeSource: TimeSource = wire.deviceTime?.[i] === 1 ? "device" : "gateway";
  const mark = wire.mark?.[i] ?? 0;
  if (mark > 0) {
    const reason = badReasonOfMark(mark);
    if (reason === undefined) return failure(`its mark ${mark} is no known reason`);
    const detail = wire.detail?.[i];
    const base = { point, time, sequence, timeSource, quality: "bad", reason } as const;
    return success(typeof detail === "string" ? { ...base, detail: detail.slice(0, 200) } : base);
  }
  const value = wire.value[i];
  if (typeof value === "string") {
    if (value.length > TEXT_VALUE_CHARACTERS_MAX) {
      return failure(
        `its text has ${value.length} characters, allowed are ${TEXT_VALUE_CHARACTERS_MAX}`,
      );
    }
  } else if (typeof value !== "number") {
    return failure("its value is neither a number nor a text");
  } else if (!Number.isFinite(value)) {
    return failure("its value is not a finite number");
  }
  if (mark === 0) return success({ point, time, sequence, timeSource, quality: "good", value });
  const doubt = doubtOfMark(mark);
  if (doubt === undefined) return failure(`its mark ${mark} is no known doubt`);
  return success({ point, time, sequence, timeSource, quality: "uncertain", value, doubt });
}

/** Checks the outline only: names, lengths of columns and index ranges; a hand check, zod is 4 × slower. */
function shapeOf(json: unknown): Outcome<WireBatch, string> {
  if (typeof json !== "object" || json === null) return failure("not an object");
  const wire = json as Partial<WireBatch>;
  if (wire.version !== BATCH_VERSION) {
    return failure(`version is ${String(wire.version)}, understood is ${BATCH_VERSION}`);
  }
  if (typeof wire.epoch !== "string" || wire.epoch.length < 1 || wire.epoch.length > 64) {
    return failure("epoch is not a text of 1 to 64 characters");
  }
  if (!LANES.includes(wire.lane as Lane)) return failure(`lane is none of ${LANES.join(", ")}`);
  if (!Number.isSafeInteger(wire.number) || (wire.number as number) < 1) {
    return failure("number is not a positive integer");
  }
  if (!isStrings(wire.points)) return failure("points is not a list of names");
  if (!isIndexes(wire.point, wire.points.length)) {
    return failure("point is not a list of indexes into points");
  }
  const length = wire.point.length;
  if (length > BATCH_SAMPLES_MAX) {
    return failure(`${length} samples, allowed are ${BATCH_SAMPLES_MAX}`);
  }
  if (!isNumbers(wire.time, length)) return failure(`time is not a list of ${length} numbers`);
  if (!Array.isArray(wire.value) || wire.value.length !== length) {
    return failure(`value is not a list of ${length} elements`);
  }
  for (const column of ["sequence", "mark", "deviceTime"] as const) {
    if (wire[column] !== undefined && !isNumbers(wire[column], length)) {
      return failure(`${column} is not a list of ${length} numbers`);
    }
  }
  if (wire.detail !== undefined && (typeof wire.detail !== "object" || wire.detail === null)) {
    return failure("detail is not an object");
  }
  return success(wire as WireBatch);
}

const isStrings = (list: unknown): list is string[] =>
  Array.isArray(list) && list.every((e) => typeof e === "string");

const isNumbers = (list: unknown, length: number): list is number[] =>
  Array.isArray(list) && list.length === length && list.every((e) => typeof e === "number");

const isIndexes = (list: unknown, below: number): list is number[] =>
  Array.isArray(list) && list.every((e) => Number.isInteger(e) && e >= 0 && e < below);
