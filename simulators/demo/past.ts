/**
 * Writes a year of past energy data behind the live view through the import call of the API, newest
 * month first so that charts fill from today backwards. Interrupted, it goes on where the server says.
 */
import { encodeBatch } from "../../core/batch.ts";
import { wordsOf } from "../../core/errors.ts";
import { parsePointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { days, type Instant, instant, minutes } from "../../core/time.ts";
import type { Campus } from "../world/campus.ts";
import { history, historyPoints } from "../world/history.ts";

/** A batch holds at most 10,000; a row more than this many is not begun. */
const SAMPLES_PER_BATCH = 8_000;
const STEP = minutes(15);
const PART = days(30);
const PARTS = 12;
/** A busy server is asked again after a pause; this often in a row is no pause any more. */
const TRIES_MAX = 20;

export interface PastOptions {
  readonly campus: Campus;
  readonly seed: number;
  /** When the demo was first started; the live data goes on from here. */
  readonly until: Instant;
  readonly address: string;
  readonly token: string;
  readonly onProgress: (doneParts: number, ofParts: number, samples: number) => void;
  readonly pause: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Resolves with the number of samples now stored; rejects when the server keeps refusing. */
export async function importPast(options: PastOptions): Promise<number> {
  let samples = 0;
  for (let part = 0; part < PARTS && !options.signal.aborted; part++) {
    samples += await importPart(options, part);
    options.onProgress(part + 1, PARTS, samples);
  }
  return samples;
}

async function importPart(options: PastOptions, part: number): Promise<number> {
  const { campus, seed, until, signal } = options;
  const to = Math.floor(until / STEP) * STEP - part * PART;
  const points = historyPoints(campus).map(({ point }) => {
    const parsed = parsePointId(point);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
  const epoch = `past-${seed}-${to}`;
  let number = 0;
  let total = 0;
  let storedThrough = 0;
  let samples: Sample[] = [];
  const send = async (): Promise<void> => {
    number += 1;
    total += samples.length;
    const batch = { epoch, lane: "backfill", number, samples } as const;
    samples = [];
    if (number > storedThrough) storedThrough = await post(options, encodeBatch(batch));
  };
  for (const row of history(campus, seed, instant(to - PART), instant(to), STEP)) {
    if (signal.aborted) return total;
    points.forEach((point, i) => {
      const value = row.values[i] ?? 0;
      const base = { point, time: row.time, sequence: 0, timeSource: "device" } as const;
      samples.push({ ...base, quality: "good", value });
    });
    if (samples.length >= SAMPLES_PER_BATCH) await send();
  }
  if (samples.length > 0) await send();
  return total;
}

async function post(options: PastOptions, body: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(`${options.address}api/import/samples`, {
        method: "POST",
        headers: { authorization: `Bearer ${options.token}`, "content-type": "application/json" },
        body,
        signal: options.signal,
      });
      if (response.ok) {
        const answer: unknown = await response.json();
        return storedThroughOf(answer);
      }
      if (response.status < 500 && response.status !== 429) {
        throw new Error(`the server refused past data: ${await response.text()}`);
      }
    } catch (error) {
      if (options.signal.aborted) return Number.MAX_SAFE_INTEGER;
      if (attempt >= TRIES_MAX || wordsOf(error).startsWith("the server refused")) throw error;
    }
    await options.pause();
  }
}

function storedThroughOf(answer: unknown): number {
  if (typeof answer === "object" && answer !== null && "storedThrough" in answer) {
    return Number(answer.storedThrough);
  }
  throw new Error("the server refused past data: an answer without storedThrough");
}
