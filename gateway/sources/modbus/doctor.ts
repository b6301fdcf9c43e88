/**
 * The bus doctor: counts what happened on a line per device, and says in sentences what that means. It
 * keeps numbers only, bounded; the loop tells it of every transaction.
 */
import type { DeviceId } from "../../../core/ids.ts";
import type { Duration, Instant, Monotonic } from "../../../core/time.ts";
import type { Stranger } from "./frame.ts";

/** Answer times kept per device; older ones are overwritten. */
const TIMES_MAX = 256;
/** Devices that stop within this of each other have one cause. */
const TOGETHER_MS = 10_000;

export const OUTCOMES = ["answered", "timeout", "crc", "frame", "exception", "lost"] as const;
export type TransactionOutcome = (typeof OUTCOMES)[number];

export interface DeviceReport {
  readonly device: DeviceId;
  readonly unit: number;
  readonly answerMsP50: number | undefined;
  readonly answerMsP95: number | undefined;
  readonly lagMsP95: number | undefined;
  readonly counts: Readonly<Record<TransactionOutcome, number>>;
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
  readonly sentences: readonly string[];
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
  readonly times: Ring;
  readonly lags: Ring;
  readonly counts: Record<TransactionOutcome, number>;
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
  readonly #startedAt: Monotonic;
  #busyMs = 0;
  #state: BusReport["state"] = "lost";

  constructor(
    line: string,
    devices: readonly { readonly device: DeviceId; readonly unit: number }[],
    startedAt: Monotonic,
  ) {
    this.#line = line;
    this.#startedAt = startedAt;
    this.#patients = devices.map(({ device, unit }) => ({
      device,
      unit,
      times: new Ring(),
      lags: new Ring(),
      counts: { answered: 0, timeout: 0, crc: 0, frame: 0, exception: 0, lost: 0 },
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
    if (transaction.lag !== undefined) patient.lags.push(transaction.lag);
    if (transaction.outcome === "answered" || transaction.outcome === "exception") {
      patient.times.push(transaction.took);
      patient.lastGood = transaction.time;
      patient.silentSince = undefined;
    } else {
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

  report(now: Monotonic): BusReport {
    const devices = this.#patients.map(reportOf);
    const times = this.#patients.flatMap((patient) => patient.times.values());
    const lags = this.#patients.flatMap((patient) => patient.lags.values());
    const known = {
      line: this.#line,
      state: this.#state,
      answerMsP50: quantile(times, 0.5),
      answerMsP95: quantile(times, 0.95),
      lagMsP95: quantile(lags, 0.95),
      duty: Math.min(1, this.#busyMs / Math.max(1, now - this.#startedAt)),
      strangers: { ...this.#strangers },
      devices,
    };
    return { ...known, sentences: diagnose(known) };
  }
}

function reportOf(patient: Patient): DeviceReport {
  const times = patient.times.values();
  return {
    device: patient.device,
    unit: patient.unit,
    answerMsP50: quantile(times, 0.5),
    answerMsP95: quantile(times, 0.95),
    lagMsP95: quantile(patient.lags.values(), 0.95),
    counts: { ...patient.counts },
    missedPolls: patient.missedPolls,
    lastGood: patient.lastGood,
    silentSince: patient.silentSince,
  };
}

/** A crowd of numbers, the newest kept. */
class Ring {
  readonly #values: number[] = [];
  #next = 0;

  push(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % TIMES_MAX;
  }

  values(): readonly number[] {
    return this.#values;
  }
}

export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** What the numbers mean, in sentences for the person with the screwdriver. */
export function diagnose(report: Omit<BusReport, "sentences">): readonly string[] {
  return [
    ...(report.state === "lost" ? [`${report.line}: the connection itself is down`] : []),
    ...silences(report.devices),
    ...report.devices.flatMap(noisy),
    ...intruders(report),
    ...(report.duty > 0.9
      ? [`${report.line} is in use ${Math.round(100 * report.duty)} % of the time: it is full`]
      : []),
  ];
}

/** Devices that fell silent together, and where to look. */
function silences(devices: readonly DeviceReport[]): readonly string[] {
  const silent = devices
    .filter((device) => device.silentSince !== undefined)
    .sort((a, b) => (a.silentSince ?? 0) - (b.silentSince ?? 0));
  const groups: DeviceReport[][] = [];
  for (const device of silent) {
    const group = groups.at(-1);
    const since = group?.[0]?.silentSince;
    const isSame = since !== undefined && (device.silentSince ?? 0) - since <= TOGETHER_MS;
    if (group !== undefined && isSame) group.push(device);
    else groups.push([device]);
  }
  return groups.map((group) => silence(group, devices));
}

function silence(group: readonly DeviceReport[], all: readonly DeviceReport[]): string {
  const units = group.map((device) => device.unit).sort((a, b) => a - b);
  const [first, ...others] = units;
  const since = clockTime(group[0]?.silentSince);
  if (others.length === 0) {
    const device = group[0];
    const never = device?.lastGood === undefined ? " and never answered" : "";
    return `unit ${first} (${device?.device}) is silent since ${since}${never}: look at its power and plug`;
  }
  const living = all.filter((device) => device.silentSince === undefined).map((d) => d.unit);
  const neighbour = Math.max(...living.filter((unit) => unit < (first ?? 0)));
  if (living.length === 0)
    return `all units stopped at ${since}: look at the line or the converter`;
  const where = Number.isFinite(neighbour)
    ? `look at the cable between ${neighbour} and ${first}`
    : "look at the cable they share";
  return `unit ${first} stopped at ${since} together with ${others.join(", ")}: ${where}`;
}

const clockTime = (time: Instant | undefined): string =>
  time === undefined ? "the start" : `${new Date(time).toISOString().slice(11, 19)}Z`;

/** Sentences need this many transactions, else a single fault is 100 %. */
const JUDGED_MIN = 20;

function noisy(device: DeviceReport): readonly string[] {
  const { counts } = device;
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  if (total < JUDGED_MIN) return [];
  const share = (n: number): string => `${((100 * n) / total).toFixed(1)} %`;
  const sentences: string[] = [];
  if (counts.crc / total > 0.02) {
    const cause = counts.crc / total > 0.3 ? "two devices with one id, or " : "";
    sentences.push(
      `unit ${device.unit}: ${share(counts.crc)} of answers are damaged: ` +
        `${cause}termination, shielding, swapped wires or a wrong baud rate`,
    );
  }
  if (device.silentSince === undefined && counts.timeout / total > 0.05) {
    sentences.push(
      `unit ${device.unit} does not answer ${share(counts.timeout)} of requests but lives: ` +
        "give it more time or a pause between requests",
    );
  }
  if (counts.exception / total > 0.05) {
    sentences.push(
      `unit ${device.unit} refuses ${share(counts.exception)} of requests: does its profile fit?`,
    );
  }
  return sentences;
}

function intruders({ line, strangers }: Omit<BusReport, "sentences">): readonly string[] {
  const sentences: string[] = [];
  if (strangers.wrongUnit > 0) {
    sentences.push(
      `${line}: ${strangers.wrongUnit} answers came from a unit that was not asked: ` +
        "a second master on the line, or a device answering very late",
    );
  }
  if (strangers.lateAnswer > 0) {
    sentences.push(`${line}: ${strangers.lateAnswer} answers came too late: raise the timeout`);
  }
  if (strangers.echo > 0) {
    sentences.push(`${line}: the adapter hears its own requests: switch its echo off`);
  }
  return sentences;
}
