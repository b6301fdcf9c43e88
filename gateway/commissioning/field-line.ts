/**
 * One Modbus line as somebody in the field asks on it: one request after the other, opened again when
 * a device closed it, failures as values. It only reads; nothing here can write.
 */
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { type Duration, milliseconds } from "../../core/time.ts";
import type { ModbusTable } from "../../device-profiles/profile.ts";
import type { ModbusConnection } from "../configuration.ts";
import { ModbusClient } from "../sources/modbus/client.ts";
import { type Line, lineOf } from "../sources/modbus/line/line.ts";
import { predict } from "../sources/modbus/plan.ts";
import { createTransport, LATE_ANSWER_MAX, type Transport } from "../sources/modbus/transport.ts";

export interface Range {
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
}

export type Asked = Outcome<readonly number[], LamplighterError>;
/** Reads of one unit. */
export type Ask = (range: Range) => Promise<Asked>;

/** While an answer to an earlier request may still come, ours is tried again this often. */
const HELD_BACK_AGAIN = milliseconds(250);

export class FieldLine {
  readonly line: Line;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #transport: Transport;
  readonly #client: ModbusClient;

  constructor(connection: ModbusConnection, clock: Clock, signal: AbortSignal) {
    this.line = lineOf(connection, clock);
    this.#clock = clock;
    this.#signal = signal;
    this.#transport = createTransport({ ...this.line, clock });
    this.#client = new ModbusClient(this.#transport);
  }

  /** Rejects with CONNECTION_FAILED. */
  async open(): Promise<void> {
    await this.#transport.open(this.#signal);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Waits for `answerWithin` and the time both frames take on the wire. */
  async ask(unit: number, range: Range, answerWithin: Duration): Promise<Asked> {
    const { timing } = this.line;
    const wireMs = predict(range.table, range.count, timing) - timing.turnaroundMs;
    const within = milliseconds(Math.ceil(answerWithin + Math.max(0, wireMs)));
    const giveUpAt = this.#clock.monotonic() + LATE_ANSWER_MAX;
    for (;;) {
      const asked = await this.#once(() => this.#client.read({ ...range, unit, within }));
      const isHeldBack = !asked.ok && asked.error.fields.kind === "heldBack";
      if (!isHeldBack || this.#signal.aborted || this.#clock.monotonic() > giveUpAt) return asked;
      await this.#clock.sleep(HELD_BACK_AGAIN, this.#signal);
    }
  }

  async #once(read: () => Promise<readonly number[]>): Promise<Asked> {
    try {
      await this.open();
      return success(await read());
    } catch (error) {
      if (error instanceof LamplighterError) return failure(error);
      throw error;
    }
  }
}
