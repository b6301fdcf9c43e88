/** InfluxQL for what the store is asked, and the answers as summaries of stretches of time. Pure. */
import { deviceOf, type PointId, pointNameOf } from "../../../core/ids.ts";
import { NOTHING, type Summary } from "../embedded/chunks/summary.ts";
import type { InfluxRow } from "./client.ts";
import { nanoseconds, SAMPLE_COLUMNS, timeAndSequence } from "./lines.ts";

interface TimeRange {
  readonly from: number;
  readonly to: number;
}

interface Place {
  readonly time: number;
  readonly sequence: number;
}

const series = (point: PointId): string => `"${pointNameOf(point)}"`;

const within = (point: PointId, from: string, to: string): string =>
  `"device" = '${deviceOf(point).replaceAll("'", "\\'")}' AND time >= ${from} AND time < ${to}`;

export const rawQuestion = (
  point: PointId,
  range: TimeRange,
  options: { readonly after?: Place; readonly limit: number },
): string => {
  const { after, limit } = options;
  const from =
    after === undefined ? nanoseconds(range.from) : nanoseconds(after.time, after.sequence + 1);
  const where = within(point, from, nanoseconds(range.to));
  return `SELECT ${SAMPLE_COLUMNS} FROM ${series(point)} WHERE ${where} ORDER BY time LIMIT ${limit}`;
};

/** The number next to the range: the last before it, or the first from its end on. */
export function neighbourQuestion(point: PointId, time: number, side: "before" | "from"): string {
  const device = `"device" = '${deviceOf(point).replaceAll("'", "\\'")}'`;
  const [compare, order] = side === "before" ? ["<", "DESC"] : [">=", "ASC"];
  const where = `${device} AND time ${compare} ${nanoseconds(time)}`;
  return `SELECT value FROM ${series(point)} WHERE ${where} ORDER BY time ${order} LIMIT 1`;
}

/** Two questions, whose answers `summariesOf` puts together. */
export function summaryQuestions(
  point: PointId,
  range: TimeRange,
  everyMs: number,
): readonly [string, string] {
  const where = within(point, nanoseconds(range.from), nanoseconds(range.to));
  const group = `GROUP BY time(${everyMs}ms) fill(none)`;
  const from = series(point);
  const aggregates =
    "COUNT(value) AS n, MIN(value) AS low, MAX(value) AS high, SUM(value) AS total, " +
    "FIRST(value) AS initial, LAST(value) AS final, MIN(ms) AS initial_ms, MAX(ms) AS final_ms";
  const steps = `SELECT NON_NEGATIVE_DIFFERENCE(value) AS rise, DIFFERENCE(ms) AS gap FROM ${from} WHERE ${where}`;
  const times = `time >= ${nanoseconds(range.from)} AND time < ${nanoseconds(range.to)}`;
  return [
    `SELECT ${aggregates} FROM ${from} WHERE ${where} ${group}`,
    `SELECT SUM(rise) AS rises, MAX(gap) AS gap FROM (${steps}) WHERE ${times} ${group}`,
  ];
}

export interface StretchSummary {
  readonly start: number;
  readonly summary: Summary;
}

/**
 * The second answer counts the step from one stretch to the next with the later one; here it belongs to
 * neither. Where that step was the longest, how long the steps within are is not known: never shorter than
 * said here, so at worst a stretch is looked into without need.
 */
export function summariesOf(
  aggregates: readonly InfluxRow[],
  steps: readonly InfluxRow[],
): readonly StretchSummary[] {
  const stepsByTime = new Map(steps.map((row) => [row.get("time"), row]));
  let last: Summary | undefined;
  return aggregates.map((row) => {
    const number = (name: string): number => Number(row.get(name) ?? 0);
    const step = stepsByTime.get(row.get("time"));
    const first = number("initial");
    const firstAt = number("initial_ms");
    const joint = last === undefined ? 0 : Math.max(0, first - last.last);
    const summary: Summary = {
      ...NOTHING,
      count: number("n"),
      min: number("low"),
      max: number("high"),
      sum: number("total"),
      first,
      last: number("final"),
      firstAt,
      lastAt: number("final_ms"),
      increase: Math.max(0, Number(step?.get("rises") ?? 0) - joint),
      gapMsMax: Number(step?.get("gap") ?? 0),
    };
    if (summary.count === 1) last = { ...summary, gapMsMax: 0, increase: 0 };
    else last = summary;
    return { start: timeAndSequence(row.get("time") ?? "0").time, summary: last };
  });
}
