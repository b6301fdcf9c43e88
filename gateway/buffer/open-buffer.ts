/**
 * Opens the buffer's file. One that cannot be read is set aside with its date in its name and a new one
 * begun: a gateway that does not start loses more than a damaged buffer holds.
 */
import { existsSync, renameSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { hasCode, wordsOf } from "../../core/errors.ts";
import { toIso } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { DiskBuffer, type DiskBufferOptions } from "./disk-buffer.ts";

export function openDiskBuffer(
  file: string,
  clock: Clock,
  log: Log,
  options: DiskBufferOptions,
): DiskBuffer {
  try {
    return open(file, log, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${file}.damaged-${toIso(clock.now()).replaceAll(":", "")}`;
    for (const end of ["", "-wal", "-shm"]) {
      if (existsSync(file + end)) renameSync(file + end, aside + end);
    }
    log.error("buffer is damaged and set aside", { file, aside, why: wordsOf(error) });
    return open(file, log, options);
  }
}

function open(file: string, log: Log, options: DiskBufferOptions): DiskBuffer {
  const database = Database.open({ file, commits: "durable" });
  try {
    return new DiskBuffer(database, log, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(error: unknown): boolean {
  const code = Reflect.get(Object(error), "errcode");
  return hasCode(error, "DATABASE_DAMAGED") || code === 11 || code === 26;
}
