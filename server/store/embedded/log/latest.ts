/** The newest sample of every point by time and sequence, bad ones included, of what is durable. */
import type { PointId } from "../../../../core/ids.ts";
import type { Sample } from "../../../../core/sample.ts";

export class LatestSamples {
  readonly #samples = new Map<PointId, Sample>();

  take(samples: readonly Sample[]): void {
    for (const sample of samples) {
      const known = this.#samples.get(sample.point);
      if (known === undefined || isNewer(sample, known)) this.#samples.set(sample.point, sample);
    }
  }

  of(points?: readonly PointId[]): readonly Sample[] {
    if (points === undefined) return [...this.#samples.values()];
    return points.map((point) => this.#samples.get(point)).filter((sample) => sample !== undefined);
  }
}

const isNewer = (sample: Sample, than: Sample): boolean =>
  sample.time > than.time || (sample.time === than.time && sample.sequence >= than.sequence);
