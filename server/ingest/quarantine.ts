/**
 * Samples and batches that could not be kept, with the sentence that says why, for a person to read.
 * Bounded: the oldest go when it is full, and stay counted.
 */
import { type BatchOrigin, LANES, type Lane, type RefusedSample } from "../../core/batch.ts";
import { type GatewayId, gatewayId } from "../../core/ids.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { Database } from "../../platform/sqlite.ts";

export const QUARANTINE_ROWS_MAX = 100_000;
/** Of one sample or of the beginning of a batch that could not be read. */
export const QUARANTINE_CONTENT_CHARACTERS_MAX = 1_000;
/** Index that stands for a whole batch. */
export const WHOLE_BATCH = -1;

export interface QuarantinedSample {
  readonly id: number;
  readonly receivedAt: Instant;
  readonly gateway: GatewayId;
  readonly lane: Lane;
  readonly number: number;
  /** "" when a whole batch was refused. */
  readonly point: string;
  readonly why: string;
  readonly content: string;
}

export interface SetAside extends RefusedSample {
  readonly content: string;
}

export class Quarantine {
  readonly #db: Database;
  #rows: number;

  constructor(database: Database) {
    this.#db = database;
    this.#rows = Number(database.prepare("SELECT count(*) AS n FROM quarantine").get()?.n ?? 0);
  }

  /** Durable when it returns; a batch that is sent again adds nothing. */
  add(origin: BatchOrigin, receivedAt: Instant, samples: readonly SetAside[]): void {
    const insert = this.#db.prepare(
      `INSERT OR IGNORE INTO quarantine
         (received_at, gateway, epoch, lane, number, sample, point, why, content)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const { gateway, epoch, lane, number } = origin;
    this.#db.transaction(() => {
      for (const { index, point, why, content } of samples) {
        const text = content.slice(0, QUARANTINE_CONTENT_CHARACTERS_MAX);
        const values = [receivedAt, gateway, epoch, lane, number, index, point, why, text];
        this.#rows += Number(insert.run(...values).changes);
      }
      if (this.#rows > QUARANTINE_ROWS_MAX) this.#makeRoom();
    });
  }

  /** Newest first. */
  list(options: {
    readonly before?: number;
    readonly limit: number;
  }): readonly QuarantinedSample[] {
    const rows = this.#db
      .prepare("SELECT * FROM quarantine WHERE id < ? ORDER BY id DESC LIMIT ?")
      .all(options.before ?? Number.MAX_SAFE_INTEGER, options.limit);
    return rows.map((row) => ({
      id: Number(row.id),
      receivedAt: instant(Number(row.received_at)),
      gateway: gatewayId(String(row.gateway)),
      lane: LANES.find((lane) => lane === row.lane) ?? "live",
      number: Number(row.number),
      point: String(row.point),
      why: String(row.why),
      content: String(row.content),
    }));
  }

  count(): number {
    return this.#rows;
  }

  #makeRoom(): void {
    const surplus = Math.ceil(QUARANTINE_ROWS_MAX / 10);
    this.#db
      .prepare("DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine ORDER BY id LIMIT ?)")
      .run(surplus);
    this.#rows -= surplus;
  }
}
