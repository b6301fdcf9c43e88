/**
 * What must survive a restart of the gateway: which commands were already executed, so that none is
 * executed twice, and who holds each output until when.
 */
import type { CommandMessage, CommandReply, Priority } from "../../core/command.ts";
import { type CommandId, commandId, type PointId } from "../../core/ids.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { Hold, Holders } from "./holders.ts";

/** Older commands are forgotten: their time to live ended long ago. */
export const COMMANDS_KEPT_MAX = 100_000;

const MIGRATIONS = [
  `CREATE TABLE command (
     seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, point TEXT NOT NULL, value REAL NOT NULL,
     reply TEXT) STRICT;
   CREATE TABLE holder (
     point TEXT NOT NULL, priority TEXT NOT NULL, value REAL NOT NULL, command TEXT NOT NULL,
     until INTEGER, PRIMARY KEY (point, priority)) STRICT, WITHOUT ROWID;`,
];

/** `reply` is absent while it is being executed. */
export interface JournalEntry {
  readonly id: CommandId;
  readonly point: PointId;
  readonly value: number;
  readonly reply?: CommandReply;
}

export class Journal {
  readonly #db: Database;

  constructor(database: Database) {
    this.#db = database;
    database.migrate("commands", MIGRATIONS);
  }

  find(id: CommandId): JournalEntry | undefined {
    const row = this.#db.prepare("SELECT * FROM command WHERE id = ?").get(id);
    return row === undefined ? undefined : entryOf(row);
  }

  /** Durable before anything is written to a device. */
  begin(message: Pick<CommandMessage, "id" | "point" | "value">): void {
    const { id, point, value } = message;
    this.#db.transaction(() => {
      const insert = "INSERT OR IGNORE INTO command (id, point, value) VALUES (?, ?, ?)";
      const { lastInsertRowid } = this.#db.prepare(insert).run(id, point, value);
      const oldest = Number(lastInsertRowid) - COMMANDS_KEPT_MAX;
      this.#db.prepare("DELETE FROM command WHERE seq <= ? AND reply IS NOT NULL").run(oldest);
    });
  }

  end(reply: CommandReply): void {
    const text = JSON.stringify(reply);
    this.#db.prepare("UPDATE command SET reply = ? WHERE id = ?").run(text, reply.id);
  }

  /** Commands that a crash interrupted. */
  unfinished(): readonly JournalEntry[] {
    return this.#db.prepare("SELECT * FROM command WHERE reply IS NULL").all().map(entryOf);
  }

  saveHolders(point: PointId, holders: Holders): void {
    this.#db.transaction(() => {
      this.#db.prepare("DELETE FROM holder WHERE point = ?").run(point);
      const insert = this.#db.prepare("INSERT INTO holder VALUES (?, ?, ?, ?, ?)");
      for (const { priority, value, command, until } of holders) {
        insert.run(point, priority, value, command, until === undefined ? null : Math.round(until));
      }
    });
  }

  holders(): ReadonlyMap<PointId, Holders> {
    const found = new Map<PointId, Hold[]>();
    for (const row of this.#db.prepare("SELECT * FROM holder").all()) {
      const point = String(row.point) as PointId;
      const hold: Hold = {
        command: commandId(String(row.command)),
        value: Number(row.value),
        priority: String(row.priority) as Priority,
        ...(row.until === null ? {} : { until: instant(Number(row.until)) as Instant }),
      };
      found.set(point, [...(found.get(point) ?? []), hold]);
    }
    return found;
  }

  close(): void {
    this.#db.close();
  }
}

function entryOf(row: Record<string, unknown>): JournalEntry {
  const base = {
    id: commandId(String(row.id)),
    point: String(row.point) as PointId,
    value: Number(row.value),
  };
  if (typeof row.reply !== "string") return base;
  // Our own writing, read back from our own file.
  return { ...base, reply: JSON.parse(row.reply) as CommandReply };
}
