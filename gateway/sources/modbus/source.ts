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
import { POLL_PERIODS } from "../../../device-profiles/poll-classes.ts";
import type { ModbusHandshake, ModbusPoint, PollClass } from "../../../device-profiles/profile.ts";
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
import { type LineBudget, sentencesOf } from "./budget.ts";
import { ModbusClient } from "./client.ts";
import { decodeRaw } from "./decode.ts";
import { Demands } from "./demands.ts";
import type { Block, DeviceState, ModbusDevice } from "./device.ts";
import type { BusReport } from "./doctor.ts";
import { encodeCommand, encodeWrite, type WireWrite } from "./encode.ts";
import { type Line, lineOf } from "./line.ts";
import { type Attempt, isRefusal, LineState } from "./line-state.ts";
import { type PlannedRead, planPoint, predict } from "./plan.ts";
import { LOST_FAILURES } from "./schedule.ts";
import type { Errand, ReadTask, Task } from "./tasks.ts";
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
  /** Hides personal values; without it they are never offered. */
  readonly hash?: PersonalHash;
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
/**
 * A connection on which this many requests in a row went unanswered for this long is opened anew.
 */
const HALF_OPEN_TIMEOUTS = 3;
const HALF_OPEN_AFTER = seconds(5);
/** Bad values are looked through for their heartbeat this often. */
const REPEAT_EVERY = seconds(1);
/** The doctor is asked this often; he speaks only when there is news. */
const CONSULT_EVERY = seconds(60);
/** An event that could not be cleared within this is read again. */
const CLEAR_WITHIN = seconds(5);

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
  #consultAt = monotonic(0);
  #findings = "";
  /** Handshakes whose event is on its way to the disk. */
  readonly #takingOver = new Set<string>();
  #signsOfLife = 0;
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
    const plan = sentencesOf(this.budget()).map((sentence) => sentence.en);
    log.info("modbus plan", { connection: connection.id, plan });
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
    else if (task.role === "keepAlive") await this.#keepAlive(task, device, attempt);
    else await this.#discover(task, device, attempt);
  }

  async #poll(task: ReadTask, device: DeviceState, attempt: Attempt): Promise<void> {
    const answer = await this.#transact(() => this.#read(device, task.read));
    if (!answer.ok) {
      if (answer.error.fields.kind === "heldBack") this.#state.heldBack(task);
      else this.#state.failed(task, device, attempt, answer.error);
      return;
    }
    this.#state.answered(task.device, attempt, "answered");
    const block = { ...task.read, values: answer.value };
    if (task.role === "handshake") await this.#takeOver(task, device, block);
    else this.#state.landed(task, device, [block]);
  }

  /**
   * The device holds an event until it is cleared, and it is cleared only once it is durable here.
   * A gateway that dies in between reads it a second time: twice is better than never.
   */
  async #takeOver(task: ReadTask, device: DeviceState, asked: Block): Promise<void> {
    task.failures = 0;
    const [point] = task.read.points;
    const { handshake } = point ?? {};
    if (point === undefined || handshake === undefined || this.#takingOver.has(task.key)) return;
    const state = decodeRaw(handshake.ready, (_, address) => asked.values[address - asked.address]);
    if (!state.ok || !handshake.values.includes(Number(state.value))) return;
    const blocks = await this.#readBlocks(task.device, point);
    if (!blocks.ok) return;
    const values = device.applied({ points: [point] }, blocks.value);
    this.#takingOver.add(task.key);
    // The line goes on meanwhile: the disk may take its time.
    this.#options.sink
      .keep(values)
      .then(() => this.#clear(task.device, handshake.clear))
      .catch((error: unknown) => {
        const fields = { device: device.device, error: wordsOf(error) };
        this.#options.log.warn("modbus event not kept, left in the device", fields);
      })
      .finally(() => this.#takingOver.delete(task.key));
  }

  async #clear(index: number, clear: ModbusHandshake["clear"]): Promise<void> {
    const write = encodeWrite(clear, clear.value);
    const device = this.#state.devices[index];
    if (!write.ok || device === undefined) return;
    await this.#demands.add(
      CLEAR_WITHIN,
      async () => void (await this.#tell(index, device, write.value)),
      () => undefined,
    );
  }

  async #keepAlive(task: Errand, device: DeviceState, attempt: Attempt): Promise<void> {
    const { keepAlive } = device.profile;
    if (keepAlive === undefined) return;
    const value = keepAlive.values[this.#signsOfLife++ % keepAlive.values.length] ?? 0;
    const write = encodeWrite(keepAlive.write, value);
    if (!write.ok) return;
    const within = this.#deadlineOf(device, predict("holding", 1, this.#line.timing));
    const answer = await this.#transact(() =>
      this.#client.write({ unit: device.unit, write: write.value, within }),
    );
    if (answer.ok) this.#state.answered(task.device, attempt, "answered");
    else this.#state.errandFailed(task, attempt, answer.error);
  }

  /**
   * One step of the search for SunSpec models; the next follows at once, behind what cannot wait.
   */
  async #discover(task: Errand, device: DeviceState, attempt: Attempt): Promise<void> {
    const address = device.searchedAddress;
    if (address === undefined) return;
    const within = this.#deadlineOf(device, predict("holding", 2, this.#line.timing));
    const read = { unit: device.unit, table: "holding", address, count: 2, within } as const;
    const answer = await this.#transact(() => this.#client.read(read));
    if (answer.ok) this.#state.answered(task.device, attempt, "answered");
    else this.#state.errandFailed(task, attempt, answer.error);
    if (!answer.ok && !isRefusal(answer.error)) return;
    this.#state.offer(device.searched(answer.ok ? answer.value : undefined));
    if (device.isLocated) this.#state.plan(task.device);
    else if (!device.isSearchAtStart) task.due = this.#clock.monotonic();
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
    if (!device.isLocated) return { kind: "noAnswer", detail: "its models are still searched for" };
    const write = encodeCommand(point, value, device.context);
    if (!write.ok) return { kind: "refused", detail: write.error };
    const answer = await this.#tell(index, device, write.value);
    if (answer.ok) return { kind: "accepted" };
    return { kind: isRefusal(answer.error) ? "refused" : "noAnswer", detail: answer.error.message };
  }

  #tell(
    index: number,
    device: DeviceState,
    write: WireWrite,
  ): Promise<Outcome<void, LamplighterError>> {
    const within = this.#deadlineOf(device, predict("holding", 4, this.#line.timing));
    return this.#demand(index, () => this.#client.write({ unit: device.unit, write, within }));
  }

  async #readNow({ index, device, point }: Found): Promise<ReadAnswer> {
    if (point.writeOnly === true) return { kind: "none", detail: "it can only be written" };
    if (!device.isLocated) return { kind: "none", detail: "its models are still searched for" };
    const blocks = await this.#readBlocks(index, point);
    if (!blocks.ok) return { kind: "none", detail: blocks.error.message };
    const values = device.applied({ points: [point] }, blocks.value);
    this.#state.offer(values);
    const [sample] = values;
    if (sample?.quality === "good") {
      return { kind: "value", value: sample.value, time: sample.time };
    }
    return { kind: "none", detail: device.badDetail(point.name) ?? "no value" };
  }

  /** Everything one point needs, now. */
  async #readBlocks(
    index: number,
    point: ModbusPoint,
  ): Promise<Outcome<readonly Block[], LamplighterError>> {
    const device = this.#state.devices[index];
    if (device === undefined) return success([]);
    const blocks: Block[] = [];
    for (const read of planPoint(point, device.profile, this.#line.timing)) {
      const answer = await this.#demand(index, () => this.#read(device, read));
      if (!answer.ok) return answer;
      blocks.push({ ...read, values: answer.value });
    }
    return success(blocks);
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
