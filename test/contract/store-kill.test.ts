/** Promise 1 for the embedded store: what it acknowledged survives `kill -9`, and is there exactly once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import type { PointId } from "../../core/ids.ts";
import { days, instant } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { KILL_POINTS, KILL_ZONE, killTime } from "./store-kill-batches.ts";

const ROUNDS = 6;

/** Runs a child from batch `first` on and kills it once it has acknowledged `batches` of them. */
async function runAndKill(folder: string, first: number, batches: number): Promise<number> {
  const file = new URL("./store-kill-child.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [file, folder, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = first - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line);
    if (acknowledged === first - 1 + batches) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return acknowledged;
}

it("keeps what was acknowledged, once, whenever it is killed", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "lamplighter-kill-"));
  try {
    let storedThrough = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const batches = 150 + Math.floor(Math.random() * 500);
      const acknowledged = await runAndKill(folder, storedThrough + 1, batches);
      const store = await openEmbeddedStore({
        folder,
        zone: KILL_ZONE,
        clock: systemClock,
        log: silentLog,
      });
      try {
        storedThrough = await expectWhole(store, acknowledged);
        if (round === ROUNDS - 1) {
          await store.seal();
          expect(await expectWhole(store, acknowledged)).toBe(storedThrough);
        }
      } finally {
        await store.close();
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Every batch up to the last is there once, in every kind of answer; the number of the last. */
async function expectWhole(store: EmbeddedStore, acknowledged: number): Promise<number> {
  const [lane] = await store.lanes();
  const storedThrough = lane?.storedThrough ?? 0;
  expect(storedThrough).toBeGreaterThanOrEqual(acknowledged);
  expect(lane?.samples).toBe(storedThrough * KILL_POINTS.length);
  expect(lane?.refused).toBe(storedThrough);
  const expected = Array.from({ length: storedThrough }, (_, i) => i + 1);
  for (const point of KILL_POINTS) {
    expect((await valuesOf(store, point)).sort((a, b) => a - b)).toEqual(expected);
  }
  const query = { point: KILL_POINTS[0] as PointId, from: killTime(0), to: killTime(1_000_000) };
  const past = { ...query, from: instant(query.from - days(10)), to: instant(query.to) };
  for (const bucket of [
    { kind: "day", zone: KILL_ZONE },
    { kind: "duration", length: days(1) },
  ] as const) {
    const rows = await store.buckets(past, bucket);
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(storedThrough);
  }
  return storedThrough;
}

async function valuesOf(store: EmbeddedStore, point: PointId): Promise<number[]> {
  const query = { point, from: instant(0), to: killTime(1_000_000) };
  const values: number[] = [];
  let after: string | undefined;
  do {
    const page = await store.raw(query, after === undefined ? {} : { after });
    for (const sample of page.samples) {
      values.push(sample.quality === "bad" ? Number.NaN : Number(sample.value));
    }
    after = page.next;
  } while (after !== undefined);
  return values;
}
