/**
 * Draws rows with ECharts. This file and what it imports are loaded with the first chart; nothing else
 * imports the library.
 */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Instant } from "../../../core/time.ts";
import { zoneOffsetMs } from "../format/time.ts";
import type { ChartRow } from "./rows.ts";

use([BarChart, LineChart, GridComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

export interface Picture {
  readonly rows: readonly ChartRow[];
  readonly shape: "line" | "steps" | "bars";
  readonly from: Instant;
  readonly to: Instant;
  readonly zone: string;
  readonly colour: string;
  readonly ink: string;
  readonly line: string;
  readonly field: string;
  /** By name: the library measures texts before it draws them. */
  readonly font: string;
  /** What a number on the axis is called, such as a state's meaning. */
  readonly axisText: (value: number) => string;
  /** The lines of the box beside the pointer. */
  readonly describe: (row: ChartRow) => readonly string[];
  /** Vertical marks: alarms of this point. */
  readonly marks: readonly { readonly time: Instant; readonly text: string }[];
}

export interface DrawnChart {
  draw(picture: Picture): void;
  resize(): void;
  dispose(): void;
}

export function openChart(element: HTMLElement): DrawnChart {
  const chart = init(element, undefined, { renderer: "svg" });
  return {
    draw: (picture) => chart.setOption(optionsOf(picture), { notMerge: true }),
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  };
}

/** ECharts knows UTC and the browser's zone only: times are moved so that its UTC reads as site time. */
const local = (time: Instant, zone: string): number => time + zoneOffsetMs(time, zone);

function optionsOf(picture: Picture) {
  const { zone, ink, line } = picture;
  const text = { color: ink, fontSize: 12, fontFamily: picture.font };
  return {
    useUTC: true,
    animation: false,
    textStyle: text,
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    xAxis: {
      type: "time",
      min: local(picture.from, zone),
      max: local(picture.to, zone),
      axisLine: { lineStyle: { color: line } },
      axisLabel: { ...text, hideOverlap: true },
      splitNumber: 5,
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      scale: picture.shape !== "bars",
      minInterval: picture.shape === "steps" ? 1 : undefined,
      splitLine: { lineStyle: { color: line } },
      axisLabel: { ...text, formatter: picture.axisText },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: picture.field,
      borderColor: line,
      textStyle: text,
      formatter: (hovered: unknown) => tooltip(picture, hovered),
    },
    series: seriesOf(picture),
  };
}

function seriesOf(picture: Picture): readonly object[] {
  const { rows, zone, colour, shape } = picture;
  const at = (row: ChartRow, value: number | undefined) => [local(row.time, zone), value ?? "-"];
  const markLine = {
    silent: true,
    symbol: "none",
    lineStyle: { color: picture.ink, type: "dashed", width: 1 },
    label: { color: picture.ink, fontSize: 12, width: 160, overflow: "truncate" },
    data: picture.marks.map((mark) => ({
      xAxis: local(mark.time, zone),
      label: { formatter: mark.text, align: isLate(mark.time, picture) ? "right" : "left" },
    })),
  };
  const main = {
    name: "value",
    data: rows.map((row, i) =>
      isAlone(rows, i)
        ? { value: at(row, row.value), symbol: "circle", symbolSize: 4 }
        : at(row, row.value),
    ),
    itemStyle: { color: colour },
    markLine,
  };
  if (shape === "bars") return [{ ...main, type: "bar", barMaxWidth: 24 }];
  const drawn = {
    ...main,
    type: "line",
    step: shape === "steps" ? "end" : false,
    symbol: "none",
    connectNulls: false,
    lineStyle: { color: colour, width: 1.5 },
  };
  const hasBand = shape === "line" && rows.some(({ min, max }) => min !== max);
  return hasBand ? [...bandOf(picture, at), drawn] : [drawn];
}

/** A text at the right edge is written towards the middle. */
const isLate = (time: Instant, { from, to }: Picture): boolean => time > (from + to) / 2;

/** A value between two gaps makes no line and would not be seen. */
const isAlone = (rows: readonly ChartRow[], i: number): boolean =>
  rows[i - 1]?.value === undefined && rows[i + 1]?.value === undefined;

/** From the least to the most of each bucket, so that a peak survives zooming out. */
function bandOf(
  { rows, colour }: Picture,
  at: (row: ChartRow, value: number | undefined) => readonly (number | string)[],
): readonly object[] {
  const base = {
    type: "line",
    stack: "band",
    stackStrategy: "all",
    showSymbol: false,
    silent: true,
    lineStyle: { opacity: 0 },
    emphasis: { disabled: true },
  };
  const height = (row: ChartRow) =>
    row.max === undefined || row.min === undefined ? undefined : row.max - row.min;
  return [
    { ...base, name: "min", data: rows.map((row) => at(row, row.min)) },
    {
      ...base,
      name: "height",
      data: rows.map((row) => at(row, height(row))),
      areaStyle: { color: colour, opacity: 0.18 },
    },
  ];
}

/** Built from text nodes: a point's name is not markup, whatever it contains. */
function tooltip(picture: Picture, hovered: unknown): HTMLElement {
  const box = document.createElement("div");
  const [first] = Array.isArray(hovered) ? (hovered as { dataIndex: number }[]) : [];
  const row = first && picture.rows[first.dataIndex];
  for (const words of row ? picture.describe(row) : []) {
    const element = document.createElement("div");
    element.textContent = words;
    box.append(element);
  }
  return box;
}
