/**
 * When to seal: shortly after every full hour, so that chunks are mostly written once, and whenever many
 * samples wait, so that the tail that readers hold in memory stays small. Rounds follow each other; a
 * failed one is tried again with the next occasion and is reported when that changes.
 */
import type { Clock } from "../../../../core/clock.ts";
import { wordsOf } from "../../../../core/errors.ts";
import { type Duration, hours, milliseconds, seconds } from "../../../../core/time.ts";
import type { Log } from "../../../../platform/log.ts";
import type { SealerCalls } from "../threads/sealer-worker.ts";
import type { WorkerThread } from "../threads/worker-call.ts";
import type { WriterCalls } from "../threads/writer-worker.ts";

/** Sealing begins when so many samples wait, more where there are many points. */
export const SEAL_SAMPLES_MIN = 250_000;
const SEAL_SAMPLES_EACH_POINT = 100;
const SEAL_SAMPLES_MAX = 500_000;
/** Samples of one round, in memory at once. */
const ROUND_SAMPLES_MAX = 250_000;
/** Appends wait while more than this are unsealed and sealing makes progress. */
const UNSEALED_SAMPLES_MAX = 1_500_000;
/** After the full hour, for samples that are a little late. */
const AFTER_THE_HOUR = seconds(60);
const RETRY_AFTER = seconds(30);

export interface SealingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: WorkerThread<WriterCalls>;
  readonly sealer: WorkerThread<SealerCalls>;
  /** The newest sample of every point, packed. */
  readonly latest: () => Uint8Array<ArrayBuffer>;
  readonly points: () => number;
  /** Last durable position of the log. */
  readonly end: () => number;
  /** Instead of the numbers above, for tests. */
  readonly samplesMin?: number;
  /** Samples do not go into chunks but where somebody else brings them. */
  readonly isElsewhere?: boolean;
}

export class Sealing {
  readonly #parts: SealingParts;
  #unsealed: number;
  #running: Promise<void> | undefined;
  /** After a failure, until it is time to try again. */
  #isResting = false;
  #isFailing = false;
  #isClosed = false;
  readonly #cancels = new Set<() => void>();
  #waiting: (() => void)[] = [];

  constructor(parts: SealingParts, unsealed: number) {
    this.#parts = parts;
    this.#unsealed = unsealed;
    this.#isClosed = parts.isElsewhere ?? false;
    if (this.#isClosed) return;
    this.#schedule();
    this.#sealIfMany();
  }

  stored(samples: number): void {
    this.#unsealed += samples;
    this.#sealIfMany();
  }

  /** Undefined when there is room for more unsealed samples, else resolves when there may be. */
  room(): Promise<void> | undefined {
    if (this.#unsealed < UNSEALED_SAMPLES_MAX || this.#running === undefined) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Seals all that is in the log by now. Throws what the sealer throws. */
  async sealAll(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#isClosed) return;
    const work = this.#rounds("all");
    this.#running = work.then(
      () => this.#ended(),
      () => this.#ended(),
    );
    await work;
  }

  /** Somebody else has brought everything up to `through` to where it will be read from. */
  async movedElsewhere(through: number): Promise<void> {
    const latest = this.#parts.latest();
    await this.#parts.writer.call("sealed", { through, latest, months: [] }, [latest.buffer]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    this.#wakeWaiting();
    await this.#running;
  }

  #schedule(): void {
    const sinceHour = this.#parts.clock.now() % hours(1);
    this.#after(milliseconds(hours(1) - sinceHour + AFTER_THE_HOUR), () => {
      this.#start("all");
      this.#schedule();
    });
  }

  #after(wait: Duration, action: () => void): void {
    const cancel = this.#parts.clock.after(wait, () => {
      this.#cancels.delete(cancel);
      action();
    });
    this.#cancels.add(cancel);
  }

  #sealIfMany(): void {
    if (this.#unsealed >= this.#threshold()) this.#start("many");
  }

  #threshold(): number {
    const { samplesMin, points } = this.#parts;
    const min = samplesMin ?? Math.max(SEAL_SAMPLES_MIN, points() * SEAL_SAMPLES_EACH_POINT);
    return Math.min(SEAL_SAMPLES_MAX, min);
  }

  #start(what: "all" | "many"): void {
    const isBusy = this.#running !== undefined || this.#isResting || this.#isClosed;
    if (isBusy || this.#unsealed === 0) return;
    this.#running = this.#rounds(what).then(
      () => this.#worked(),
      (error: unknown) => this.#failed(error),
    );
  }

  #worked(): void {
    if (this.#isFailing) this.#parts.log.info("store sealing works again");
    this.#isFailing = false;
    this.#ended();
  }

  #failed(error: unknown): void {
    if (!this.#isFailing && !this.#isClosed) {
      const fields = { why: wordsOf(error), unsealed: this.#unsealed };
      this.#parts.log.error("store sealing failed", fields);
    }
    this.#isFailing = true;
    this.#isResting = true;
    this.#after(RETRY_AFTER, () => {
      this.#isResting = false;
      this.#sealIfMany();
    });
    this.#ended();
  }

  #ended(): void {
    this.#running = undefined;
    this.#wakeWaiting();
  }

  /** Round after round: until all is sealed that is there now, or until no longer many wait. */
  async #rounds(what: "all" | "many"): Promise<void> {
    const all = this.#parts.end();
    let hasMore = true;
    while (hasMore && !this.#isClosed) {
      const hadSome = await this.#round(what === "all" ? all : this.#parts.end());
      hasMore = hadSome && (what === "all" || this.#unsealed >= this.#threshold());
    }
  }

  /** Whether there was something to seal. */
  async #round(through: number): Promise<boolean> {
    const { sealer, writer, latest, samplesMin } = this.#parts;
    const samplesMax = samplesMin ?? ROUND_SAMPLES_MAX;
    const round = await sealer.call("sealRound", { through, samplesMax });
    if (round.entries === 0) return false;
    for (const why of round.damage) this.#parts.log.error("store chunk set aside", { why });
    const packed = latest();
    const argument = { through: round.through, latest: packed, months: round.months };
    await writer.call("sealed", argument, [packed.buffer]);
    this.#unsealed = Math.max(0, this.#unsealed - round.samples);
    this.#wakeWaiting();
    return true;
  }

  /** Those who wait look again whether there is room. */
  #wakeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
