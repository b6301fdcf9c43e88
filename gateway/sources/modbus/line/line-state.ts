/**
 * Everything known about the devices of one line: their plans, health and last states, and what
 * follows from an answer or a failure: samples, statuses, lessons, the doctor's counts. No I/O; the
 * loop in `source.ts` asks it what to do next and tells it what came of it.
 */
import type { Clock } from "../../../../core/clock.ts";
import type { LamplighterError } from "../../../../core/errors.ts";
import type { BadReason } from "../../../../core/sample.ts";
import {
  type Duration,
  elapsed,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../../../core/time.ts";
import type { PollClass } from "../../../../device-profiles/profile.ts";
import type { Log } from "../../../../platform/log.ts";
import type { PersonalHash } from "../../personal.ts";
import type { DeviceStatus, SampleSink, SourceValue } from "../../source.ts";
import { Doctor, type TransactionOutcome } from "../doctor.ts";
import type { LineTiming } from "../plan.ts";
import {
  type Action,
  afterAnswer,
  afterFailure,
  HEALTHY,
  type Health,
  nextAction,
  nextDue,
  probesNotBefore,
} from "../schedule.ts";
import { budgetOf, type LineBudget } from "./budget.ts";
import { type Block, DeviceState, type ModbusDevice } from "./device.ts";
import { afterIllegal, afterProof, afterRetrial } from "./learn.ts";
import { type Errand, type ReadTask, retrialDue, type Task, tasksOf } from "./tasks.ts";

/** A point is bad when this many polls in a row brought nothing; the first is forgiven. */
const FAILED_POLLS_MAX = 2;
/** A device that is busy is asked again after this, then at doubled distances. */
const REFUSED_AGAIN = milliseconds(500);
const HELD_BACK_AGAIN = milliseconds(500);
/** A gap whose proof went unanswered is tried again after this, and so often in all. */
const PROOF_AGAIN = seconds(60);
const PROOFS_MAX = 2;

export interface LineStateOptions {
  readonly connection: string;
  readonly line: { readonly name: string; readonly timing: LineTiming };
  readonly devices: readonly ModbusDevice[];
  readonly periods: Readonly<Record<PollClass, Duration>>;
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  readonly hash?: PersonalHash;
}

/** One transaction as the loop saw it. */
export interface Attempt {
  readonly start: Monotonic;
  readonly isProbe: boolean;
  /** How late it began; left out where nothing was due. */
  readonly lag?: Duration | undefined;
}

export class LineState {
  readonly devices: readonly DeviceState[];
  readonly doctor: Doctor;
  readonly statuses: DeviceStatus[];
  readonly #options: LineStateOptions;
  readonly #clock: Clock;
  readonly #health: Health[];
  #tasks: Task[] = [];
  #probesNotBefore = monotonic(0);

  constructor(options: LineStateOptions) {
    const { clock, devices, line } = options;
    this.#options = options;
    this.#clock = clock;
    this.devices = devices.map((device) => new DeviceState(device, clock, options.hash));
    this.#health = devices.map(() => HEALTHY);
    this.doctor = new Doctor(line.name, devices, clock.monotonic());
    const since = clock.now();
    this.statuses = devices.map(({ device }) => ({ device, state: "unknown", since }));
    for (const index of this.devices.keys()) this.plan(index);
  }

  get hasBad(): boolean {
    return this.devices.some((device) => device.hasBad);
  }

  budget(): LineBudget {
    const devices = this.devices.map((device, index) => ({
      device: device.device,
      answerWithin: device.profile.limits.answerWithin,
      reads: this.#tasks.flatMap((t) => (t.device === index && t.role === "poll" ? [t.read] : [])),
    }));
    return budgetOf(devices, this.#options.line.timing);
  }

  /** What to do now, with the task when it is a poll. */
  next(): { readonly action: Action; readonly task: Task | undefined } {
    const now = this.#clock.monotonic();
    const jobs = this.#tasks;
    const state = { jobs, health: this.#health, probesNotBefore: this.#probesNotBefore };
    const action = nextAction(state, now);
    if (action.kind === "wait") return { action, task: undefined };
    const { key, device } = action.job;
    return { action, task: jobs.find((t) => t.key === key && t.device === device) };
  }

  /** The task begins: its next beat is set whatever comes of it. */
  begun(task: Task): void {
    const { due, missed } = nextDue(task, this.#clock.monotonic());
    task.due = due;
    if (missed > 0 && task.role === "poll") this.doctor.missed(task.device, missed);
  }

  notBefore(index: number): Monotonic {
    return this.#health[index]?.notBefore ?? monotonic(0);
  }

  // ── The connection ─────────────────────────────────────────────────────────────────────────────

  lineUp(wasLost: boolean): void {
    const now = this.#clock.monotonic();
    this.doctor.lineIs("open");
    for (const [i, device] of this.devices.entries()) {
      const health = this.#health[i] ?? HEALTHY;
      const notBefore = monotonic(now + device.profile.limits.pauseAfterConnect);
      this.#health[i] = { ...health, notBefore, ...(wasLost && { probeAt: now }) };
    }
  }

  lineLost(why: string): void {
    this.doctor.lineIs("lost");
    for (const [index, device] of this.devices.entries()) {
      this.offer(device.allFailed({ reason: "connectionLost", detail: why }));
      this.#setStatus(index, { state: "offline", reason: "connectionLost", detail: why });
    }
  }

  // ── Answers ────────────────────────────────────────────────────────────────────────────────────

  /** The device said something, be it an exception. */
  answered(index: number, attempt: Attempt, outcome: "answered" | "exception"): void {
    const now = this.#clock.monotonic();
    this.#record(index, attempt, outcome);
    const before = this.#health[index] ?? HEALTHY;
    const pause = this.devices[index]?.profile.limits.pauseBetween ?? milliseconds(0);
    this.#health[index] = afterAnswer(before, now, pause);
    if (before.failures > 0) {
      // Back at once: what fell due meanwhile is due now, and what was missed stays missed.
      for (const task of this.#tasks) {
        if (task.device === index && task.due < now) task.due = now;
      }
    }
    if (this.devices[index]?.isStandingStill === true) return;
    if (this.statuses[index]?.state !== "online") this.#setStatus(index, { state: "online" });
  }

  /** The values of a task's read. */
  landed(task: ReadTask, device: DeviceState, blocks: readonly Block[]): void {
    task.failures = 0;
    if (task.role === "proof") {
      device.knowledge = afterProof(device.knowledge, task.read, true);
      this.plan(task.device);
      return;
    }
    const polled = task.read.points.filter((point) => point.handshake === undefined);
    this.offer(device.applied({ points: polled }, blocks));
    if (device.isStandingStill) {
      this.#setStatus(task.device, { state: "offline", ...device.standstill });
    }
    if (task.role !== "retrial") return;
    for (const point of task.read.points) {
      device.knowledge = afterRetrial(device.knowledge, point.name);
      const id = `${device.device}/${point.name}`;
      this.#options.log.info("modbus point answers again", { point: id });
    }
    this.plan(task.device);
  }

  // ── Failures ───────────────────────────────────────────────────────────────────────────────────

  failed(task: ReadTask, device: DeviceState, attempt: Attempt, error: LamplighterError): void {
    if (task.role === "proof") this.#notProven(task, device, error);
    if (isRefusal(error)) {
      this.answered(task.device, attempt, "exception");
      this.#refused(task, device, error);
      return;
    }
    this.#silent(task, device, attempt, error);
  }

  /** Silence once may be the device's, silence twice is what it thinks of the gap. */
  #notProven(task: ReadTask, device: DeviceState, error: LamplighterError): void {
    task.failures++;
    if (!isRefusal(error) && task.failures < PROOFS_MAX) {
      task.due = monotonic(this.#clock.monotonic() + PROOF_AGAIN);
      return;
    }
    device.knowledge = afterProof(device.knowledge, task.read, false);
    this.plan(task.device);
  }

  /** The device lives and says no to this request. */
  #refused(task: ReadTask, device: DeviceState, error: LamplighterError): void {
    if (task.role === "proof") return;
    task.failures++;
    if (task.role === "retrial") {
      task.due = retrialDue(this.#clock.monotonic(), task.failures);
      return;
    }
    const exception = Number(error.fields.exception);
    if (exception >= 1 && exception <= 3) {
      this.#illegal(task, device, error.message);
      return;
    }
    this.#soonAgain(task, REFUSED_AGAIN * 2 ** Math.min(task.failures, 10));
    if (task.failures < FAILED_POLLS_MAX) return;
    this.offer(device.failed(task.read.points, { reason: "exception", detail: error.message }));
  }

  /** The line would not carry this request now; its answer could have been another's. */
  heldBack(task: ReadTask): void {
    this.#soonAgain(task, HELD_BACK_AGAIN);
  }

  /** Who asks once an hour does not wait an hour to ask again. */
  #soonAgain(task: ReadTask, afterMs: number): void {
    task.due = monotonic(Math.min(task.due, this.#clock.monotonic() + afterMs));
  }

  #illegal(task: ReadTask, device: DeviceState, detail: string): void {
    const lesson = afterIllegal(device.knowledge, task.read);
    device.knowledge = lesson.knowledge;
    if (lesson.kind === "setAside") {
      this.offer(device.failed(task.read.points, { reason: "setAside", detail }));
      const { table, address, count } = task.read;
      this.#options.log.warn("modbus points set aside", {
        device: device.device,
        points: lesson.names,
        registers: `${table} ${address}+${count}`,
        error: detail,
      });
    }
    this.plan(task.device);
  }

  /** No usable answer: a fault of the device or of the way to it. */
  #silent(task: ReadTask, device: DeviceState, attempt: Attempt, error: LamplighterError): void {
    const isRepeated = task.role === "poll" || task.role === "handshake";
    this.unanswered(task.device, attempt, error, isRepeated ? task.key : undefined);
    if (task.role === "retrial") task.due = retrialDue(this.#clock.monotonic(), task.failures);
    if (!isRepeated) return;
    task.failures++;
    const why = { reason: reasonOf(error), detail: error.message };
    if (task.failures >= FAILED_POLLS_MAX) this.offer(device.failed(task.read.points, why));
    this.#lostAfter(task.device, error);
  }

  /** A write of a sign of life, or a step of a search, that was not answered as hoped. */
  errandFailed(task: Errand, attempt: Attempt, error: LamplighterError): void {
    if (isRefusal(error)) {
      this.answered(task.device, attempt, "exception");
      return;
    }
    this.unanswered(task.device, attempt, error, task.key);
    this.#lostAfter(task.device, error);
  }

  #lostAfter(index: number, error: LamplighterError): void {
    if (this.#health[index]?.isLost !== true) return;
    const why = { reason: reasonOf(error), detail: error.message };
    this.offer(this.devices[index]?.allFailed(why) ?? []);
    this.#setStatus(index, { state: "offline", ...why });
  }

  /** Notes a transaction without answer; `key` is the job to try again. */
  unanswered(
    index: number,
    attempt: Attempt,
    error: LamplighterError,
    key: string | undefined,
  ): void {
    const now = this.#clock.monotonic();
    this.#record(index, attempt, outcomeOf(error));
    const failure = {
      key,
      took: elapsed(attempt.start, now),
      pauseBetween: this.devices[index]?.profile.limits.pauseBetween ?? milliseconds(0),
      isShared: this.devices.length > 1,
    };
    this.#health[index] = afterFailure(this.#health[index] ?? HEALTHY, now, failure);
    if (attempt.isProbe) this.#probesNotBefore = probesNotBefore(now, failure);
  }

  #record(index: number, { start, lag }: Attempt, outcome: TransactionOutcome): void {
    const took = elapsed(start, this.#clock.monotonic());
    this.doctor.record({ index, outcome, took, lag, time: this.#clock.now() });
  }

  // ── Telling others ─────────────────────────────────────────────────────────────────────────────

  #setStatus(index: number, next: Omit<DeviceStatus, "device" | "since">): void {
    const before = this.statuses[index];
    const isSame = before?.state === next.state && before.reason === next.reason;
    if (before === undefined || isSame) return;
    const { device } = before;
    const status: DeviceStatus = { ...next, device, since: this.#clock.now() };
    this.statuses[index] = status;
    const { log, onStatus } = this.#options;
    const fields = { device, reason: next.reason, detail: next.detail };
    if (next.state === "offline") log.warn("modbus device lost", fields);
    else log.info("modbus device answers", { device });
    onStatus(status);
  }

  offer(values: readonly SourceValue[]): void {
    for (const value of values) this.#options.sink.offer(value);
  }

  repeatBad(): void {
    for (const device of this.devices) if (device.hasBad) this.offer(device.repeated());
  }

  /** Plans a device anew from what is known; beats of reads that stay are kept. */
  plan(index: number): void {
    const device = this.devices[index];
    if (device === undefined) return;
    const { line, periods, connection } = this.#options;
    const tasks = tasksOf(device, index, {
      line: line.timing,
      periods,
      now: this.#clock.monotonic(),
      place: placeOf(connection) + index,
      before: this.#tasks.filter((task) => task.device === index),
    });
    this.#tasks = [...this.#tasks.filter((task) => task.device !== index), ...tasks];
  }
}

/** An exception is an answer; 10 and 11 come from a gateway in between whose device is silent. */
export function isRefusal(error: LamplighterError): boolean {
  const exception = Number(error.fields.exception ?? 0);
  return error.code === "DEVICE_EXCEPTION" && exception !== 10 && exception !== 11;
}

function reasonOf(error: LamplighterError): BadReason {
  switch (error.code) {
    case "DEVICE_TIMEOUT":
      return "timeout";
    case "CONNECTION_LOST":
      return "connectionLost";
    case "DEVICE_EXCEPTION":
      return "deviceOffline";
    default:
      return "badFrame";
  }
}

function outcomeOf(error: LamplighterError): TransactionOutcome {
  switch (error.code) {
    case "CONNECTION_LOST":
      return "lost";
    case "DEVICE_ANSWER_INVALID":
      return error.fields.kind === "crc" ? "crc" : "frame";
    default:
      return "timeout";
  }
}

/** Lines begin their beats at different places, so that hundreds of them do not speak at once. */
function placeOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.charCodeAt(0)) % 9_973;
  return hash;
}
