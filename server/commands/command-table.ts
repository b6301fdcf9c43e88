/** Commands in the records database; each row is the typed command as it was written. */

import { isEnded } from "../../core/command.ts";
import type { CommandId, PointId, SpaceId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import type { Database, SqlValue, Statement } from "../../platform/sqlite.ts";
import type { Command } from "./command.ts";

const MIGRATIONS = [
  `CREATE TABLE command (
     id TEXT PRIMARY KEY, point TEXT NOT NULL, space TEXT NOT NULL, state TEXT NOT NULL,
     ended INTEGER NOT NULL, by TEXT NOT NULL, key TEXT, submitted_ms INTEGER NOT NULL,
     lease_ends_ms INTEGER, body TEXT NOT NULL) STRICT;
   CREATE INDEX command_ended ON command (ended, submitted_ms);
   CREATE INDEX command_submitted ON command (submitted_ms);
   CREATE INDEX command_point ON command (point, submitted_ms);
   CREATE INDEX command_lease ON command (lease_ends_ms) WHERE lease_ends_ms IS NOT NULL;
   CREATE UNIQUE INDEX command_key ON command (by, key) WHERE key IS NOT NULL;`,
];

export interface CommandQuery {
  readonly point?: PointId;
  readonly spaces?: ReadonlySet<SpaceId>;
  readonly limit?: number;
}

export class CommandTable {
  readonly #db: Database;
  readonly #put: Statement;
  readonly #get: Statement;
  readonly #byKey: Statement;

  constructor(db: Database) {
    db.migrate("commands", MIGRATIONS);
    this.#db = db;
    this.#put = db.prepare(
      `INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended = excluded.ended,
         lease_ends_ms = excluded.lease_ends_ms, body = excluded.body`,
    );
    this.#get = db.prepare("SELECT body FROM command WHERE id = ?");
    this.#byKey = db.prepare("SELECT body FROM command WHERE by = ? AND key = ?");
  }

  /** Durable when it returns, or with the transaction it is called in. */
  put(command: Command): void {
    this.#put.run(
      command.id,
      command.point,
      command.space,
      command.state,
      isEnded(command.state) ? 1 : 0,
      command.by,
      command.idempotencyKey ?? null,
      command.submittedAt,
      command.leaseEnds ?? null,
      JSON.stringify(command),
    );
  }

  get(id: CommandId): Command | undefined {
    return commandOf(this.#get.get(id));
  }

  byKey(by: string, key: string): Command | undefined {
    return commandOf(this.#byKey.get(by, key));
  }

  /** Those whose life has not ended, oldest first. */
  running(): readonly Command[] {
    return this.#many("WHERE ended = 0 ORDER BY submitted_ms, rowid", []);
  }

  /** Those that may still hold their output, oldest first. */
  holding(now: Instant): readonly Command[] {
    return this.#many("WHERE lease_ends_ms > ? ORDER BY submitted_ms, rowid", [now]);
  }

  /** Newest first. */
  list(query: CommandQuery, limit: number): readonly Command[] {
    const where: string[] = [];
    const values: SqlValue[] = [];
    if (query.point !== undefined) {
      where.push("point = ?");
      values.push(query.point);
    }
    if (query.spaces !== undefined) {
      where.push("space IN (SELECT value FROM json_each(?))");
      values.push(JSON.stringify([...query.spaces]));
    }
    const filter = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
    const order = "ORDER BY submitted_ms DESC, rowid DESC LIMIT ?";
    return this.#many(`${filter} ${order}`, [...values, limit]);
  }

  #many(rest: string, values: readonly SqlValue[]): readonly Command[] {
    const rows = this.#db.prepare(`SELECT body FROM command ${rest}`).all(...values);
    return rows.flatMap((row) => commandOf(row) ?? []);
  }
}

function commandOf(row: Record<string, unknown> | undefined): Command | undefined {
  // Written by `put` above; only this program writes the file.
  return row === undefined ? undefined : (JSON.parse(String(row.body)) as Command);
}
