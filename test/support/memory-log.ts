/** A sample log in memory, with the parts of the real one's contract that readers rely on. */
import type { Lane } from "../../core/batch.ts";
import { gatewayId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import type { Instant } from "../../core/time.ts";
import type { LogEntry, SampleLog } from "../../server/store/store.ts";

export class MemoryLog implements Pick<SampleLog, "read" | "waitBeyond" | "end" | "release"> {
  readonly #entries: LogEntry[] = [];
  readonly released = new Map<string, number>();
  #wakes: (() => void)[] = [];

  store(receivedAt: Instant, samples: readonly Sample[], lane: Lane = "live"): number {
    const position = this.#entries.length + 1;
    const origin = { gateway: gatewayId("g1"), epoch: "e1", lane, number: position };
    this.#entries.push({ position, origin, receivedAt, samples });
    for (const wake of this.#wakes.splice(0)) wake();
    return position;
  }

  async read(position: number, entriesMax: number): Promise<readonly LogEntry[]> {
    return this.#entries.slice(position, position + entriesMax);
  }

  waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    if (this.end() > position || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakes.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  end(): number {
    return this.#entries.length;
  }

  async release(reader: string, position: number): Promise<void> {
    this.released.set(reader, position);
  }
}
