/** Puts the rows of a point into the words and shape of its chart. */
import type { AlarmView, PointView } from "../../api/contract.ts";
import { instantOf } from "../format/instant.ts";
import { axisNumbers } from "../format/number.ts";
import { formatTime, type TimeStyle } from "../format/time.ts";
import { scaleFor, withUnit, wordsOf } from "../format/value.ts";
import type { Range } from "../routes.ts";
import type { Words } from "../texts/words.ts";
import type { Drawing } from "./chart.tsx";
import type { LoadedChart } from "./load.ts";
import { type ChartRow, summaryOf } from "./rows.ts";

export interface DrawingParts {
  readonly point: PointView;
  readonly loaded: LoadedChart;
  readonly range: Range;
  readonly alarms: readonly AlarmView[];
  readonly words: Words;
  readonly style: TimeStyle;
}

export function drawingOf(parts: DrawingParts): Drawing {
  const { point, loaded, words, style } = parts;
  return {
    rows: loaded.rows,
    shape: point.kind === "counter" ? "bars" : point.kind === "state" ? "steps" : "line",
    from: loaded.from,
    to: loaded.to,
    zone: style.zone,
    axisText: axisTextOf(parts),
    describe: (row) => describe(row, parts),
    marks: parts.alarms
      .map((alarm) => ({ time: instantOf(alarm.raisedAt), text: words.name(alarm.name) }))
      .filter(({ time }) => time >= loaded.from && time <= loaded.to),
  };
}

/** One unit for the whole axis. Between two states there is nothing to name. */
function axisTextOf({ point, loaded, words }: DrawingParts): (value: number) => string {
  const { labels, symbol } = point;
  if (labels) return (value) => labels[String(value)]?.[words.language] ?? "";
  const { min, max } = summaryOf(loaded.rows) ?? { min: 0, max: 0 };
  const { divisor, symbol: shown } = scaleFor(Math.max(Math.abs(min), Math.abs(max)), symbol);
  // Bars stand on zero, lines need not.
  const span = point.kind === "counter" ? max : max - min;
  const write = axisNumbers(span / divisor, words.language);
  return (value) => withUnit(write(value / divisor), shown);
}

function describe(row: ChartRow, { point, words, style, range }: DrawingParts): readonly string[] {
  const time = momentIn(row, { range, style });
  if (row.value === undefined) {
    return [time, row.reason ? words.t(`reason.${row.reason}`) : words.t("chart.noData")];
  }
  const write = (value: number): string => wordsOf(asGauge(point), value, words.language).text;
  const hasBand = row.min !== undefined && row.max !== undefined && row.min !== row.max;
  const band = hasBand
    ? [words.t("chart.span", { min: write(row.min ?? 0), max: write(row.max ?? 0) })]
    : [];
  return [time, write(row.value), ...band];
}

/** The year matters only where the range is long enough to cross one. */
function momentIn(row: ChartRow, { range, style }: Pick<DrawingParts, "range" | "style">): string {
  if (range === "1y") return formatTime(row.time, "date", style);
  return formatTime(row.time, "dayMinute", style);
}

/** An amount per bucket is not a counter's standing: three digits do. */
const asGauge = (point: PointView): PointView =>
  point.kind === "counter" ? { ...point, kind: "gauge" } : point;
