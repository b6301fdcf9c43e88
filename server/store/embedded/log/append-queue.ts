/**
 * Group commit: requests that come while a commit runs wait and share the next one, so that a slow disk
 * makes commits larger instead of queues longer.
 */
import { LamplighterError } from "../../../../core/errors.ts";
import type { AppendOutcome, AppendRequest, LogEntry } from "../../store.ts";
import type { WorkerThread } from "../threads/worker-call.ts";
import type { WriterCalls } from "../threads/writer-worker.ts";
import { packSamples } from "./log-codec.ts";
import type { PackedOutcome, PackedRequest } from "./log-tables.ts";
import type { SeriesNames } from "./series-names.ts";

/** Samples of one request; more are refused with BATCH_TOO_LARGE. */
export const APPEND_SAMPLES_MAX = 100_000;
/** Samples waiting for a commit; more are refused with OVERLOADED. */
export const APPEND_WAITING_SAMPLES_MAX = 1_000_000;
/** Requests waiting for a commit; more are refused with OVERLOADED. */
export const APPEND_WAITING_REQUESTS_MAX = 10_000;
/** One commit takes no more, so that the first of many need not wait for all. */
const COMMIT_SAMPLES_MAX = 50_000;

interface Waiting {
  readonly request: AppendRequest;
  readonly packed: PackedRequest;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface AppendEvents {
  /** Called in the order of the log, before the request's promise resolves. */
  onStored(entry: LogEntry): void;
  /** What commits wait for when they are too far ahead of the sealing. */
  room(): Promise<void> | undefined;
}

export class AppendQueue {
  readonly #writer: WorkerThread<WriterCalls>;
  readonly #names: SeriesNames;
  readonly #events: AppendEvents;
  #waiting: Waiting[] = [];
  #waitingSamples = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(writer: WorkerThread<WriterCalls>, names: SeriesNames, events: AppendEvents) {
    this.#writer = writer;
    this.#names = names;
    this.#events = events;
  }

  async append(request: AppendRequest): Promise<AppendOutcome> {
    this.#refuseTooMuch(request.samples.length);
    const { origin, samples, receivedAt, refused } = request;
    const { gateway, epoch, lane, number } = origin;
    const count = samples.length;
    const bytes = packSamples(samples, (point) => this.#names.idFor(point));
    const packed = { gateway, epoch, lane, number, receivedAt, refused, count, samples: bytes };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, packed, resolve, reject });
      this.#waitingSamples += count;
      this.#running ??= this.#run();
    });
  }

  /** Refuses new requests; resolves when those waiting are committed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      for (let room = this.#events.room(); room !== undefined; room = this.#events.room()) {
        await room;
      }
      await this.#commit(this.#takeWaiting());
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { names, count } = this.#names.unsaved();
    const requests = group.map(({ packed }) => packed);
    let outcomes: readonly PackedOutcome[];
    try {
      const buffers = requests.map(({ samples }) => samples.buffer);
      outcomes = await this.#writer.call("commit", { requests, names }, buffers);
      this.#names.saved(count);
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    group.forEach(({ request, resolve }, i) => {
      const outcome = outcomes[i];
      if (outcome?.kind === "stored") {
        const { origin, receivedAt, samples } = request;
        this.#events.onStored({ position: outcome.position, origin, receivedAt, samples });
      }
      if (outcome !== undefined) resolve(outcome);
    });
  }

  #takeWaiting(): readonly Waiting[] {
    let samples = 0;
    let end = 0;
    for (const { packed } of this.#waiting) {
      if (end > 0 && samples + packed.count > COMMIT_SAMPLES_MAX) break;
      samples += packed.count;
      end += 1;
    }
    const group = this.#waiting.slice(0, end);
    this.#waiting = this.#waiting.slice(end);
    this.#waitingSamples -= samples;
    return group;
  }

  #refuseTooMuch(samples: number): void {
    if (this.#isClosed) {
      throw new LamplighterError("OVERLOADED", "The store is closing and takes no more samples.");
    }
    if (samples > APPEND_SAMPLES_MAX) {
      throw new LamplighterError(
        "BATCH_TOO_LARGE",
        `${samples} samples in one request, allowed are ${APPEND_SAMPLES_MAX}. Send them in several.`,
      );
    }
    if (
      this.#waiting.length >= APPEND_WAITING_REQUESTS_MAX ||
      this.#waitingSamples + samples > APPEND_WAITING_SAMPLES_MAX
    ) {
      throw new LamplighterError(
        "OVERLOADED",
        `${this.#waitingSamples} samples wait to be stored already. Try again in a moment.`,
      );
    }
  }
}
