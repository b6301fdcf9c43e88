/**
 * Moves what can be read of a damaged buffer to a new file. Epoch and numbers stay, so that the server
 * stores nothing twice; batches that cannot be read go over as empty ones. Without its account of lanes a
 * file says nothing reliable, and the new one begins anew.
 */
import { Database } from "../../platform/sqlite.ts";
import { isDamage } from "./disk-tables.ts";

export interface Salvaged {
  readonly batches: number;
  readonly isComplete: boolean;
}

const NOTHING: Salvaged = { batches: 0, isComplete: false };

export function salvage(files: { readonly from: string; readonly to: string }): Salvaged {
  const to = Database.open({ file: files.to, commits: "durable" });
  let from: Database | undefined;
  try {
    from = Database.open({ file: files.from, readOnly: true });
    return copy(from, to);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return NOTHING;
  } finally {
    from?.close();
    to.close();
  }
}

function copy(from: Database, to: Database): Salvaged {
  const epoch = from.prepare("SELECT epoch FROM buffer").get()?.epoch;
  const lanes = from.prepare("SELECT lane, last, stored, base FROM lane").all();
  if (typeof epoch !== "string" || lanes.length !== 3) return NOTHING;
  return to.transaction(() => {
    const insert = to.prepare("INSERT OR IGNORE INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)");
    let batches = 0;
    const take = (order: "ASC" | "DESC"): boolean => {
      try {
        for (const row of from.prepare(`SELECT * FROM batch ORDER BY id ${order}`).iterate()) {
          const { id, precious, time, samples, bytes, body, crc } = row;
          const values = [id, precious, time, samples, bytes, body, crc].map(
            (value) => value ?? null,
          );
          const { changes } = insert.run(...values);
          // From the other end, what is met again was taken from this one.
          if (changes === 0) return true;
          batches++;
        }
        return true;
      } catch (error) {
        if (!isDamage(error)) throw error;
        return false;
      }
    };
    const isComplete = take("ASC") || (take("DESC") && false);
    to.prepare("UPDATE buffer SET epoch = ?").run(epoch);
    for (const { lane, last, stored, base } of lanes) {
      const values = [last, stored, base].map(Number);
      to.prepare("UPDATE lane SET last = ?, stored = ?, base = ? WHERE lane = ?").run(
        ...values,
        Number(lane),
      );
    }
    recount(to);
    return { batches, isComplete };
  });
}

/** The accounts of bytes and samples, from the rows that are there. */
function recount(to: Database): void {
  const range = "id > lane * 70368744177664 AND id <= (lane + 1) * 70368744177664";
  const waiting = `${range} AND id > lane * 70368744177664 + stored`;
  to.exec(`UPDATE lane SET
    bytes = (SELECT ifnull(sum(bytes), 0) FROM batch WHERE ${range}),
    waiting_bytes = (SELECT ifnull(sum(bytes), 0) FROM batch WHERE ${waiting}),
    waiting_samples = (SELECT ifnull(sum(samples), 0) FROM batch WHERE ${waiting})`);
}
