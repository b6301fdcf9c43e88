/**
 * What a reader thread knows of the log beyond the chunks: every series' unsealed samples, brought up to
 * date before each query. Begins anew when sealing has moved on.
 */
import { LamplighterError } from "../../../../core/errors.ts";
import type { Database, Statement } from "../../../../platform/sqlite.ts";
import { type Columns, columnsOf, copySample, EMPTY, ordered } from "../columns.ts";
import { type LogColumns, unpackColumns } from "./log-codec.ts";

/** Beyond this the tail would not fit into memory; sealing has then been failing for long. */
export const TAIL_SAMPLES_MAX = 8_000_000;

interface SeriesTail {
  /** Entry number and index in it, two numbers for each sample. */
  readonly places: number[];
  /** The same in order, made when it is asked for. */
  columns: Columns | undefined;
}

export class Tail {
  readonly #selectSealed: Statement;
  readonly #selectAfter: Statement;
  #sealedThrough = 0;
  #readThrough = 0;
  #samples = 0;
  #entries: LogColumns[] = [];
  #series = new Map<number, SeriesTail>();

  constructor(db: Database) {
    this.#selectSealed = db.prepare("SELECT number FROM state WHERE key = 'sealed_through'");
    this.#selectAfter = db.prepare(
      "SELECT position, samples FROM log WHERE position > ? ORDER BY position",
    );
  }

  /** Reads what was stored since, inside the caller's transaction; tells whether sealing has moved on. */
  refresh(): boolean {
    const sealedThrough = Number(this.#selectSealed.get()?.number ?? 0);
    const hasMoved = sealedThrough > this.#sealedThrough;
    if (hasMoved) {
      this.#entries = [];
      this.#samples = 0;
      this.#series = new Map();
      this.#sealedThrough = sealedThrough;
      this.#readThrough = sealedThrough;
    }
    if (this.#samples > TAIL_SAMPLES_MAX) throw tooLong(this.#samples);
    for (const row of this.#selectAfter.iterate(this.#readThrough)) {
      this.#readThrough = Number(row.position);
      if (row.samples instanceof Uint8Array) this.#take(unpackColumns(row.samples));
      if (this.#samples > TAIL_SAMPLES_MAX) throw tooLong(this.#samples);
    }
    return hasMoved;
  }

  /** Unsealed samples of a series in order, each identity once. */
  of(series: number): Columns {
    const tail = this.#series.get(series);
    if (tail === undefined) return EMPTY;
    tail.columns ??= this.#gather(tail.places);
    return tail.columns;
  }

  #take(entry: LogColumns): void {
    const number = this.#entries.push(entry) - 1;
    this.#samples += entry.count;
    for (let i = 0; i < entry.count; i++) {
      const id = entry.series[i] ?? 0;
      let tail = this.#series.get(id);
      if (tail === undefined) {
        tail = { places: [], columns: undefined };
        this.#series.set(id, tail);
      }
      tail.places.push(number, i);
      tail.columns = undefined;
    }
  }

  #gather(places: readonly number[]): Columns {
    const gathered = columnsOf(places.length / 2);
    for (let i = 0; i < gathered.count; i++) {
      const entry = this.#entries[places[2 * i] ?? 0];
      if (entry !== undefined) copySample(entry, places[2 * i + 1] ?? 0, gathered, i);
    }
    return ordered(gathered);
  }
}

const tooLong = (samples: number): LamplighterError =>
  new LamplighterError(
    "OVERLOADED",
    `Charts are not available: ${samples} samples or more wait in the log for the store to take them, ` +
      `${TAIL_SAMPLES_MAX} can be looked through. The log says why the store takes none.`,
  );
