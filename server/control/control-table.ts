/** What policies did, or would have done, for the record; a command's own life is with the command. */
import {
  type CommandId,
  commandId,
  type PointId,
  type RuleId,
  ruleId,
  type SpaceId,
  spaceId,
} from "../../core/ids.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { Database, Statement } from "../../platform/sqlite.ts";
import type { PolicyMode } from "../rules/rule.ts";

const MIGRATIONS = [
  `CREATE TABLE control_action (
     number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, policy TEXT NOT NULL, space TEXT NOT NULL,
     point TEXT NOT NULL, value REAL NOT NULL, mode TEXT NOT NULL, command TEXT,
     empty_since_ms INTEGER) STRICT;
   CREATE INDEX control_action_at ON control_action (at_ms);`,
];

/** Older actions are forgotten; the commands they led to are kept. */
export const ACTIONS_KEPT_MAX = 1_000_000;

export interface ControlAction {
  readonly at: Instant;
  readonly policy: RuleId;
  readonly space: SpaceId;
  readonly point: PointId;
  readonly value: number;
  readonly mode: PolicyMode;
  /** Whose life says whether it was done. Absent when nothing was sent. */
  readonly command?: CommandId;
  readonly emptySince?: Instant;
}

export class ControlTable {
  readonly #put: Statement;
  readonly #forget: Statement;
  readonly #list: Statement;

  constructor(db: Database) {
    db.migrate("control", MIGRATIONS);
    this.#put = db.prepare(
      `INSERT INTO control_action (at_ms, policy, space, point, value, mode, command, empty_since_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#forget = db.prepare("DELETE FROM control_action WHERE number <= ?");
    this.#list = db.prepare("SELECT * FROM control_action ORDER BY number DESC LIMIT ?");
  }

  put(action: ControlAction): void {
    const { at, policy, space, point, value, mode, command, emptySince } = action;
    const written = [at, policy, space, point, value, mode, command ?? null, emptySince ?? null];
    const { lastInsertRowid } = this.#put.run(...written);
    this.#forget.run(Number(lastInsertRowid) - ACTIONS_KEPT_MAX);
  }

  /** Newest first. */
  list(limit: number): readonly ControlAction[] {
    return this.#list.all(limit).map((row) => ({
      at: instant(Number(row.at_ms)),
      policy: ruleId(String(row.policy)),
      space: spaceId(String(row.space)),
      point: String(row.point) as PointId,
      value: Number(row.value),
      mode: String(row.mode) as PolicyMode,
      ...(row.command === null ? {} : { command: commandId(String(row.command)) }),
      ...(row.empty_since_ms === null ? {} : { emptySince: instant(Number(row.empty_since_ms)) }),
    }));
  }
}
