/**
 * A clock that tests move by hand. `advance` runs every timer that falls due, in order, and lets promises
 * settle between them, so a timeline of minutes takes microseconds.
 */
import type { Clock } from "../../core/clock.ts";
import {
  type Duration,
  type Instant,
  instant,
  type Monotonic,
  monotonic,
} from "../../core/time.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  #elapsedMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start: Instant = instant(Date.UTC(2026, 10, 23, 8, 0, 0))) {
    this.#wallOffsetMs = start;
  }

  now(): Instant {
    return instant(this.#wallOffsetMs + this.#elapsedMs);
  }

  monotonic(): Monotonic {
    return monotonic(this.#elapsedMs);
  }

  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const cancel = this.after(duration, resolve);
      signal?.addEventListener(
        "abort",
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  after(duration: Duration, action: () => void): () => void {
    const timer = { due: this.#elapsedMs + Math.max(0, duration), order: this.#order++, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Wall clock jumps, monotonic time does not. */
  step(by: Duration): void {
    this.#wallOffsetMs += by;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  async advance(by: Duration): Promise<void> {
    const end = this.#elapsedMs + by;
    await settle();
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.due);
      next.action();
      await settle();
    }
    this.#elapsedMs = end;
    await settle();
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets every promise that can settle do so, including those behind real I/O callbacks of this turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
