/**
 * SQLite as both processes use it: write-ahead log, every commit synced to the disk, and per area of a
 * file a schema version that only moves forward. The one place that imports `node:sqlite`.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { LamplighterError, wordsOf } from "../core/errors.ts";

/** How long a second connection waits for a running commit. */
const BUSY_MS_MAX = 5_000;

export type Statement = StatementSync;
export type SqlValue = null | number | bigint | string | Uint8Array;

/** Numbered from 1; each runs once, in order, inside a transaction. Never edit one that was released. */
export type Migrations = readonly string[];

export interface DatabaseOptions {
  readonly file: string;
  readonly readOnly?: boolean;
  /** `durable` syncs every commit (survives power loss); `relaxed` is for what can be made again. */
  readonly commits?: "durable" | "relaxed";
  /** Nobody else may open the file while this one has it; throws DATA_FOLDER_IN_USE. */
  readonly exclusive?: boolean;
  /** Of a file that is new; larger pages waste less behind large blobs. */
  readonly pageBytes?: 4_096 | 8_192 | 16_384;
}

export class Database {
  readonly #db: DatabaseSync;
  readonly file: string;

  private constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.file = file;
  }

  /** Opens or creates the file; throws DATA_FOLDER_UNWRITABLE, DATABASE_TOO_NEW, DATABASE_DAMAGED or DISK_FULL. */
  static open(options: DatabaseOptions): Database {
    const { file, readOnly = false } = options;
    let db: DatabaseSync;
    try {
      if (!readOnly) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      db = new DatabaseSync(file, { readOnly, timeout: options.exclusive ? 0 : BUSY_MS_MAX });
    } catch (error) {
      throw new LamplighterError(
        "DATA_FOLDER_UNWRITABLE",
        `Cannot open ${file}: ${wordsOf(error)}. Make the folder writable for this user, or choose another data folder.`,
        { cause: error, fields: { file } },
      );
    }
    try {
      if (options.exclusive) db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
      if (!readOnly) db.exec(`PRAGMA page_size = ${options.pageBytes ?? 4_096}`);
      if (!readOnly) db.exec("PRAGMA journal_mode = WAL");
      db.exec(`PRAGMA synchronous = ${options.commits === "relaxed" ? "NORMAL" : "FULL"}`);
      db.exec("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
      if (!readOnly) {
        db.exec(
          "CREATE TABLE IF NOT EXISTS schema_version (area TEXT PRIMARY KEY, version INTEGER)",
        );
      }
      return new Database(db, file);
    } catch (error) {
      db.close();
      if (error instanceof LamplighterError) throw error;
      if (wordsOf(error).includes("locked")) {
        throw new LamplighterError(
          "DATA_FOLDER_IN_USE",
          `${dirname(file)} is in use by another running process. Stop that one first, or give this one a data folder of its own.`,
          { cause: error, fields: { file } },
        );
      }
      if (wordsOf(error).includes("disk is full")) {
        throw new LamplighterError(
          "DISK_FULL",
          `Cannot write ${file}: the disk is full. Free space on it, or choose a data folder on another disk.`,
          { cause: error, fields: { file } },
        );
      }
      throw new LamplighterError(
        "DATABASE_DAMAGED",
        `${file} cannot be read as a database: ${wordsOf(error)}. Restore it from a backup, or move it aside to begin anew.`,
        { cause: error, fields: { file } },
      );
    }
  }

  prepare(sql: string): Statement {
    return this.#db.prepare(sql);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Runs `work` in one transaction: all of it is durable when this returns, or none of it happened. */
  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** Brings one area's tables up to date; areas share a file and move forward each by itself. */
  migrate(area: string, migrations: Migrations): void {
    const row = this.#db.prepare("SELECT version FROM schema_version WHERE area = ?").get(area);
    const current = Number(row?.version ?? 0);
    if (current > migrations.length) {
      throw new LamplighterError(
        "DATABASE_TOO_NEW",
        `${this.file} has version ${current} of "${area}", this program knows up to ${migrations.length}. Start the newer Lamplighter that wrote it.`,
        { fields: { file: this.file, area } },
      );
    }
    const remember = this.#db.prepare("INSERT OR REPLACE INTO schema_version VALUES (?, ?)");
    migrations.slice(current).forEach((sql, i) => {
      this.transaction(() => {
        this.#db.exec(sql);
        remember.run(area, current + i + 1);
      });
    });
  }
}
