/**
 * Points and the numbers that stand for them in the files. New numbers are given here and are durable with
 * the commit that first uses them; until then they travel with every commit.
 */
import { LamplighterError } from "../../../../core/errors.ts";
import type { PointId } from "../../../../core/ids.ts";

/** Points a store can ever have; more are refused with OVERLOADED. */
export const SERIES_MAX = 1_000_000;

export class SeriesNames {
  readonly #points: PointId[];
  readonly #ids = new Map<PointId, number>();
  #durable: number;

  /** `points` in the order of their numbers, which count from 1. */
  constructor(points: readonly string[]) {
    this.#points = points.map((point) => point as PointId);
    this.#points.forEach((point, i) => {
      this.#ids.set(point, i + 1);
    });
    this.#durable = points.length;
  }

  get count(): number {
    return this.#points.length;
  }

  idOf(point: PointId): number | undefined {
    return this.#ids.get(point);
  }

  idFor(point: PointId): number {
    const known = this.#ids.get(point);
    if (known !== undefined) return known;
    if (this.#points.length >= SERIES_MAX) {
      throw new LamplighterError(
        "OVERLOADED",
        `The store has ${SERIES_MAX} points already; ${point} cannot be added.`,
      );
    }
    const id = this.#points.push(point);
    this.#ids.set(point, id);
    return id;
  }

  pointOf(id: number): PointId {
    const point = this.#points[id - 1];
    if (point === undefined) {
      throw new LamplighterError(
        "DATABASE_DAMAGED",
        `The log names series ${id}, which has no point. Restore the store from a backup.`,
      );
    }
    return point;
  }

  /** Names that are not durable yet, and how many there will be when they are. */
  unsaved(): { readonly names: readonly (readonly [number, string])[]; readonly count: number } {
    const names = this.#points
      .slice(this.#durable)
      .map((point, i) => [this.#durable + i + 1, point] as const);
    return { names, count: this.#points.length };
  }

  saved(count: number): void {
    this.#durable = Math.max(this.#durable, count);
  }
}
