/**
 * Pure: the safety freeze. While a combustible gas point of this gateway shows 25 %LEL or more, nothing in
 * its space is switched from here, on and off alike: a switch is a spark. The server refuses as well;
 * this is the second line, for when the server has not seen the gas yet.
 *
 * A sensor that goes silent, faulty or over range does not lift a freeze: loss is no proof of clean air.
 */
import type { CataloguePoint } from "../../core/catalogue.ts";
import type { PointId, SpaceId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";

/** The first alarm of GB 15322 detectors, and of the shipped rule. */
export const FREEZE_FROM_PERCENT_LEL = 25;

export interface GasPoint {
  readonly point: PointId;
  readonly space: SpaceId;
}

/** Gas points measured in %LEL, and gas alarm contacts (any state but 0). */
export const isGasPoint = (point: CataloguePoint): boolean =>
  point.hazard === "combustibleGas" && (point.unit === "%{LEL}" || point.kind === "state");

export type GasVerdict = "dangerous" | "clear" | "unchanged";

export function judgeGas(isState: boolean, sample: Sample): GasVerdict {
  if (sample.quality === "bad") return sample.reason === "outOfRange" ? "dangerous" : "unchanged";
  if (typeof sample.value !== "number") return "unchanged";
  const isDangerous = isState ? sample.value !== 0 : sample.value >= FREEZE_FROM_PERCENT_LEL;
  return isDangerous ? "dangerous" : "clear";
}

/** Which spaces are frozen, and by which point. */
export class Freeze {
  readonly #points: ReadonlyMap<PointId, GasPoint & { readonly isState: boolean }>;
  readonly #dangerous = new Map<PointId, SpaceId>();

  constructor(points: readonly (GasPoint & { readonly isState: boolean })[]) {
    this.#points = new Map(points.map((point) => [point.point, point]));
  }

  /** Fed with every sample, also those the pipeline does not pass on. */
  note(sample: Sample): void {
    const point = this.#points.get(sample.point);
    if (point === undefined) return;
    const verdict = judgeGas(point.isState, sample);
    if (verdict === "dangerous") this.#dangerous.set(point.point, point.space);
    else if (verdict === "clear") this.#dangerous.delete(point.point);
  }

  /** The gas point that freezes this space, if any. */
  frozenBy(space: SpaceId): PointId | undefined {
    for (const [point, frozen] of this.#dangerous) if (frozen === space) return point;
    return undefined;
  }
}
