/**
 * The plan of a whole line in numbers and sentences, pure; printed at start. For every period: how
 * long its round takes, with one device timeout in reserve where devices share the line, and what
 * to do when that does not fit.
 */
import type { Label } from "../../../../core/label.ts";
import { type Duration, formatDuration, milliseconds } from "../../../../core/time.ts";
import type { LineTiming, PlannedRead } from "../plan.ts";

export interface PlannedDevice {
  readonly device: string;
  readonly reads: readonly PlannedRead[];
  readonly answerWithin: Duration;
}

export interface RoundBudget {
  readonly period: Duration;
  readonly requests: number;
  /** All requests of this and shorter periods that fall into one period, one after the other. */
  readonly busy: Duration;
  /** The longest device timeout, where one device's silence costs the others. */
  readonly reserve: Duration;
  readonly verdict: "kept" | "kept unless a device dies" | "not kept";
}

export interface LineBudget {
  readonly devices: number;
  readonly requests: number;
  readonly registers: number;
  readonly points: number;
  /** Share of time the line is busy, 0 to 1 and above. */
  readonly duty: number;
  readonly rounds: readonly RoundBudget[];
  readonly warnings: readonly Label[];
}

export function budgetOf(devices: readonly PlannedDevice[], line: LineTiming): LineBudget {
  const reads = devices.flatMap((device) => device.reads);
  const reserve =
    devices.length > 1 ? Math.max(...devices.map((device) => device.answerWithin)) : 0;
  const periods = [...new Set(reads.map((read) => read.period))].sort((a, b) => a - b);
  const rounds = periods.map((period) => roundOf(period, reads, milliseconds(reserve)));
  return {
    devices: devices.length,
    requests: reads.length,
    registers: reads.reduce((sum, read) => sum + read.count, 0),
    points: new Set(
      devices.flatMap((d) => d.reads.flatMap((r) => r.points.map((p) => `${d.device}/${p.name}`))),
    ).size,
    duty: reads.reduce((sum, read) => sum + read.predicted / read.period, 0),
    rounds,
    warnings: rounds.flatMap((round) => warningOf(round, line)),
  };
}

function roundOf(period: Duration, reads: readonly PlannedRead[], reserve: Duration): RoundBudget {
  let busyMs = 0;
  let longerMs = 0;
  for (const read of reads) {
    if (read.period <= period) busyMs += read.predicted * (period / read.period);
    else longerMs = Math.max(longerMs, read.predicted);
  }
  const busy = milliseconds(Math.round(busyMs + longerMs));
  const verdict =
    busy > period ? "not kept" : busy + reserve > period ? "kept unless a device dies" : "kept";
  const requests = reads.filter((read) => read.period === period).length;
  return { period, requests, busy, reserve, verdict };
}

function warningOf(round: RoundBudget, line: LineTiming): readonly Label[] {
  if (round.verdict === "kept") return [];
  const period = formatDuration(round.period);
  const cure = cureOf(round, line);
  if (round.verdict === "not kept") {
    return [
      {
        en: `a round every ${period} takes ${round.busy} ms and cannot be kept: ${cure.en}`,
        zh: `每 ${period} 一轮需要 ${round.busy} ms，无法按时完成：${cure.zh}`,
      },
    ];
  }
  const { busy, reserve } = round;
  return [
    {
      en:
        `a round every ${period} takes ${busy} ms and is late whenever a device stops answering ` +
        `(${reserve} ms timeout): ${cure.en}`,
      zh: `每 ${period} 一轮需要 ${busy} ms，一旦有设备停止应答（等待 ${reserve} ms）就会延误：${cure.zh}`,
    },
  ];
}

function cureOf(round: RoundBudget, line: LineTiming): Label {
  const every = formatDuration(milliseconds(niceAbove(round.busy + round.reserve)));
  const isSlow = line.byteMs > SLOW_BYTE_MS;
  return {
    en:
      `ask every ${every} instead${isSlow ? ", use a higher baud rate" : ""} ` +
      "or divide the devices among two lines",
    zh: `请改为每 ${every} 询问一次${isSlow ? "、提高波特率" : ""}，或将设备分到两条线路`,
  };
}

/** A byte that takes longer is slower than 19,200 baud. */
const SLOW_BYTE_MS = 0.5;

/** A period a person would choose, not below `ms`. */
function niceAbove(ms: number): number {
  for (let unit = 100; ; unit *= 10) {
    for (const step of [1, 2, 5]) if (unit * step >= ms) return unit * step;
  }
}

const VERDICTS: Readonly<Record<RoundBudget["verdict"], Label>> = {
  kept: { en: "kept", zh: "可按时完成" },
  "kept unless a device dies": {
    en: "kept unless a device dies",
    zh: "仅在无设备掉线时可按时完成",
  },
  "not kept": { en: "not kept", zh: "无法按时完成" },
};

/** What is printed at start, one line each. */
export function sentencesOf(budget: LineBudget): readonly Label[] {
  const { devices, requests, registers, points, duty } = budget;
  const percent = Math.round(100 * duty);
  const total: Label = {
    en:
      `${requests} requests touching ${registers} registers for ${points} points of ${devices} ` +
      `devices; the line is busy ${percent} % of the time`,
    zh: `${devices} 台设备的 ${points} 个测点：${requests} 个请求、${registers} 个寄存器，线路占用率 ${percent} %`,
  };
  return [total, ...budget.rounds.map(roundSentence), ...budget.warnings];
}

function roundSentence({ period, requests, busy, reserve, verdict }: RoundBudget): Label {
  const every = formatDuration(period);
  const seconds = (busy / 1_000).toFixed(2);
  return {
    en:
      `every ${every}: ${requests} requests, predicted round ${seconds} s, ` +
      `${reserve} ms in reserve, ` +
      VERDICTS[verdict].en,
    zh: `每 ${every}：${requests} 个请求，预计一轮 ${seconds} s，预留 ${reserve} ms，${VERDICTS[verdict].zh}`,
  };
}
