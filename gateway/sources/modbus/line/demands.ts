/**
 * What people and rules want from the line now: a bounded queue of commands and reads that goes
 * before all polling. Whoever waits gets an answer by the timeout at the latest, and what was given
 * up is never carried out afterwards.
 */
import type { Clock } from "../../../../core/clock.ts";
import type { Duration } from "../../../../core/time.ts";

/** More than this waiting on one line is refused. */
export const DEMANDS_MAX = 64;

interface Demand {
  readonly begin: () => Promise<void>;
  readonly giveUp: (why: string) => void;
}

export class Demands {
  readonly #clock: Clock;
  readonly #waiting: Demand[] = [];
  readonly #wake: () => void;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** `work` never rejects; `refused` makes the answer when it cannot even begin. */
  add<T>(timeout: Duration, work: () => Promise<T>, refused: (why: string) => T): Promise<T> {
    if (this.#waiting.length >= DEMANDS_MAX) {
      return Promise.resolve(refused(`${DEMANDS_MAX} others are waiting for this line already`));
    }
    return new Promise((resolve) => {
      const cancel = this.#clock.after(timeout, () => {
        const at = this.#waiting.indexOf(demand);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(refused(`the line was not free or not connected within ${timeout} ms`));
      });
      const demand: Demand = {
        begin: async () => {
          cancel();
          resolve(await work());
        },
        giveUp: (why) => {
          cancel();
          resolve(refused(why));
        },
      };
      this.#waiting.push(demand);
      this.#wake();
    });
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Carries out the oldest; false when there is none. */
  async serveOne(): Promise<boolean> {
    const demand = this.#waiting.shift();
    await demand?.begin();
    return demand !== undefined;
  }

  giveUpAll(why: string): void {
    for (const demand of this.#waiting.splice(0)) demand.giveUp(why);
  }
}
