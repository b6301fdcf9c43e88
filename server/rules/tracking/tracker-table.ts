/** What the rules keep over a restart: their position in the log and every state that is not quiet. */
import type { Database, Statement } from "../../../platform/sqlite.ts";
import type { SavedState, Tracker } from "./tracker.ts";

const MIGRATIONS = [
  `CREATE TABLE rule_position (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL)
     STRICT;
   CREATE TABLE rule_state (
     rule TEXT NOT NULL, point TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (rule, point))
     STRICT, WITHOUT ROWID;`,
];

export class TrackerTable {
  readonly #getPosition: Statement;
  readonly #putPosition: Statement;
  readonly #states: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;

  constructor(db: Database) {
    db.migrate("rules", MIGRATIONS);
    this.#getPosition = db.prepare("SELECT position FROM rule_position");
    this.#putPosition = db.prepare("INSERT OR REPLACE INTO rule_position VALUES (1, ?)");
    this.#states = db.prepare("SELECT rule, point, body FROM rule_state");
    this.#put = db.prepare("INSERT OR REPLACE INTO rule_state VALUES (?, ?, ?)");
    this.#delete = db.prepare("DELETE FROM rule_state WHERE rule = ? AND point = ?");
  }

  /** Undefined on the very first start. */
  position(): number | undefined {
    const row = this.#getPosition.get();
    return row === undefined ? undefined : Number(row.position);
  }

  putPosition(position: number): void {
    this.#putPosition.run(position);
  }

  /** By rule and point, as `stateKey` joins them. */
  states(): ReadonlyMap<string, SavedState> {
    const states = new Map<string, SavedState>();
    for (const row of this.#states.all()) {
      // Written by `put` below; only this program writes the file.
      const body = JSON.parse(String(row.body)) as SavedState;
      states.set(stateKey(String(row.rule), String(row.point)), body);
    }
    return states;
  }

  put(tracker: Tracker): void {
    const saved = tracker.save();
    const { rule, point } = tracker;
    if (saved === undefined) this.#delete.run(rule.id, point.point);
    else this.#put.run(rule.id, point.point, JSON.stringify(saved));
  }
}

export const stateKey = (rule: string, point: string): string => `${rule}\n${point}`;
