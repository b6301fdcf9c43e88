/** How far each lane is stored, in memory, so that a greeting is answered without asking the disk. */
import type { BatchOrigin } from "../../core/batch.ts";
import type { LaneState } from "../store/store.ts";

type LaneKey = Pick<BatchOrigin, "gateway" | "epoch" | "lane">;

export class LaneBook {
  readonly #storedThrough: Map<string, number>;

  constructor(lanes: readonly LaneState[]) {
    this.#storedThrough = new Map(lanes.map((lane) => [keyOf(lane), lane.storedThrough]));
  }

  storedThrough(lane: LaneKey): number {
    return this.#storedThrough.get(keyOf(lane)) ?? 0;
  }

  set(lane: LaneKey, storedThrough: number): void {
    this.#storedThrough.set(keyOf(lane), storedThrough);
  }
}

const keyOf = ({ gateway, epoch, lane }: LaneKey): string => `${gateway} ${epoch} ${lane}`;
