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
import { deviceOf, type PointId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
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
  WriteAnswer,
  WriteRequest,
} from "../source.ts";
import { type LineBudget, sentencesOf } from "./budget.ts";
import { ModbusClient } from "./client.ts";
import { Demands } from "./demands.ts";
import type { Block, DeviceState, ModbusDevice } from "./device.ts";
import type { BusReport } from "./doctor.ts";
import { encodeCommand } from "./encode.ts";
import { type Line, lineOf } from "./line.ts";
import { type Attempt, isRefusal, LineState } from "./line-state.ts";
import { type PlannedRead, POLL_PERIODS, planPoint, predict } from "./plan.ts";
import { LOST_FAILURES } from "./schedule.ts";
import type { Task } from "./tasks.ts";
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

/** Connection attempts. */
const RECONNECT_FIRST = milliseconds(500);
const RECONNECT_MAX = seconds(10);
/** A connection on which this many requests in a row went unanswered for this long is opened anew. */
const HALF_OPEN_TIMEOUTS = 3;
const HALF_OPEN_AFTER = seconds(5);
/** Bad values are looked through for their heartbeat this often. */
const REPEAT_EVERY = seconds(1);

export function createModbusSource(options: ModbusSourceOptions): ModbusSource {
  return new ModbusLoop(options);
}

class ModbusLoop implements ModbusSource {
  readonly #options: ModbusSourceOptions;
  readonly #clock: Clock;
  readonly #line: Line;
  readonly #transport: Transport;
  readonly #client: ModbusClient;
  readonly #state: LineState;
  readonly #demands: Demands;
  #wake: () => void = () => {};
  #repeatAt = monotonic(0);
  #mayOpenAtOnce = true;
  /** Since the connection was opened. */
  #answers = 0;
  #timeoutsInRow = 0;
  #lastAnswerAt = monotonic(0);

