/**
 * The newest sample of every point, in memory, fed only with what is durable. Late samples never take the
 * place of newer ones; a sample from the future does not hold its place for ever.
 */
import type { Clock } from "../../core/clock.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { minutes } from "../../core/time.ts";
import type { LatestValues, Unsubscribe } from "../plant.ts";

/** A newest sample further ahead than this came from a broken clock. */
const AHEAD_MAX = minutes(1);

export class Latest implements LatestValues {
  readonly #clock: Clock;
  readonly #samples: Map<PointId, Sample>;
  readonly #listeners = new Set<(samples: readonly Sample[], late: boolean) => void>();

  constructor(clock: Clock, initial: readonly Sample[]) {
    this.#clock = clock;
    this.#samples = new Map(initial.map((sample) => [sample.point, sample]));
  }

  get(point: PointId): Sample | undefined {
    return this.#samples.get(point);
  }

  all(): readonly Sample[] {
    return [...this.#samples.values()];
  }

  onSamples(listener: (samples: readonly Sample[], late: boolean) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called by ingest with what has just become durable, in that order. */
  stored(samples: readonly Sample[], late: boolean): void {
    const ahead = this.#clock.now() + AHEAD_MAX;
    for (const sample of samples) {
      const known = this.#samples.get(sample.point);
      if (known === undefined || sample.time >= known.time || known.time > ahead) {
        this.#samples.set(sample.point, sample);
      }
    }
    for (const listener of this.#listeners) listener(samples, late);
  }
}
