/**
 * Samples as InfluxDB keeps them, so that a person can write a query by hand:
 *
 *   SELECT mean("value") FROM "power_active" WHERE "device" = 'a1-main' GROUP BY time(1h)
 *
 * The point's name is the measurement and its device a tag; fields are `value` or `text`, `mark` (0 good,
 * above 0 the reason it is bad, below 0 the doubt), `detail`, `device_time`, and `ms`, the time once more
 * as a number, by which gaps are measured. A sample's sequence is in the nanoseconds of its time. Pure.
 */
import { badReasonOfMark, doubtOfMark, markOf } from "../../../core/batch.ts";
import { deviceOf, type PointId, pointNameOf } from "../../../core/ids.ts";
import type { Sample } from "../../../core/sample.ts";
import { instant } from "../../../core/time.ts";
import type { InfluxRow } from "./client.ts";

const SEQUENCE_DIGITS = 6;

/** As line protocol: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/ */
export function lineOf(sample: Sample): string {
  const { point } = sample;
  const fields = [`mark=${markOf(sample)}i`];
  if (sample.timeSource === "device") fields.push("device_time=true");
  if (sample.quality === "bad") {
    if (sample.detail !== undefined) fields.push(`detail=${quoted(sample.detail)}`);
  } else if (typeof sample.value === "number") {
    fields.push(`value=${sample.value}`, `ms=${sample.time}i`);
  } else {
    fields.push(`text=${quoted(sample.value)}`);
  }
  const time = nanoseconds(sample.time, sample.sequence);
  return `${pointNameOf(point)},device=${deviceOf(point)} ${fields.join(",")} ${time}`;
}

const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** Beyond what a number can hold exactly, hence as digits. */
export const nanoseconds = (timeMs: number, sequence = 0): string =>
  timeMs === 0 ? `${sequence}` : `${timeMs}${String(sequence).padStart(SEQUENCE_DIGITS, "0")}`;

export function timeAndSequence(digits: string): {
  readonly time: number;
  readonly sequence: number;
} {
  return {
    time: Number(digits.slice(0, -SEQUENCE_DIGITS)),
    sequence: Number(digits.slice(-SEQUENCE_DIGITS)),
  };
}

export const SAMPLE_COLUMNS = "value, text, mark, detail, device_time";

/** The inverse of `lineOf`, from a row with SAMPLE_COLUMNS. */
export function sampleOf(row: InfluxRow, point: PointId): Sample {
  const { time, sequence } = timeAndSequence(row.get("time") ?? "0");
  const timeSource = row.get("device_time") === "true" ? "device" : "gateway";
  const stamped = { point, time: instant(time), sequence, timeSource } as const;
  const mark = Number(row.get("mark") || 0);
  if (mark > 0) {
    const detail = row.get("detail") ?? "";
    const bad = {
      ...stamped,
      quality: "bad",
      reason: badReasonOfMark(mark) ?? "setAside",
    } as const;
    return detail === "" ? bad : { ...bad, detail };
  }
  const number = row.get("value") ?? "";
  const value = number === "" ? (row.get("text") ?? "") : Number(number);
  if (mark === 0) return { ...stamped, quality: "good", value };
  return { ...stamped, quality: "uncertain", value, doubt: doubtOfMark(mark) ?? "estimated" };
}
