/**
 * The newest entries of the log in memory, so that readers who keep up never wait for the disk, and those
 * who wait for the next entry.
 */
import type { LogEntry } from "../../store.ts";

/** Samples kept; readers further behind read from the disk. */
export const RECENT_SAMPLES_MAX = 50_000;

export class RecentEntries {
  #entries: LogEntry[] = [];
  #samples = 0;
  #end: number;
  #waiting = new Set<{ readonly position: number; readonly wake: () => void }>();
  #isClosed = false;

  constructor(end: number) {
    this.#end = end;
  }

  get end(): number {
    return this.#end;
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#samples += entry.samples.length;
    this.#end = entry.position;
    let drop = 0;
    while (this.#samples > RECENT_SAMPLES_MAX && drop < this.#entries.length - 1) {
      this.#samples -= this.#entries[drop]?.samples.length ?? 0;
      drop += 1;
    }
    if (drop > 0) this.#entries = this.#entries.slice(drop);
    for (const waiter of this.#waiting) if (waiter.position < this.#end) waiter.wake();
  }

  /** Undefined when the disk must be asked. */
  after(position: number, entriesMax: number): readonly LogEntry[] | undefined {
    if (position >= this.#end) return [];
    const first = this.#entries[0]?.position;
    if (first === undefined || position + 1 < first) return undefined;
    const start = position + 1 - first;
    return this.#entries.slice(start, start + entriesMax);
  }

  /** Also resolves when `signal` aborts or the store closes. */
  waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    if (position < this.#end || signal.aborted || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const waiter = { position, wake };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiting) waiter.wake();
  }
}
