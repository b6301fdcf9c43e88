/**
 * Claims a data folder for one process. The claim is a lock the operating system drops with the process,
 * so a kill never leaves a stale one behind.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { Database } from "./sqlite.ts";

export interface ClaimedFolder {
  readonly path: string;
  release(): void;
}

/** Throws DATA_FOLDER_IN_USE or DATA_FOLDER_UNWRITABLE. */
export function claimDataFolder(path: string): ClaimedFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LamplighterError(
      "DATA_FOLDER_UNWRITABLE",
      `Cannot make the data folder ${path}: ${wordsOf(error)}. Choose another with --data, or give this user the right to write there.`,
      { cause: error, fields: { path } },
    );
  }
  const lock = Database.open({
    file: join(path, "lock.sqlite"),
    commits: "relaxed",
    exclusive: true,
  });
  return { path, release: () => lock.close() };
}
