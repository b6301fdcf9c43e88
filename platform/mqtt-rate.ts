/** Lets so many things pass per second, with a short burst; what is over waits, nothing is lost. */
import type { Clock } from "../core/clock.ts";
import { elapsed, type Monotonic } from "../core/time.ts";

/** What may pass at once, as a share of a second. */
const BURST_S = 0.1;
const BURST_MIN = 50;

export class RateBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #filledAt: Monotonic;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = Math.max(BURST_MIN, perSecond * BURST_S);
    this.#left = this.#burst;
    this.#filledAt = clock.monotonic();
  }

  /** False while more has passed than may. */
  isOpen(): boolean {
    const now = this.#clock.monotonic();
    const more = (elapsed(this.#filledAt, now) / 1_000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + more);
    this.#filledAt = now;
    return this.#left > 0;
  }

  /** Something passed that could no longer be held back. */
  take(): void {
    this.#left--;
  }
}
