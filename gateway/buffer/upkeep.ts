/** Keeps the buffer within its limits, a little at a time, and says when it fills up. */
import { LANES } from "../../core/batch.ts";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import { seconds } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { SampleBuffer } from "./buffer.ts";
import { type FillLevel, fillLevel } from "./fill-level.ts";

const UPKEEP_EVERY = seconds(1);
/** Trimming steps in one turn; more waits for the next. */
const TRIM_STEPS_MAX = 20;

export class BufferUpkeep {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #buffer: SampleBuffer;
  #level: FillLevel = "normal";
  #isFailing = false;

  constructor(clock: Clock, log: Log, buffer: SampleBuffer) {
    this.#clock = clock;
    this.#log = log;
    this.#buffer = buffer;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#trim();
      this.#sayLevel();
      await this.#clock.sleep(UPKEEP_EVERY, signal);
    }
  }

  /** A full disk refuses deletions as well; the next turn tries again. */
  #trim(): void {
    try {
      for (let i = 0; i < TRIM_STEPS_MAX && this.#buffer.trim(this.#clock.now()); i++);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.error("buffer cannot be trimmed", { why: wordsOf(error) });
      this.#isFailing = true;
    }
  }

  #sayLevel(): void {
    const { waitingBytes, bytesMax } = this.#waiting();
    const level = fillLevel(waitingBytes / bytesMax, this.#level);
    if (level === this.#level) return;
    this.#level = level;
    const fields = { level, waitingBytes, bytesMax };
    if (level === "normal") this.#log.info("buffer has room again", fields);
    else if (level === "warning") this.#log.warn("buffer fills up", fields);
    else this.#log.error("buffer is almost full, the oldest back-fill goes next", fields);
  }

  #waiting(): { readonly waitingBytes: number; readonly bytesMax: number } {
    const { bytesMax } = this.#buffer.size();
    const lanes = LANES.map((lane) => this.#buffer.lane(lane).waitingBytes);
    return { waitingBytes: lanes.reduce((sum, bytes) => sum + bytes, 0), bytesMax };
  }
}
