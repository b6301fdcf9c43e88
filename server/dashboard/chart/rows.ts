/**
 * What a chart, its table and its CSV all show: one row per step, and a row without a value wherever the
 * data has a gap. Counters become the amount of each bucket.
 */
import type { Instant } from "../../../core/time.ts";
import type { BucketRowView, LatestView, PointView, SeriesView } from "../../api/contract.ts";
import { instantOf } from "../format/instant.ts";
import type { RangePlan } from "./ranges.ts";

type RawRow = Exclude<SeriesView["rows"][number], BucketRowView>;

export interface ChartRow {
  readonly time: Instant;
  /** Absent where there is no data. */
  readonly value?: number;
  readonly min?: number;
  readonly max?: number;
  readonly count?: number;
  readonly reason?: NonNullable<LatestView["reason"]>;
}

/** A gap is a distance of this many expected steps. */
const GAP_STEPS = 1.5;

export function chartRows(
  point: Pick<PointView, "kind" | "expectEveryMs">,
  rows: SeriesView["rows"],
  plan: RangePlan,
): readonly ChartRow[] {
  const stepMs = plan.bucket?.longest ?? Math.max(point.expectEveryMs, 1_000) * 2;
  const shown =
    point.kind === "counter"
      ? amounts(rows.filter(isBucket), stepMs)
      : rows.map((row) => (isBucket(row) ? bucketRow(row, point.kind === "state") : rawRow(row)));
  return withGaps(shown, stepMs);
}

const isBucket = (row: BucketRowView | RawRow): row is BucketRowView => "mean" in row;

function bucketRow(row: BucketRowView, isState: boolean): ChartRow {
  const { min, max, count } = row;
  return { time: instantOf(row.time), value: isState ? row.last : row.mean, min, max, count };
}

function rawRow(row: RawRow): ChartRow {
  const time = instantOf(row.time);
  if (row.quality !== "bad" && typeof row.value === "number") return { time, value: row.value };
  return row.reason === undefined ? { time } : { time, reason: row.reason };
}

/** A counter that went backwards was exchanged or reset: that bucket's amount is unknown, not negative. */
function amounts(rows: readonly BucketRowView[], stepMs: number): readonly ChartRow[] {
  const shown: ChartRow[] = [];
  let previous: BucketRowView | undefined;
  for (const row of rows) {
    const time = instantOf(row.time);
    if (previous && time - instantOf(previous.time) <= stepMs * GAP_STEPS) {
      const amount = row.last - previous.last;
      shown.push(amount >= 0 ? { time, value: amount, count: row.count } : { time });
    }
    previous = row;
  }
  return shown;
}

function withGaps(rows: readonly ChartRow[], stepMs: number): readonly ChartRow[] {
  const filled: ChartRow[] = [];
  for (const row of rows) {
    const before = filled.at(-1);
    if (before && row.time - before.time > stepMs * GAP_STEPS && before.value !== undefined) {
      filled.push({ time: (before.time + stepMs) as Instant });
    }
    filled.push(row);
  }
  return filled;
}

export interface Summary {
  readonly min: number;
  readonly max: number;
  readonly total: number;
  readonly gaps: number;
}

/** The shape in four numbers, for those who hear the page; nothing when there is no value at all. */
export function summaryOf(rows: readonly ChartRow[]): Summary | undefined {
  let summary: Summary | undefined;
  let gaps = 0;
  let inGap = false;
  for (const { value, min = value, max = value } of rows) {
    if (value === undefined || min === undefined || max === undefined) {
      if (!inGap) gaps += 1;
      inGap = true;
      continue;
    }
    inGap = false;
    summary = {
      min: Math.min(summary?.min ?? min, min),
      max: Math.max(summary?.max ?? max, max),
      total: (summary?.total ?? 0) + value,
      gaps: 0,
    };
  }
  return summary && { ...summary, gaps };
}
