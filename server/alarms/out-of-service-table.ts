/** Points out of service in the records database; a row per point, gone when it is back. */
import type { PointId } from "../../core/ids.ts";
import type { Database, Statement } from "../../platform/sqlite.ts";
import type { OutOfService } from "./out-of-service.ts";

const MIGRATIONS = [
  "CREATE TABLE out_of_service (point TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;",
];

export class OutOfServiceTable {
  readonly #all: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;

  constructor(db: Database) {
    db.migrate("out of service", MIGRATIONS);
    this.#all = db.prepare("SELECT body FROM out_of_service");
    this.#put = db.prepare("INSERT OR REPLACE INTO out_of_service VALUES (?, ?)");
    this.#delete = db.prepare("DELETE FROM out_of_service WHERE point = ?");
  }

  all(): readonly OutOfService[] {
    // Written by `put` below; only this program writes the file.
    return this.#all.all().map((row) => JSON.parse(String(row.body)) as OutOfService);
  }

  put(entry: OutOfService): void {
    this.#put.run(entry.point, JSON.stringify(entry));
  }

  delete(point: PointId): void {
    this.#delete.run(point);
  }
}
