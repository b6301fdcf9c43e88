/**
 * A process owns a list of named teardowns, last in first out; each may fail by itself without stopping
 * the rest, and all together are bounded. A failed start rolls back by the same list.
 */
import type { Clock } from "../core/clock.ts";
import { wordsOf } from "../core/errors.ts";
import { elapsed, seconds } from "../core/time.ts";
import type { Log } from "./log.ts";

/** Ctrl-C must have ended everything within this, or the process says what hangs and goes. */
export const SHUTDOWN_MAX = seconds(5);

export class Teardowns {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #list: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Registers how `name` ends; called right beside its construction. */
  add(name: string, close: () => Promise<void> | void): void {
    this.#list.push({ name, close });
  }

  /** Ends everything, newest first. Resolves with the names that did not end in time or failed. */
  async close(): Promise<readonly string[]> {
    const failed: string[] = [];
    const start = this.#clock.monotonic();
    for (let entry = this.#list.pop(); entry !== undefined; entry = this.#list.pop()) {
      const left = SHUTDOWN_MAX - elapsed(start, this.#clock.monotonic());
      const outcome = await this.#closeOne(entry.close, Math.max(left, 100));
      if (outcome === "ended") continue;
      failed.push(entry.name);
      this.#log.error("teardown failed", { what: entry.name, why: outcome });
    }
    return failed;
  }

  async #closeOne(close: () => Promise<void> | void, leftMs: number): Promise<string> {
    const abort = new AbortController();
    const timeout = this.#clock
      .sleep(leftMs as typeof SHUTDOWN_MAX, abort.signal)
      .then(() => `did not end within ${Math.round(leftMs)} ms`);
    const ended = (async () => {
      try {
        await close();
        return "ended";
      } catch (error) {
        return wordsOf(error);
      }
    })();
    const outcome = await Promise.race([ended, timeout]);
    abort.abort();
    return outcome;
  }
}

/** A signal that aborts at SIGINT or SIGTERM; a second Ctrl-C falls through to Node and kills at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
