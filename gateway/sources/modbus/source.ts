/**
 * The loop: the one owner of a socket or serial line and of every device on it. Each turn does one
 * thing: what somebody waits for, else what the schedule says is due, else nothing until then.
 *
 *   open ─► serve ─┬─ demand (write, read) ──► client ─► transport
 *     ▲            ├─ poll: hazard > timed > background ─► samples ─► sink
 *     └── ended ◄──┘  no answer: that device keeps one probe, the others their beats
 */
import { backoff } from "../../../core/backoff.ts";
import type { Clock } from "../../../core/clock.ts";
import { hasCode, wordsOf } from "../../../core/errors.ts";
import { deviceOf, type PointId } from "../../../core/ids.ts";
import {
  type Duration,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../../core/time.ts";
import { POLL_PERIODS } from "../../../device-profiles/poll-classes.ts";
import type { ModbusPoint, PollClass } from "../../../device-profiles/profile.ts";
import type { Log } from "../../../platform/log.ts";
import type { ModbusConnection } from "../../configuration.ts";
import type { PersonalHash } from "../personal.ts";
import type {
  DeviceStatus,
  ReadAnswer,
  SampleSink,
  Source,
  WriteAnswer,
  WriteRequest,
} from "../source.ts";
import { ModbusClient } from "./client.ts";
import type { BusReport } from "./doctor.ts";
import { encodeCommand } from "./encode.ts";
import { type LineBudget, sentencesOf } from "./line/budget.ts";
import { Demands } from "./line/demands.ts";
import type { DeviceState, ModbusDevice } from "./line/device.ts";
import { Errands } from "./line/errands.ts";
import { type Line, lineOf } from "./line/line.ts";
import { type Attempt, isRefusal, LineState } from "./line/line-state.ts";
import { Requests } from "./line/requests.ts";
import type { ReadTask, Task } from "./line/tasks.ts";
import { LOST_FAILURES } from "./schedule.ts";
import { createTransport, type Transport, type TransportOptions } from "./transport.ts";

export type { ModbusDevice } from "./line/device.ts";

export interface ModbusSourceOptions {
  readonly connection: ModbusConnection;
  readonly devices: readonly ModbusDevice[];
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  /** Other periods than `POLL_PERIODS`. */
  readonly periods?: Partial<Readonly<Record<PollClass, Duration>>>;
  /** Hides personal values; without it they are never offered. */
  readonly hash?: PersonalHash;
  /** In which the doctor's sentences give times; UTC when left out. */
  readonly zone?: string;
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
/** Bad values are looked through for their heartbeat this often. */
const REPEAT_EVERY = seconds(1);
/** The doctor is asked this often; he speaks only when there is news. */
const CONSULT_EVERY = seconds(60);

export function createModbusSource(options: ModbusSourceOptions): ModbusSource {
  return new ModbusLoop(options);
}

class ModbusLoop implements ModbusSource {
  readonly #options: ModbusSourceOptions;
  readonly #clock: Clock;
  readonly #line: Line;
  readonly #transport: Transport;
  readonly #requests: Requests;
  readonly #errands: Errands;
  readonly #state: LineState;
  readonly #demands: Demands;
  #wake: () => void = () => {};
  #repeatAt = monotonic(0);
  #mayOpenAtOnce = true;
  #consultAt = monotonic(0);
  #findings = "";

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
    const client = new ModbusClient(this.#transport);
    const [state, demands] = [this.#state, this.#demands];
    this.#requests = new Requests({ client, state, clock, timing: this.#line.timing });
    this.#errands = new Errands({ ...options, state, demands, requests: this.#requests });
  }

  statuses(): readonly DeviceStatus[] {
    return [...this.#state.statuses];
  }

  report(): BusReport {
    return this.#state.doctor.report(this.#clock.monotonic(), this.#options.zone);
  }

  budget(): LineBudget {
    return this.#state.budget();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { connection, log } = this.#options;
    const plan = sentencesOf(this.budget()).map((sentence) => sentence.en);
    log.info("modbus plan", { connection: connection.id, plan });
    const stop = (): void => this.#wake();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (await this.#connect(signal)) {
        await this.#serve(signal);
        // A connection that ends whenever something is asked on it is not opened in a circle.
        this.#mayOpenAtOnce = this.#requests.hasAnswers || this.#isGivenUp;
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
    this.#requests.begin();
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
    while (!signal.aborted && this.#transport.isOpen && !this.#isGivenUp) {
      if (await this.#demands.serveOne()) continue;
      this.#repeatBad();
      this.#consult();
      const { action, task } = this.#state.next();
      if (action.kind === "wait") await this.#idle(action.until, signal);
      else if (task !== undefined) await this.#turn(task, action);
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

  /** Only a network can keep a connection open that leads nowhere. */
  get #isGivenUp(): boolean {
    return this.#requests.isHalfOpen && this.#options.connection.transport !== "serial";
  }

  #repeatBad(): void {
    const now = this.#clock.monotonic();
    if (now < this.#repeatAt) return;
    this.#repeatAt = monotonic(now + REPEAT_EVERY);
    this.#state.repeatBad();
  }

  /** Says what the doctor finds, whenever that has changed. */
  #consult(): void {
    const now = this.#clock.monotonic();
    if (now < this.#consultAt) return;
    this.#consultAt = monotonic(now + CONSULT_EVERY);
    const findings = this.report().sentences.map((sentence) => sentence.en);
    const words = findings.join("\n");
    if (words === this.#findings) return;
    this.#findings = words;
    const fields = { connection: this.#options.connection.id, findings };
    if (findings.length > 0) this.#options.log.warn("modbus doctor", fields);
    else this.#options.log.info("modbus doctor finds nothing any more", fields);
  }

  async #turn(
    task: Task,
    { isProbe, lag }: { readonly isProbe: boolean; readonly lag: Duration },
  ): Promise<void> {
    const device = this.#state.devices[task.device];
    if (device === undefined) return;
    const start = this.#clock.monotonic();
    const isLate = !isProbe && (task.role === "poll" || task.role === "handshake");
    const attempt: Attempt = { start, isProbe, lag: isLate ? lag : undefined };
    this.#state.begun(task);
    if ("read" in task) await this.#poll(task, device, attempt);
    else if (task.role === "keepAlive") await this.#errands.keepAlive(task, device, attempt);
    else await this.#errands.discover(task, device, attempt);
  }

  async #poll(task: ReadTask, device: DeviceState, attempt: Attempt): Promise<void> {
    const answer = await this.#requests.read(device, task.read);
    if (!answer.ok) {
      if (answer.error.fields.kind === "heldBack") this.#state.heldBack(task);
      else this.#state.failed(task, device, attempt, answer.error);
      return;
    }
    this.#state.answered(task.device, attempt, "answered");
    const block = { ...task.read, values: answer.value };
    if (task.role === "handshake") await this.#errands.takeOver(task, device, block);
    else this.#state.landed(task, device, [block]);
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
    if (!device.isLocated) return { kind: "noAnswer", detail: "its models are still searched for" };
    const write = encodeCommand(point, value, device.context);
    if (!write.ok) return { kind: "refused", detail: write.error };
    const answer = await this.#requests.tell(index, device, write.value);
    if (answer.ok) return { kind: "accepted" };
    return { kind: isRefusal(answer.error) ? "refused" : "noAnswer", detail: answer.error.message };
  }

  async #readNow({ index, device, point }: Found): Promise<ReadAnswer> {
    if (point.writeOnly === true) return { kind: "none", detail: "it can only be written" };
    if (!device.isLocated) return { kind: "none", detail: "its models are still searched for" };
    const blocks = await this.#requests.readPoint(index, device, point);
    if (!blocks.ok) return { kind: "none", detail: blocks.error.message };
    const values = device.applied({ points: [point] }, blocks.value);
    this.#state.offer(values);
    const [sample] = values;
    if (sample?.quality === "good") {
      return { kind: "value", value: sample.value, time: sample.time };
    }
    return { kind: "none", detail: device.badDetail(point.name) ?? "no value" };
  }
}

interface Found {
  readonly index: number;
  readonly device: DeviceState;
  readonly point: ModbusPoint;
}
