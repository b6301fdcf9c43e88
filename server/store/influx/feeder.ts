/**
 * Brings what is in the append log to InfluxDB, in order, at its own pace. An outage of any length holds
 * up nothing but this: the log keeps what is not there yet. Writing something twice does no harm, because
 * a sample's identity is its identity there too.
 */
import { backoff } from "../../../core/backoff.ts";
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import { elapsed, milliseconds, seconds } from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import type { EmbeddedStore } from "../embedded-store.ts";
import type { LogEntry } from "../store.ts";
import { type InfluxClient, WRITE_LINES_MAX } from "./client.ts";
import { lineOf } from "./lines.ts";

const ENTRIES_MAX = 200;
/** Small batches gather for so long, so that one write takes many. */
const GATHER = milliseconds(200);
/** How far it has come is kept so often; what came after is written again after a crash. */
const KEEP_EVERY = seconds(5);
const RETRY = { first: milliseconds(250), max: seconds(30), jitter: 0.5 };

export interface FeederParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: InfluxClient;
  readonly spine: EmbeddedStore;
  /** 0 ≤ random() < 1 */
  readonly random: () => number;
}

export class InfluxFeeder {
  readonly #parts: FeederParts;
  #position: number;
  #kept: number;
  #refusedLines = 0;

  constructor(parts: FeederParts) {
    this.#parts = parts;
    this.#position = parts.spine.movedThrough();
    this.#kept = this.#position;
  }

  /** Last position of the log that is in InfluxDB. */
  get position(): number {
    return this.#position;
  }

  /** Lines that InfluxDB refused for what they are; they stay refused. */
  get refusedLines(): number {
    return this.#refusedLines;
  }

  /** Returns when `signal` has aborted and what was under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, spine } = this.#parts;
    let keptAt = clock.monotonic();
    while (!signal.aborted) {
      const entries = await spine.read(this.#position, ENTRIES_MAX);
      const last = entries.at(-1);
      if (last === undefined) {
        await this.#keep();
        await spine.waitBeyond(this.#position, signal);
        await clock.sleep(GATHER, signal);
        continue;
      }
      if (!(await this.#writeAll(entries, signal))) break;
      this.#position = last.position;
      if (elapsed(keptAt, clock.monotonic()) >= KEEP_EVERY) {
        await this.#keep();
        keptAt = clock.monotonic();
      }
    }
    await this.#keep();
  }

  async #keep(): Promise<void> {
    if (this.#position === this.#kept) return;
    await this.#parts.spine.moved(this.#position);
    this.#kept = this.#position;
  }

  /** False when given up because of `signal`. */
  async #writeAll(entries: readonly LogEntry[], signal: AbortSignal): Promise<boolean> {
    const lines = entries.flatMap((entry) => entry.samples.map(lineOf));
    for (let i = 0; i < lines.length; i += WRITE_LINES_MAX) {
      if (!(await this.#write(lines.slice(i, i + WRITE_LINES_MAX), signal))) return false;
    }
    return true;
  }

  async #write(lines: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { clock, log, client, random } = this.#parts;
    let isDown = false;
    for (const wait of backoff({ ...RETRY, random })) {
      try {
        if (!(await finishedUnless(signal, client.write(lines)))) return false;
        if (isDown) log.info("influxdb takes samples again");
        return true;
      } catch (error) {
        if (isRefusedForGood(error)) {
          this.#refusedLines += lines.length;
          log.error("influxdb refused samples", { lines: lines.length, why: wordsOf(error) });
          return true;
        }
        if (!isDown) log.warn("influxdb takes no samples", { why: wordsOf(error) });
        isDown = true;
        if (statusOf(error) === 404) await client.createDatabase();
      }
      await clock.sleep(wait, signal);
      if (signal.aborted) return false;
    }
    return false;
  }
}

/** Waits for `work`, but not beyond the end: a write that hangs must not hold up the shutdown. */
function finishedUnless(signal: AbortSignal, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(false);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    const forget = (): void => signal.removeEventListener("abort", giveUp);
    work.then(() => resolve(true), reject).then(forget, forget);
  });
}

const statusOf = (error: unknown): unknown =>
  error instanceof LamplighterError ? error.fields.status : undefined;

/** InfluxDB has kept the rest of the batch and will never keep these: wrong type, outside retention. */
const isRefusedForGood = (error: unknown): boolean => statusOf(error) === 400;
