/**
 * Batches between the socket and the store: bounded in bytes, hazards first. What does not fit is not
 * kept; its sender hears which number is expected next and sends again.
 */
import { LANES, type Lane } from "../../core/batch.ts";
import type { GatewayId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";

export const QUEUE_BYTES_MAX = 32 * 1024 * 1024;
/** Kept free for hazards when the rest is full. */
export const QUEUE_HAZARD_BYTES = 4 * 1024 * 1024;
/** Batches handed to the store together: they share its commits. */
export const TAKE_BATCHES_MAX = 64;
export const TAKE_BYTES_MAX = 512 * 1024;

export interface ReceivedBatch {
  readonly gateway: GatewayId;
  readonly lane: Lane;
  readonly payload: Uint8Array;
  readonly receivedAt: Instant;
}

export class IngestQueue {
  readonly #lanes: Record<Lane, ReceivedBatch[]> = { hazard: [], live: [], backfill: [] };
  #bytes = 0;
  #wake: (() => void) | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  /** False when there is no room. */
  push(batch: ReceivedBatch): boolean {
    const limit = batch.lane === "hazard" ? QUEUE_BYTES_MAX + QUEUE_HAZARD_BYTES : QUEUE_BYTES_MAX;
    if (this.#bytes + batch.payload.length > limit) return false;
    this.#lanes[batch.lane].push(batch);
    this.#bytes += batch.payload.length;
    this.#wake?.();
    return true;
  }

  /** The oldest batches of the first lane that has something: at least one, few enough that a hazard
   * never waits long for them. */
  take(): readonly ReceivedBatch[] {
    const queue = LANES.map((name) => this.#lanes[name]).find((lane) => lane.length > 0);
    if (queue === undefined) return [];
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < TAKE_BATCHES_MAX && bytes < TAKE_BYTES_MAX) {
      bytes += queue[count]?.payload.length ?? 0;
      count++;
    }
    this.#bytes -= bytes;
    return queue.splice(0, count);
  }

  /** Resolves when there is something, or the signal aborts. */
  async waiting(signal: AbortSignal): Promise<void> {
    if (signal.aborted || LANES.some((lane) => this.#lanes[lane].length > 0)) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
