/**
 * Opens the buffer's file. From one that is damaged, everything that can still be read moves to a new
 * file under the same numbers, and the old one is set aside with its date in its name: a gateway that does
 * not start loses more than a damaged buffer holds.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import { toIso } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { DiskBuffer, type DiskBufferOptions } from "./disk-buffer.ts";
import { isDamage } from "./disk-tables.ts";
import { salvage } from "./salvage.ts";

const FILE_ENDINGS = ["", "-wal", "-shm"] as const;

export function openDiskBuffer(
  file: string,
  clock: Clock,
  log: Log,
  options: DiskBufferOptions,
): DiskBuffer {
  try {
    if (!existsSync(markOf(file))) return open(file, log, options);
    log.warn("buffer was found damaged while running", { file });
  } catch (error) {
    if (!isDamage(error)) throw error;
    log.error("buffer is damaged", { file, why: wordsOf(error) });
  }
  const aside = `${file}.damaged-${toIso(clock.now()).replaceAll(":", "")}`;
  for (const end of FILE_ENDINGS) {
    if (existsSync(file + end)) renameSync(file + end, aside + end);
  }
  open(file, log, options).close();
  const saved = salvage({ from: aside, to: file });
  rmSync(markOf(file), { force: true });
  log.warn("buffer set aside", { file, aside, ...saved });
  return open(file, log, options);
}

/** Remembers for the next start that this file must be gone through. */
export const markDamaged = (file: string): void => writeFileSync(markOf(file), "");

const markOf = (file: string): string => `${file}.suspect`;

function open(file: string, log: Log, options: DiskBufferOptions): DiskBuffer {
  const database = Database.open({ file, commits: "durable" });
  try {
    return new DiskBuffer(database, log, options);
  } catch (error) {
    database.close();
    throw error;
  }
}
