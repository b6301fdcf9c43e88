/**
 * The loop: the one owner of a socket or serial line and of every device on it. Each turn does one thing:
 * what somebody waits for, else what the schedule says is due, else nothing until then.
 *
 *   open ─► serve ─┬─ demand (write, read) ──► client ─► transport
 *     ▲            ├─ poll: hazard > timed > background ─► samples ─► sink
 *     └── ended ◄──┘  no answer: that device keeps one probe, the others their beats
 */
import { backoff } from "../../../core/backoff.ts";
import type { Clock } from "../../../core/clock.ts";
import { hasCode, LamplighterError, wordsOf } from "../../../core/errors.ts";
import { type DeviceId, deviceOf, type PointId } from "../../../core/ids.ts";
import type { BadReason } from "../../../core/sample.ts";
import {
  type Duration,
  elapsed,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../../core/time.ts";
import type { ModbusPoint, PollClass } from "../../../device-profiles/profile.ts";
import type { Log } from "../../../platform/log.ts";
import type { ModbusConnection } from "../../configuration.ts";
import type {
  DeviceStatus,
  ReadAnswer,
  SampleSink,
  Source,
  SourceValue,
  WriteAnswer,
  WriteRequest,
} from "../source.ts";
import { budgetOf, type LineBudget, sentencesOf } from "./budget.ts";
import { ModbusClient } from "./client.ts";
import { Demands } from "./demands.ts";
import { type Block, DeviceState, type ModbusDevice } from "./device.ts";
import { type BusReport, Doctor, type TransactionOutcome } from "./doctor.ts";
import { encodeCommand } from "./encode.ts";
import { afterIllegal, afterProof, afterRetrial } from "./learn.ts";
import { type Line, lineOf } from "./line.ts";
import { type PlannedRead, POLL_PERIODS, planPoint, predict } from "./plan.ts";
import {
  afterAnswer,
  afterFailure,
  HEALTHY,
  type Health,
  LOST_FAILURES,
  nextAction,
  nextDue,
  probesNotBefore,
} from "./schedule.ts";
import { retrialDue, type Task, tasksOf } from "./tasks.ts";
import { createTransport, type Transport, type TransportOptions } from "./transport.ts";

export type { ModbusDevice } from "./device.ts";

export interface ModbusSourceOptions {
  readonly connection: ModbusConnection;
  readonly devices: readonly ModbusDevice[];
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  /** Other periods than `POLL_PERIODS`. */
  readonly periods?: Partial<Readonly<Record<PollClass, Duration>>>;
  /** 0 ≤ random() < 1. */
  readonly random?: () => number;
  /** Another way to the bytes, for tests in process. */
  readonly makeTransport?: (options: TransportOptions) => Transport;
}

export interface ModbusSource extends Source {
  /** How the line does, in numbers and sentences. */
  report(): BusReport;
  /** The plan in numbers; `sentencesOf` makes it words. */
  budget(): LineBudget;
}

/** A point is bad when this many polls in a row brought nothing; the first is forgiven. */
const FAILED_POLLS_MAX = 2;
/** Connection attempts. */
const RECONNECT_FIRST = milliseconds(500);
const RECONNECT_MAX = seconds(10);
/** A connection on which this many requests in a row went unanswered for this long is opened anew. */
const HALF_OPEN_TIMEOUTS = 3;
const HALF_OPEN_AFTER = seconds(5);
/** Bad values are looked through for their heartbeat this often. */
const REPEAT_EVERY = seconds(1);

export function createModbusSource(options: ModbusSourceOptions): ModbusSource {
  return new ModbusLine(options);
}

class ModbusLine implements ModbusSource {
  readonly #options: ModbusSourceOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #line: Line;
  readonly #transport: Transport;
  readonly #client: ModbusClient;
  readonly #devices: readonly DeviceState[];
  readonly #doctor: Doctor;
  readonly #demands: Demands;
  readonly #periods: Readonly<Record<PollClass, Duration>>;
  readonly #statuses: DeviceStatus[];
  readonly #health: Health[];
  #tasks: Task[] = [];
  #probesNotBefore = monotonic(0);
  #wake: () => void = () => {};
  #repeatAt = monotonic(0);
  #mayOpenAtOnce = true;
  /** Since the connection was opened. */
  #answers = 0;
  #timeoutsInRow = 0;
  #lastAnswerAt = monotonic(0);

  constructor(options: ModbusSourceOptions) {
    const { connection, clock, devices } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = options.log;
    this.#line = lineOf(connection, clock);
    this.#periods = { ...POLL_PERIODS, ...options.periods };
    this.#devices = devices.map((device) => new DeviceState(device, clock));
    this.#health = devices.map(() => HEALTHY);
    this.#doctor = new Doctor(this.#line.name, devices, clock.monotonic());
    this.#demands = new Demands(clock, () => this.#wake());
    this.#transport = (options.makeTransport ?? createTransport)({
      ...this.#line,
      clock,
      onStranger: (stranger) => this.#doctor.stranger(stranger),
      onEnded: () => this.#wake(),
    });
    this.#client = new ModbusClient(this.#transport);
    const since = clock.now();
    this.#statuses = devices.map(({ device }) => ({ device, state: "unknown", since }));
    this.#planAll();
  }

  statuses(): readonly DeviceStatus[] {
    return [...this.#statuses];
  }

  report(): BusReport {
    return this.#doctor.report(this.#clock.monotonic());
  }

  budget(): LineBudget {
    const devices = this.#devices.map((device, index) => ({
      device: device.device,
      answerWithin: device.profile.limits.answerWithin,
      reads: this.#tasks.filter((t) => t.device === index && t.role === "poll").map((t) => t.read),
    }));
    return budgetOf(devices, this.#line.timing);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    this.#log.info("modbus plan", { connection: connection.id, plan: sentencesOf(this.budget()) });
    const stop = (): void => this.#wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        if (!(await this.#connect(signal))) break;
        await this.#serve(signal);
        // A connection that ends whenever something is asked on it is not opened in a circle.
        this.#mayOpenAtOnce = this.#answers > 0 || this.#isHalfOpen();
        await this.#transport.close();
      }
    } finally {
      signal.removeEventListener("abort", stop);
      this.#demands.giveUpAll("the gateway is stopping");
      await this.#transport.close();
    }
  }

  // ── Connection ─────────────────────────────────────────────────────────────────────────────────

  /** Tries until it is open; false when the signal aborted. */
  async #connect(signal: AbortSignal): Promise<boolean> {
    const delays = backoff({
      first: RECONNECT_FIRST,
      max: RECONNECT_MAX,
      jitter: 0.3,
      random: this.#options.random ?? Math.random,
    });
    let wait = this.#mayOpenAtOnce ? undefined : delays.next().value;
    for (let failures = 0; !signal.aborted; ) {
      if (wait !== undefined) await this.#clock.sleep(wait, signal);
      if (signal.aborted) break;
      try {
        await this.#transport.open(signal);
        this.#opened(failures);
        return true;
      } catch (error) {
        if (!hasCode(error, "CONNECTION_FAILED")) throw error;
        if (signal.aborted) break;
        failures++;
        this.#notOpened(failures, wordsOf(error));
        wait = delays.next().value;
      }
    }
    return false;
  }

  #opened(failures: number): void {
    const now = this.#clock.monotonic();
    this.#answers = 0;
    this.#timeoutsInRow = 0;
    this.#lastAnswerAt = now;
    this.#doctor.lineIs("open");
    for (const [i, device] of this.#devices.entries()) {
      const health = this.#health[i] ?? HEALTHY;
      const notBefore = monotonic(now + device.profile.limits.pauseAfterConnect);
      this.#health[i] = { ...health, notBefore, ...(failures > 0 && { probeAt: now }) };
    }
    const fields = { connection: this.#options.connection.id, line: this.#line.name };
    if (failures > 0) this.#log.info("modbus line up", fields);
    else this.#log.debug("modbus line open", fields);
  }

  #notOpened(failures: number, why: string): void {
    this.#doctor.lineIs("lost");
    const { id } = this.#options.connection;
    const fields = { connection: id, line: this.#line.name, failures, error: why };
    if (failures === LOST_FAILURES) this.#log.warn("modbus line down", fields);
    else this.#log.debug("modbus line still down", fields);
    if (failures < LOST_FAILURES) return;
    for (const [index, device] of this.#devices.entries()) {
      this.#offer(device.allFailed({ reason: "connectionLost", detail: why }));
      this.#setStatus(index, { state: "offline", reason: "connectionLost", detail: why });
    }
  }

  // ── The loop ───────────────────────────────────────────────────────────────────────────────────

  async #serve(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#transport.isOpen && !this.#isHalfOpen()) {
      if (await this.#demands.serveOne()) continue;
      this.#repeatBad();
      const now = this.#clock.monotonic();
      const state = {
        jobs: this.#tasks,
        health: this.#health,
        probesNotBefore: this.#probesNotBefore,
      };
      const action = nextAction(state, now);
      if (action.kind === "wait") {
        await this.#idle(action.until, signal);
        continue;
      }
      const task = this.#tasks.find(
        (t) => t.key === action.job.key && t.device === action.job.device,
      );
      if (task !== undefined) await this.#poll(task, action);
    }
  }

  /** Until the next job, a demand, the end of the connection or of everything. */
  async #idle(until: Monotonic | undefined, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const hasBad = this.#devices.some((device) => device.hasBad);
    const end = Math.min(until ?? now + REPEAT_EVERY, hasBad ? now + REPEAT_EVERY : Infinity);
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(milliseconds(Math.max(0, end - now)), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
      if (signal.aborted || !this.#demands.isEmpty || !this.#transport.isOpen) this.#wake();
    });
    this.#wake = () => {};
  }

  #isHalfOpen(): boolean {
    return (
      this.#timeoutsInRow >= HALF_OPEN_TIMEOUTS &&
      elapsed(this.#lastAnswerAt, this.#clock.monotonic()) >= HALF_OPEN_AFTER &&
      this.#options.connection.transport !== "serial"
    );
  }

  #repeatBad(): void {
    const now = this.#clock.monotonic();
    if (now < this.#repeatAt) return;
    this.#repeatAt = monotonic(now + REPEAT_EVERY);
    for (const device of this.#devices) if (device.hasBad) this.#offer(device.repeated());
  }

  async #poll(
    task: Task,
    { isProbe, lag }: { readonly isProbe: boolean; readonly lag: Duration },
  ): Promise<void> {
    const start = this.#clock.monotonic();
    if (!isProbe) this.#advance(task, start);
    const device = this.#devices[task.device];
    if (device === undefined) return;
    const shownLag = isProbe || task.role !== "poll" ? undefined : lag;
    try {
      const values = await this.#read(device, task.read);
      this.#answered(task.device, { start, outcome: "answered", lag: shownLag });
      this.#landed(task, device, [{ ...task.read, values }]);
    } catch (error) {
      if (!(error instanceof LamplighterError)) throw error;
      this.#failed(task, device, { start, error, lag: shownLag, isProbe });
    }
  }

  #advance(task: Task, now: Monotonic): void {
    const { due, missed } = nextDue(task, now);
    task.due = due;
    if (missed > 0 && task.role === "poll") this.#doctor.missed(task.device, missed);
  }

  #read(device: DeviceState, read: PlannedRead): Promise<readonly number[]> {
    const { table, address, count } = read;
    const within = this.#deadlineOf(device, predict(table, count, this.#line.timing));
    return this.#client.read({ unit: device.unit, table, address, count, within });
  }

  /** The device's own time to answer, and the time both frames take on the wire. */
  #deadlineOf(device: DeviceState, predicted: Duration): Duration {
    const wireMs = Math.max(0, predicted - this.#line.timing.turnaroundMs);
    return milliseconds(Math.ceil(device.profile.limits.answerWithin + wireMs));
  }

  // ── What came of it ────────────────────────────────────────────────────────────────────────────

  /** The device said something, be it an exception. */
  #answered(
    index: number,
    {
      start,
      outcome,
      lag,
    }: {
      readonly start: Monotonic;
      readonly outcome: TransactionOutcome;
      readonly lag?: Duration | undefined;
    },
  ): void {
    const now = this.#clock.monotonic();
    this.#answers++;
    this.#timeoutsInRow = 0;
    this.#lastAnswerAt = now;
    this.#doctor.record({
      index,
      outcome,
      lag,
      took: elapsed(start, now),
      time: this.#clock.now(),
    });
    const before = this.#health[index] ?? HEALTHY;
    const pause = this.#devices[index]?.profile.limits.pauseBetween ?? milliseconds(0);
    this.#health[index] = afterAnswer(before, now, pause);
    if (before.failures > 0) {
      // Back at once: what fell due meanwhile is due now, and what was missed stays missed.
      for (const task of this.#tasks) {
        if (task.device === index && task.due < now) task.due = now;
      }
    }
    if (this.#statuses[index]?.state !== "online") this.#setStatus(index, { state: "online" });
  }

  #landed(task: Task, device: DeviceState, blocks: readonly Block[]): void {
    task.failures = 0;
    if (task.role === "proof") {
      device.knowledge = afterProof(device.knowledge, task.read, true);
      this.#plan(task.device);
      return;
    }
    this.#offer(device.applied(task.read, blocks));
    if (task.role !== "retrial") return;
    for (const point of task.read.points) {
      device.knowledge = afterRetrial(device.knowledge, point.name);
      const id = `${device.device}/${point.name}`;
      this.#log.info("modbus point answers again", { point: id });
    }
    this.#plan(task.device);
  }

  #failed(
    task: Task,
    device: DeviceState,
    failed: {
      readonly start: Monotonic;
      readonly error: LamplighterError;
      readonly lag: Duration | undefined;
      readonly isProbe: boolean;
    },
  ): void {
    const { start, error, lag } = failed;
    if (error.fields.kind === "heldBack") return;
    const exception = Number(error.fields.exception ?? 0);
    if (task.role === "proof") {
      device.knowledge = afterProof(device.knowledge, task.read, false);
      this.#plan(task.device);
    }
    // Exceptions 10 and 11 come from the gateway in between: its device is silent.
    if (error.code === "DEVICE_EXCEPTION" && exception !== 10 && exception !== 11) {
      this.#answered(task.device, { start, outcome: "exception", lag });
      this.#refused(task, device, { exception, detail: error.message });
      return;
    }
    this.#silent(task, device, failed);
  }

  /** The device lives and says no to this request. */
  #refused(
    task: Task,
    device: DeviceState,
    { exception, detail }: { readonly exception: number; readonly detail: string },
  ): void {
    if (task.role === "proof") return;
    if (task.role === "retrial") {
      task.failures++;
      task.due = retrialDue(this.#clock.monotonic(), task.failures);
      return;
    }
    if (exception >= 1 && exception <= 3) {
      const lesson = afterIllegal(device.knowledge, task.read);
      device.knowledge = lesson.knowledge;
      if (lesson.kind === "setAside") {
        this.#offer(device.failed(task.read.points, { reason: "setAside", detail }));
        const { table, address, count } = task.read;
        this.#log.warn("modbus points set aside", {
          device: device.device,
          points: lesson.names,
          registers: `${table} ${address}+${count}`,
          error: detail,
        });
      }
      this.#plan(task.device);
      return;
    }
    task.failures++;
    if (task.failures < FAILED_POLLS_MAX) return;
    this.#offer(device.failed(task.read.points, { reason: "exception", detail }));
  }

  /** No usable answer: a fault of the device or of the way to it. */
  #silent(
    task: Task,
    device: DeviceState,
    failed: {
      readonly start: Monotonic;
      readonly error: LamplighterError;
      readonly lag: Duration | undefined;
      readonly isProbe: boolean;
    },
  ): void {
    const why = { reason: reasonOf(failed.error), detail: failed.error.message };
    this.#noteFailure(task.device, { ...failed, key: task.role === "poll" ? task.key : undefined });
    if (task.role === "retrial") task.due = retrialDue(this.#clock.monotonic(), task.failures);
    if (task.role !== "poll") return;
    task.failures++;
    if (task.failures >= FAILED_POLLS_MAX) this.#offer(device.failed(task.read.points, why));
    const health = this.#health[task.device];
    if (health?.isLost !== true) return;
    this.#offer(device.allFailed(why));
    this.#setStatus(task.device, { state: "offline", ...why });
  }

  #noteFailure(
    index: number,
    {
      start,
      error,
      lag,
      isProbe,
      key,
    }: {
      readonly start: Monotonic;
      readonly error: LamplighterError;
      readonly lag?: Duration | undefined;
      readonly isProbe: boolean;
      readonly key: string | undefined;
    },
  ): void {
    const now = this.#clock.monotonic();
    const took = elapsed(start, now);
    const time = this.#clock.now();
    this.#doctor.record({ index, outcome: outcomeOf(error), took, lag, time });
    if (error.code === "DEVICE_TIMEOUT") this.#timeoutsInRow++;
    const failure = {
      key: key ?? "",
      took,
      pauseBetween: this.#devices[index]?.profile.limits.pauseBetween ?? milliseconds(0),
      isShared: this.#devices.length > 1,
    };
    this.#health[index] = afterFailure(this.#health[index] ?? HEALTHY, now, failure);
    if (isProbe) this.#probesNotBefore = probesNotBefore(now, failure);
  }

  #setStatus(index: number, next: Omit<DeviceStatus, "device" | "since">): void {
    const before = this.#statuses[index];
    const isSame = before?.state === next.state && before.reason === next.reason;
    if (before === undefined || isSame) return;
    const { device } = before;
    const status: DeviceStatus = { ...next, device, since: this.#clock.now() };
    this.#statuses[index] = status;
    const fields = { device, reason: next.reason, detail: next.detail };
    if (next.state === "offline") this.#log.warn("modbus device lost", fields);
    else this.#log.info("modbus device answers", { device });
    this.#options.onStatus(status);
  }

  #offer(values: readonly SourceValue[]): void {
    for (const value of values) this.#options.sink.offer(value);
  }

  // ── Planning ───────────────────────────────────────────────────────────────────────────────────

  #planAll(): void {
    for (const index of this.#devices.keys()) this.#plan(index);
  }

  #plan(index: number): void {
    const device = this.#devices[index];
    if (device === undefined) return;
    const tasks = tasksOf(device, index, {
      line: this.#line.timing,
      periods: this.#periods,
      now: this.#clock.monotonic(),
      place: placeOf(this.#options.connection.id) + index,
      before: this.#tasks.filter((task) => task.device === index),
    });
    this.#tasks = [...this.#tasks.filter((task) => task.device !== index), ...tasks];
  }

  // ── Demands ────────────────────────────────────────────────────────────────────────────────────

  write(request: WriteRequest): Promise<WriteAnswer> {
    const found = this.#find(request.point);
    if (found === undefined) {
      return Promise.resolve({ kind: "refused", detail: `${request.point} is not on this line` });
    }
    return this.#demands.add<WriteAnswer>(
      request.timeout,
      () => this.#writeNow(found, request.value),
      (detail) => ({ kind: "noAnswer", detail }),
    );
  }

  read(point: PointId, timeout: Duration): Promise<ReadAnswer> {
    const found = this.#find(point);
    if (found === undefined) {
      return Promise.resolve({ kind: "none", detail: `${point} is not on this line` });
    }
    return this.#demands.add<ReadAnswer>(
      timeout,
      () => this.#readNow(found),
      (detail) => ({ kind: "none", detail }),
    );
  }

  #find(id: PointId): Found | undefined {
    const name: DeviceId = deviceOf(id);
    const index = this.#devices.findIndex((device) => device.device === name);
    const device = this.#devices[index];
    const point = device?.pointOf(id);
    return device === undefined || point === undefined ? undefined : { index, device, point };
  }

  async #writeNow({ index, device, point }: Found, value: number): Promise<WriteAnswer> {
    const write = encodeCommand(point, value, device.context);
    if (!write.ok) return { kind: "refused", detail: write.error };
    const within = this.#deadlineOf(device, predict("holding", 4, this.#line.timing));
    const answer = await this.#demand(index, () =>
      this.#client.write({ unit: device.unit, write: write.value, within }),
    );
    if (answer.ok) return { kind: "accepted" };
    const { error } = answer;
    const kind = error.code === "DEVICE_EXCEPTION" ? "refused" : "noAnswer";
    return { kind, detail: error.message };
  }

  async #readNow({ index, device, point }: Found): Promise<ReadAnswer> {
    const blocks: Block[] = [];
    for (const read of planPoint(point, device.profile, this.#line.timing)) {
      const answer = await this.#demand(index, () => this.#read(device, read));
      if (!answer.ok) return { kind: "none", detail: answer.error.message };
      blocks.push({ ...read, values: answer.value });
    }
    const values = device.applied({ points: [point] }, blocks);
    this.#offer(values);
    const [sample] = values;
    if (sample?.quality === "good") {
      return { kind: "value", value: sample.value, time: sample.time };
    }
    const why = sample?.quality === "bad" ? sample.detail : undefined;
    return { kind: "none", detail: why ?? device.badDetail(point.name) ?? "no value" };
  }

  /** One transaction that somebody waits for, with the same bookkeeping as a poll. */
  async #demand<T>(
    index: number,
    transact: () => Promise<T>,
  ): Promise<
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly error: LamplighterError }
  > {
    const pause = (this.#health[index]?.notBefore ?? 0) - this.#clock.monotonic();
    if (pause > 0) await this.#clock.sleep(milliseconds(pause));
    const start = this.#clock.monotonic();
    try {
      const value = await transact();
      this.#answered(index, { start, outcome: "answered" });
      return { ok: true, value };
    } catch (error) {
      if (!(error instanceof LamplighterError)) throw error;
      if (error.code === "DEVICE_EXCEPTION") this.#answered(index, { start, outcome: "exception" });
      else this.#noteFailure(index, { start, error, isProbe: false, key: undefined });
      return { ok: false, error };
    }
  }
}

interface Found {
  readonly index: number;
  readonly device: DeviceState;
  readonly point: ModbusPoint;
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
