/**
 * A line's report as figures, pure but for the last minute it remembers. A figure for which nothing
 * happened in that minute is absent: it is neither zero nor the old one again.
 */
import type { LineFigureName } from "../../core/line.ts";
import { type Monotonic, minutes } from "../../core/time.ts";
import { type BusReport, OUTCOMES } from "../sources/modbus/doctor.ts";

/** Shares are those of the requests of about this long. */
const WINDOW = minutes(1);

export type Figures = Partial<Readonly<Record<LineFigureName, number>>>;

interface Totals {
  readonly asked: number;
  readonly answered: number;
  readonly timeout: number;
  readonly damaged: number;
  readonly exception: number;
  readonly late: number;
}

interface Look {
  readonly at: Monotonic;
  readonly totals: Totals;
}

const NOTHING: Totals = { asked: 0, answered: 0, timeout: 0, damaged: 0, exception: 0, late: 0 };

export class LineFigures {
  /** The oldest is at most one look older than the window. */
  #looks: readonly Look[];

  constructor(startedAt: Monotonic) {
    this.#looks = [{ at: startedAt, totals: NOTHING }];
  }

  look(report: BusReport, now: Monotonic): Figures {
    const totals = totalsOf(report);
    const kept = this.#looks.filter(({ at }) => now - at <= WINDOW);
    const before = kept[0]?.totals ?? this.#looks.at(-1)?.totals ?? NOTHING;
    this.#looks = [...kept, { at: now, totals }];
    return figuresOf(report, difference(totals, before));
  }
}

function figuresOf(report: BusReport, minute: Totals): Figures {
  const duty = { duty_cycle: percent(report.duty) };
  if (minute.asked === 0) return duty;
  const share = (count: number): number => percent(count / minute.asked);
  const { answerMsP50, answerMsP95, lagMsP95 } = report;
  const times = minute.answered + minute.exception > 0;
  return {
    ...duty,
    ...(times && answerMsP50 !== undefined ? { answer_time_p50: tenth(answerMsP50) } : {}),
    ...(times && answerMsP95 !== undefined ? { answer_time_p95: tenth(answerMsP95) } : {}),
    ...(lagMsP95 === undefined ? {} : { poll_lag_p95: tenth(lagMsP95) }),
    timeout_rate: share(minute.timeout),
    crc_error_rate: share(minute.damaged),
    late_answer_rate: share(minute.late),
    exception_rate: share(minute.exception),
  };
}

function totalsOf({ devices, strangers }: BusReport): Totals {
  const count = (outcomes: readonly (typeof OUTCOMES)[number][]): number =>
    devices.reduce((sum, d) => sum + outcomes.reduce((n, outcome) => n + d.counts[outcome], 0), 0);
  return {
    asked: count(OUTCOMES),
    answered: count(["answered"]),
    timeout: count(["timeout"]),
    damaged: count(["crc", "frame"]),
    exception: count(["exception"]),
    late: strangers.lateAnswer,
  };
}

const difference = (now: Totals, before: Totals): Totals => ({
  asked: now.asked - before.asked,
  answered: now.answered - before.answered,
  timeout: now.timeout - before.timeout,
  damaged: now.damaged - before.damaged,
  exception: now.exception - before.exception,
  late: now.late - before.late,
});

const tenth = (value: number): number => Math.round(value * 10) / 10;
const percent = (share: number): number => Math.round(share * 10_000) / 100;
