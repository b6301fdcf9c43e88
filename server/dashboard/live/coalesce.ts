/**
 * Collects samples and hands them on at most once per period, newest per point; those that are urgent go
 * at once, together with all that wait.
 */
import type { Clock } from "../../../core/clock.ts";
import type { Duration } from "../../../core/time.ts";
import type { LatestView } from "../../api/contract.ts";
import { instantOf } from "../format/instant.ts";

export class Coalescer {
  readonly #clock: Clock;
  readonly #period: Duration;
  readonly #emit: (items: readonly LatestView[]) => void;
  /** Bounded by the number of points. */
  readonly #waiting = new Map<string, LatestView>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, period: Duration, emit: (items: readonly LatestView[]) => void) {
    this.#clock = clock;
    this.#period = period;
    this.#emit = emit;
  }

  add(items: readonly LatestView[], isUrgent: (point: string) => boolean): void {
    let urgent = false;
    for (const item of items) {
      const held = this.#waiting.get(item.point);
      if (!held || instantOf(held.time) <= instantOf(item.time)) {
        this.#waiting.set(item.point, item);
      }
      urgent ||= isUrgent(item.point);
    }
    if (urgent) this.flush();
    else if (this.#waiting.size > 0) {
      this.#cancel ??= this.#clock.after(this.#period, () => this.flush());
    }
  }

  /** Hands on at once what waits: something else happened that must not overtake it. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const items = [...this.#waiting.values()];
    this.#waiting.clear();
    if (items.length > 0) this.#emit(items);
  }
}
