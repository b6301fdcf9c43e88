/**
 * Requests to devices of one line with their deadlines, as outcomes instead of exceptions, and what
 * they tell about the connection as a whole: whether anybody still answers on it.
 */
import type { Clock } from "../../../../core/clock.ts";
import { LamplighterError } from "../../../../core/errors.ts";
import { failure, type Outcome, success } from "../../../../core/outcome.ts";
import { type Duration, elapsed, milliseconds, monotonic, seconds } from "../../../../core/time.ts";
import type { ModbusPoint } from "../../../../device-profiles/profile.ts";
import type { ModbusClient } from "../client.ts";
import type { WireWrite } from "../encode.ts";
import { type LineTiming, type PlannedRead, planPoint, predict } from "../plan.ts";
import type { Block, DeviceState } from "./device.ts";
import { isRefusal, type LineState } from "./line-state.ts";

/**
 * A connection on which this many requests in a row went unanswered for this long is opened anew.
 */
const HALF_OPEN_TIMEOUTS = 3;
const HALF_OPEN_AFTER = seconds(5);
/** A write is never longer than this many registers. */
const WRITE_REGISTERS = 4;

export interface RequestsOptions {
  readonly client: ModbusClient;
  readonly state: LineState;
  readonly timing: LineTiming;
  readonly clock: Clock;
}

export type Answer<T> = Outcome<T, LamplighterError>;
type Range = Pick<PlannedRead, "table" | "address" | "count">;

export class Requests {
  readonly #options: RequestsOptions;
  /** Since the connection was opened. */
  #answers = 0;
  #timeoutsInRow = 0;
  #lastAnswerAt = monotonic(0);

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** The connection is a new one. */
  begin(): void {
    this.#answers = 0;
    this.#timeoutsInRow = 0;
    this.#lastAnswerAt = this.#options.clock.monotonic();
  }

  get hasAnswers(): boolean {
    return this.#answers > 0;
  }

  get isHalfOpen(): boolean {
    const silentFor = elapsed(this.#lastAnswerAt, this.#options.clock.monotonic());
    return this.#timeoutsInRow >= HALF_OPEN_TIMEOUTS && silentFor >= HALF_OPEN_AFTER;
  }

  read(device: DeviceState, { table, address, count }: Range): Promise<Answer<readonly number[]>> {
    const { client, timing } = this.#options;
    const within = this.#deadlineOf(device, predict(table, count, timing));
    return this.#transact(() => client.read({ unit: device.unit, table, address, count, within }));
  }

  write(device: DeviceState, write: WireWrite): Promise<Answer<void>> {
    const { client, timing } = this.#options;
    const within = this.#deadlineOf(device, predict("holding", WRITE_REGISTERS, timing));
    return this.#transact(() => client.write({ unit: device.unit, write, within }));
  }

  /** A write that somebody waits for, with its bookkeeping. */
  tell(index: number, device: DeviceState, write: WireWrite): Promise<Answer<void>> {
    return this.#booked(index, () => this.write(device, write));
  }

  /** Everything one point needs, for somebody who waits for it, with its bookkeeping. */
  async readPoint(
    index: number,
    device: DeviceState,
    point: ModbusPoint,
  ): Promise<Answer<Block[]>> {
    const blocks: Block[] = [];
    for (const read of planPoint(point, device.profile, this.#options.timing)) {
      const answer = await this.#booked(index, () => this.read(device, read));
      if (!answer.ok) return answer;
      blocks.push({ ...read, values: answer.value });
    }
    return success(blocks);
  }

  async #booked<T>(index: number, work: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const { clock, state } = this.#options;
    const pause = state.notBefore(index) - clock.monotonic();
    if (pause > 0) await clock.sleep(milliseconds(pause));
    const attempt = { start: clock.monotonic(), isProbe: false };
    const answer = await work();
    if (answer.ok) state.answered(index, attempt, "answered");
    else if (isRefusal(answer.error)) state.answered(index, attempt, "exception");
    else if (answer.error.fields.kind !== "heldBack") {
      state.unanswered(index, attempt, answer.error, undefined);
    }
    return answer;
  }

  async #transact<T>(work: () => Promise<T>): Promise<Answer<T>> {
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
    this.#lastAnswerAt = this.#options.clock.monotonic();
  }

  /** The device's own time to answer, and the time both frames take on the wire. */
  #deadlineOf(device: DeviceState, predicted: Duration): Duration {
    const wireMs = Math.max(0, predicted - this.#options.timing.turnaroundMs);
    return milliseconds(Math.ceil(device.profile.limits.answerWithin + wireMs));
  }
}
