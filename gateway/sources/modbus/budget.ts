/**
 * The plan of a whole line in numbers and sentences, pure; printed at start. For every period: how long
 * its round takes, with one device timeout in reserve where devices share the line, and what to do when
 * that does not fit.
 */
import { type Duration, formatDuration, milliseconds } from "../../../core/time.ts";
import type { LineTiming, PlannedRead } from "./plan.ts";

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
  readonly warnings: readonly string[];
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

function warningOf(round: RoundBudget, line: LineTiming): readonly string[] {
  if (round.verdict === "kept") return [];
  const needed = round.busy + round.reserve;
  const period = formatDuration(round.period);
  const cures = [`ask every ${formatDuration(milliseconds(niceAbove(needed)))} instead`];
  if (line.byteMs > 0.5) cures.push("use a higher baud rate");
  cures.push("divide the devices among two lines");
  const cure = `${cures.slice(0, -1).join(", ")} or ${cures.at(-1)}`;
  if (round.verdict === "not kept") {
    return [`a round every ${period} takes ${round.busy} ms and cannot be kept: ${cure}`];
  }
  return [
    `a round every ${period} takes ${round.busy} ms and is late whenever a device stops answering ` +
      `(${round.reserve} ms timeout): ${cure}`,
  ];
}

/** A period a person would choose, not below `ms`. */
function niceAbove(ms: number): number {
  for (let unit = 100; ; unit *= 10) {
    for (const step of [1, 2, 5]) if (unit * step >= ms) return unit * step;
  }
}

/** What is printed at start, one line each. */
export function sentencesOf(budget: LineBudget): readonly string[] {
  const { devices, requests, registers, points, duty } = budget;
  return [
    `${requests} requests touching ${registers} registers for ${points} points of ${devices} ` +
      `devices; the line is busy ${Math.round(100 * duty)} % of the time`,
    ...budget.rounds.map(
      (round) =>
        `every ${formatDuration(round.period)}: ${round.requests} requests, predicted round ` +
        `${(round.busy / 1_000).toFixed(2)} s, ${round.reserve} ms in reserve, ${round.verdict}`,
    ),
    ...budget.warnings,
  ];
}
