/**
 * Lines that strangers can cause are written at most once per message and interval, with the number of
 * those left out, so that nobody fills a disk by sending garbage.
 */
import type { Clock } from "../core/clock.ts";
import { elapsed, type Monotonic, seconds } from "../core/time.ts";
import type { Log, LogFields } from "./log.ts";

const INTERVAL = seconds(10);

export class QuietLog {
  readonly #clock: Clock;
  readonly #log: Log;
  /** By message; messages are constants, so this does not grow. */
  readonly #last = new Map<string, { at: Monotonic; leftOut: number }>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  warn(message: string, fields: LogFields): void {
    const now = this.#clock.monotonic();
    const last = this.#last.get(message);
    if (last !== undefined && elapsed(last.at, now) < INTERVAL) {
      last.leftOut++;
      return;
    }
    this.#last.set(message, { at: now, leftOut: 0 });
    const leftOut = last?.leftOut ?? 0;
    this.#log.warn(message, leftOut === 0 ? fields : { ...fields, leftOut });
  }
}