  constructor(options: ModbusSourceOptions) {
    const { connection, clock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#line = lineOf(connection, clock);
    this.#state = new LineState({
      ...options,
      connection: connection.id,
      line: this.#line,
      periods: { ...POLL_PERIODS, ...options.periods },
    });
    this.#demands = new Demands(clock, () => this.#wake());
    this.#transport = (options.makeTransport ?? createTransport)({
      ...this.#line,
      clock,
      onStranger: (stranger) => this.#state.doctor.stranger(stranger),
      onEnded: () => this.#wake(),
    });
    this.#client = new ModbusClient(this.#transport);
  }

  statuses(): readonly DeviceStatus[] {
    return [...this.#state.statuses];
  }

  report(): BusReport {
    return this.#state.doctor.report(this.#clock.monotonic());
  }

  budget(): LineBudget {
    return this.#state.budget();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { connection, log } = this.#options;
    log.info("modbus plan", { connection: connection.id, plan: sentencesOf(this.budget()) });
    const stop = (): void => this.#wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (await this.#connect(signal)) {
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

  /** Tries until it is open; false when the signal aborted. */
  async #connect(signal: AbortSignal): Promise<boolean> {
    const delays = backoff({
      first: RECONNECT_FIRST,
      max: RECONNECT_MAX,
      jitter: 0.3,
      random: this.#options.random ?? Math.random,
    });
    let wait = this.#mayOpenAtOnce ? undefined : delays.next().value;
    for (let failures = 0; !signal.aborted; wait = delays.next().value) {
      if (wait !== undefined) await this.#clock.sleep(wait, signal);
      if (signal.aborted) break;
      try {
        await this.#transport.open(signal);
        this.#opened(failures);
        return true;
      } catch (error) {
        if (!hasCode(error, "CONNECTION_FAILED")) throw error;
        if (!signal.aborted) this.#notOpened(++failures, wordsOf(error));
      }
    }
    return false;
  }

  #opened(failures: number): void {
    this.#answers = 0;
    this.#timeoutsInRow = 0;
    this.#lastAnswerAt = this.#clock.monotonic();
    this.#state.lineUp(failures > 0);
    const fields = { connection: this.#options.connection.id, line: this.#line.name };
    if (failures > 0) this.#options.log.info("modbus line up", fields);
    else this.#options.log.debug("modbus line open", fields);
  }

  #notOpened(failures: number, why: string): void {
    const { connection, log } = this.#options;
    const fields = { connection: connection.id, line: this.#line.name, failures, error: why };
    if (failures === LOST_FAILURES) log.warn("modbus line down", fields);
    else log.debug("modbus line still down", fields);
    if (failures >= LOST_FAILURES) this.#state.lineLost(why);
  }

  async #serve(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#transport.isOpen && !this.#isHalfOpen()) {
      if (await this.#demands.serveOne()) continue;
      this.#repeatBad();
      const { action, task } = this.#state.next();
      if (action.kind === "wait") await this.#idle(action.until, signal);
      else if (task !== undefined) await this.#poll(task, action);
    }
  }

  /** Until the next job, a demand, the end of the connection or of everything. */
  async #idle(until: Monotonic | undefined, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const latest = now + REPEAT_EVERY;
    const end = Math.min(until ?? latest, this.#state.hasBad ? latest : Number.POSITIVE_INFINITY);
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
    this.#state.repeatBad();
  }

  async #poll(
    task: Task,
    { isProbe, lag }: { readonly isProbe: boolean; readonly lag: Duration },
  ): Promise<void> {
    const device = this.#state.devices[task.device];
    if (device === undefined) return;
    const start = this.#clock.monotonic();
    const attempt: Attempt = {
      start,
      isProbe,
      lag: isProbe || task.role !== "poll" ? undefined : lag,
    };
    this.#state.begun(task);
    const answer = await this.#transact(() => this.#read(device, task.read));
    if (answer.ok) {
      this.#state.answered(task.device, attempt, "answered");
      this.#state.landed(task, device, [{ ...task.read, values: answer.value }]);
    } else if (answer.error.fields.kind !== "heldBack") {
      this.#state.failed(task, device, attempt, answer.error);
    }
  }

  /** One transaction; what the connection as a whole does is counted here. */
  async #transact<T>(work: () => Promise<T>): Promise<Outcome<T, LamplighterError>> {
    try {
      const value = await work();
      this.#noteAnswer();
      return success(value);
    } catch (error) {
      if (!(error instanceof LamplighterError)) throw error;
      if (error.code === "DEVICE_EXCEPTION") this.#noteAnswer();
      if (error.code === "DEVICE_TIMEOUT") this.#timeoutsInRow++;
      return failure(error);
    }
  }

  #noteAnswer(): void {
    this.#answers++;
    this.#timeoutsInRow = 0;
    this.#lastAnswerAt = this.#clock.monotonic();
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
    const name = deviceOf(id);
    const index = this.#state.devices.findIndex((device) => device.device === name);
    const device = this.#state.devices[index];
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
    return { kind: isRefusal(answer.error) ? "refused" : "noAnswer", detail: answer.error.message };
  }

  async #readNow({ index, device, point }: Found): Promise<ReadAnswer> {
    const blocks: Block[] = [];
    for (const read of planPoint(point, device.profile, this.#line.timing)) {
      const answer = await this.#demand(index, () => this.#read(device, read));
      if (!answer.ok) return { kind: "none", detail: answer.error.message };
      blocks.push({ ...read, values: answer.value });
    }
    const values = device.applied({ points: [point] }, blocks);
    this.#state.offer(values);
    const [sample] = values;
    if (sample?.quality === "good") {
      return { kind: "value", value: sample.value, time: sample.time };
    }
    return { kind: "none", detail: device.badDetail(point.name) ?? "no value" };
  }

  /** One transaction that somebody waits for, with the same bookkeeping as a poll. */
  async #demand<T>(index: number, work: () => Promise<T>): Promise<Outcome<T, LamplighterError>> {
    const pause = this.#state.notBefore(index) - this.#clock.monotonic();
    if (pause > 0) await this.#clock.sleep(milliseconds(pause));
    const attempt = { start: this.#clock.monotonic(), isProbe: false };
    const answer = await this.#transact(work);
    if (answer.ok) this.#state.answered(index, attempt, "answered");
    else if (isRefusal(answer.error)) this.#state.answered(index, attempt, "exception");
    else if (answer.error.fields.kind !== "heldBack") {
      this.#state.unanswered(index, attempt, answer.error, undefined);
    }
    return answer;
  }
}

interface Found {
  readonly index: number;
  readonly device: DeviceState;
  readonly point: ModbusPoint;
}
