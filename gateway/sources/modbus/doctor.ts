/**
 * The bus doctor: counts what happened on a line, per device. It keeps numbers only, bounded; the
 * loop tells it of every transaction, and `diagnosis.ts` says what the numbers mean.
 */
import type { DeviceId } from "../../../core/ids.ts";
import type { Label } from "../../../core/label.ts";
import { type Duration, type Instant, type Monotonic, minutes } from "../../../core/time.ts";
import type { Stranger } from "./frame.ts";
import { diagnose } from "./line/diagnosis.ts";

/** Transactions remembered per device; older ones are overwritten. */
const REMEMBERED_MAX = 256;
/** The duty of a line is that of the last whole span of this length. */
const DUTY_SPAN = minutes(1);

export const OUTCOMES = ["answered", "timeout", "crc", "frame", "exception", "lost"] as const;
export type TransactionOutcome = (typeof OUTCOMES)[number];

export interface DeviceReport {
  readonly device: DeviceId;
  readonly unit: number;
  readonly answerMsP50: number | undefined;
  readonly answerMsP95: number | undefined;
  readonly lagMsP95: number | undefined;
  /** Since the start. */
  readonly counts: Readonly<Record<TransactionOutcome, number>>;
  /** Share of each outcome among the last `recent` transactions. */
  readonly shares: Readonly<Record<TransactionOutcome, number>>;
  readonly recent: number;
  readonly failuresInRow: number;
  readonly missedPolls: number;
  readonly lastGood: Instant | undefined;
  readonly silentSince: Instant | undefined;
}

export interface BusReport {
  readonly line: string;
  readonly state: "open" | "lost";
  readonly answerMsP50: number | undefined;
  readonly answerMsP95: number | undefined;
  readonly lagMsP95: number | undefined;
  /** Share of time the line was in use, 0 to 1. */
  readonly duty: number;
  readonly strangers: Readonly<Record<Stranger, number>>;
  readonly devices: readonly DeviceReport[];
  /** What it means, for the person with the screwdriver. */
  readonly sentences: readonly Label[];
}

export interface Transaction {
  readonly index: number;
  readonly outcome: TransactionOutcome;
  readonly took: Duration;
  readonly lag: Duration | undefined;
  readonly time: Instant;
}

interface Patient {
  readonly device: DeviceId;
  readonly unit: number;
  readonly times: Ring<number>;
  readonly lags: Ring<number>;
  readonly counts: Record<TransactionOutcome, number>;
  readonly outcomes: Ring<TransactionOutcome>;
  failuresInRow: number;
  missedPolls: number;
  lastGood: Instant | undefined;
  silentSince: Instant | undefined;
}

export class Doctor {
  readonly #line: string;
  readonly #patients: readonly Patient[];
  readonly #strangers: Record<Stranger, number> = {
    garbage: 0,
    lateAnswer: 0,
    wrongUnit: 0,
    echo: 0,
  };
  /** Time in use in the span that runs, and share of the one before. */
  #spanStart: Monotonic;
  #busyMs = 0;
  #duty: number | undefined;
  #state: BusReport["state"] = "lost";

  constructor(
    line: string,
    devices: readonly { readonly device: DeviceId; readonly unit: number }[],
    startedAt: Monotonic,
  ) {
    this.#line = line;
    this.#spanStart = startedAt;
    this.#patients = devices.map(({ device, unit }) => ({
      device,
      unit,
      times: new Ring(),
      lags: new Ring(),
      outcomes: new Ring(),
      counts: noneYet(),
      failuresInRow: 0,
      missedPolls: 0,
      lastGood: undefined,
      silentSince: undefined,
    }));
  }

  record(transaction: Transaction): void {
    const patient = this.#patients[transaction.index];
    if (patient === undefined) return;
    this.#busyMs += transaction.took;
    patient.counts[transaction.outcome]++;
    patient.outcomes.push(transaction.outcome);
    if (transaction.lag !== undefined) patient.lags.push(transaction.lag);
    if (transaction.outcome === "answered" || transaction.outcome === "exception") {
      patient.times.push(transaction.took);
      patient.lastGood = transaction.time;
      patient.silentSince = undefined;
      patient.failuresInRow = 0;
    } else {
      patient.failuresInRow++;
      patient.silentSince ??= transaction.time;
    }
  }

  missed(index: number, polls: number): void {
    const patient = this.#patients[index];
    if (patient !== undefined) patient.missedPolls += polls;
  }

  stranger(kind: Stranger): void {
    this.#strangers[kind]++;
  }

  lineIs(state: BusReport["state"]): void {
    this.#state = state;
  }

  #dutyAt(now: Monotonic): number {
    const spanMs = now - this.#spanStart;
    if (spanMs >= DUTY_SPAN) {
      this.#duty = Math.min(1, this.#busyMs / spanMs);
      this.#spanStart = now;
      this.#busyMs = 0;
    }
    return this.#duty ?? Math.min(1, this.#busyMs / Math.max(1, spanMs));
  }

  report(now: Monotonic, zone = "UTC"): BusReport {
    const devices = this.#patients.map(reportOf);
    const times = this.#patients.flatMap((patient) => patient.times.values());
    const lags = this.#patients.flatMap((patient) => patient.lags.values());
    const known = {
      line: this.#line,
      state: this.#state,
      answerMsP50: quantile(times, 0.5),
      answerMsP95: quantile(times, 0.95),
      lagMsP95: quantile(lags, 0.95),
      duty: this.#dutyAt(now),
      strangers: { ...this.#strangers },
      devices,
    };
    return { ...known, sentences: diagnose(known, zone) };
  }
}

function reportOf(patient: Patient): DeviceReport {
  const times = patient.times.values();
  const outcomes = patient.outcomes.values();
  const shares = noneYet();
  for (const outcome of outcomes) shares[outcome] += 1 / outcomes.length;
  return {
    device: patient.device,
    unit: patient.unit,
    answerMsP50: quantile(times, 0.5),
    answerMsP95: quantile(times, 0.95),
    lagMsP95: quantile(patient.lags.values(), 0.95),
    counts: { ...patient.counts },
    shares,
    recent: outcomes.length,
    failuresInRow: patient.failuresInRow,
    missedPolls: patient.missedPolls,
    lastGood: patient.lastGood,
    silentSince: patient.silentSince,
  };
}

const noneYet = (): Record<TransactionOutcome, number> => ({
  answered: 0,
  timeout: 0,
  crc: 0,
  frame: 0,
  exception: 0,
  lost: 0,
});

/** The newest of many. */
class Ring<T> {
  readonly #values: T[] = [];
  #next = 0;

  push(value: T): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % REMEMBERED_MAX;
  }

  values(): readonly T[] {
    return this.#values;
  }
}

export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
