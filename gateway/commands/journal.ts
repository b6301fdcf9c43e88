/**
 * What must survive a restart of the gateway: which commands were already executed, so that none is
 * executed twice, and who holds each output until when.
 */
import { type CommandMessage, type CommandReply, PRIORITIES, rankOf } from "../../core/command.ts";
import { type CommandId, commandId, type PointId, parsePointId } from "../../core/ids.ts";
import { instant } from "../../core/time.ts";
import { parseCommandReply } from "../../core/uplink.ts";
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
  /** As the command named it, known here or not. */
  readonly point: string;
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
      const point = parsePointId(String(row.point));
      const priority = PRIORITIES.find((name) => name === row.priority);
      if (!point.ok || priority === undefined) continue;
      const hold: Hold = {
        command: commandId(String(row.command)),
        value: Number(row.value),
        priority,
        ...(row.until === null ? {} : { until: instant(Number(row.until)) }),
      };
      const holders = [...(found.get(point.value) ?? []), hold];
      found.set(
        point.value,
        holders.sort((a, b) => rankOf(a.priority) - rankOf(b.priority)),
      );
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
    point: String(row.point),
    value: Number(row.value),
  };
  if (typeof row.reply !== "string") return base;
  const reply = parseCommandReply(row.reply);
  return reply.ok ? { ...base, reply: reply.value } : base;
}
