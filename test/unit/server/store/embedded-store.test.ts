import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayId, type PointId } from "../../../../core/ids.ts";
import type { Sample } from "../../../../core/sample.ts";
import { days, hours, instant, minutes } from "../../../../core/time.ts";
import { silentLog } from "../../../../platform/log.ts";
import { Database } from "../../../../platform/sqlite.ts";
import { RECENT_SAMPLES_MAX } from "../../../../server/store/embedded/log/recent.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../../../server/store/embedded-store.ts";
import { eventually } from "../../../support/eventually.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "lamplighter-test-compiled");

const START = Date.UTC(2026, 10, 23, 8, 0, 0);
const point = "a1-main/energy_import" as PointId;
const wholeRange = { point, from: instant(START - days(400)), to: instant(START + days(400)) };

const sampleAt = (offsetMs: number, value: number): Sample => ({
  point,
  time: instant(START + offsetMs),
  sequence: 0,
  timeSource: "gateway",
  quality: "good",
  value,
});

describe("the embedded store", () => {
  let folder: string;
  let store: EmbeddedStore;
  let clock: FakeClock;
  let number: number;

  const open = (zone = "Asia/Shanghai"): Promise<EmbeddedStore> =>
    openEmbeddedStore({ folder, zone, clock, log: silentLog });

  const append = (samples: readonly Sample[]) => {
    number += 1;
    const origin = { gateway: gatewayId("gw"), epoch: "e", lane: "live", number } as const;
    return store.append({ origin, receivedAt: instant(START), samples, refused: 0 });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lamplighter-embedded-"));
    clock = new FakeClock();
    number = 0;
    store = await open();
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it("refuses a folder that another store has open", async () => {
    await expect(open()).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
    expect((await append([sampleAt(0, 1)])).kind).toBe("stored");
  });

  it("seals shortly after the full hour, and only then lets go of the log", async () => {
    await append([sampleAt(0, 1), sampleAt(1_000, 2)]);
    expect(await store.statistics()).toMatchObject({ logEntries: 1, chunks: 0 });
    await clock.advance(minutes(62));
    const statistics = await eventually("the log is sealed", async () => {
      const now = await store.statistics();
      return now.logEntries === 0 && now;
    });
    expect(statistics).toMatchObject({ samples: 2, points: 1, chunks: 1 });
    expect(await readdir(folder)).toContain("2026-11.db");
  });

  it("keeps sealed entries until every reader has released them", async () => {
    await store.release("rules", 0);
    await store.release("energy", 0);
    await append([sampleAt(0, 1)]);
    await append([sampleAt(1_000, 2)]);
    await store.seal();
    await store.release("rules", 2);
    await store.release("energy", 1);
    await store.release("energy", 0);
    await eventually("the first entry is gone", async () => {
      return (await store.statistics()).logEntries === 1;
    });
    await store.close();
    store = await open();
    expect((await store.read(0, 10)).map((entry) => entry.position)).toEqual([2]);
    expect((await store.raw(wholeRange)).samples).toHaveLength(2);
  });

  it("gives readers that are far behind their entries from the disk", async () => {
    await store.release("late", 0);
    const many = Array.from({ length: 10_000 }, (_, i) => sampleAt(i, i));
    const batches = RECENT_SAMPLES_MAX / many.length + 2;
    for (let i = 0; i < batches; i++) await append(many);
    let position = 0;
    const seen: number[] = [];
    while (position < store.end()) {
      const entries = await store.read(position, 3);
      for (const entry of entries) seen.push(entry.origin.number);
      position = entries.at(-1)?.position ?? position;
      expect(entries.at(-1)?.samples).toEqual(many);
    }
    expect(seen).toEqual(Array.from({ length: batches }, (_, i) => i + 1));
  });

  it("seals again without doubling what a crash left in chunks and in the log", async () => {
    await store.release("rules", 0);
    await append([sampleAt(0, 1), sampleAt(days(1), 2)]);
    await store.seal();
    await append([sampleAt(1_000, 3), sampleAt(days(40), 4)]);
    await store.close();
    const log = join(folder, "log.db");
    await copyFile(log, `${log}.before`);
    store = await open();
    await store.seal();
    await store.close();
    await copyFile(`${log}.before`, log);
    store = await open();
    for (let again = 0; again < 2; again++) {
      const rows = await store.buckets(wholeRange, { kind: "month", zone: "Asia/Shanghai" });
      expect(rows.map(({ count }) => count)).toEqual([3, 1]);
      const quarters = { kind: "duration", length: minutes(15) } as const;
      const month = { point, from: instant(START), to: instant(START + days(40) + 1) };
      const counts = (await store.buckets(month, quarters)).map(({ count }) => count);
      expect(counts).toEqual([2, 1, 1]);
      expect((await store.raw(wholeRange)).samples).toHaveLength(4);
      expect((await store.statistics()).chunks).toBe(again === 0 ? 2 : 3);
      await store.seal();
    }
  });

  it("cuts a busy day into hours, and a quiet one not", async () => {
    await append(Array.from({ length: 1_500 }, (_, i) => sampleAt(i * 10_000, i)));
    await store.seal();
    expect((await store.statistics()).chunks).toBe(1);
    await append([sampleAt(5_000, 0.5)]);
    await store.seal();
    expect((await store.statistics()).chunks).toBe(5);
    const [day] = await store.buckets(wholeRange, { kind: "day", zone: "Asia/Shanghai" });
    expect(day).toMatchObject({ count: 1_501, first: 0, last: 1_499, min: 0, max: 1_499 });
  });

  it("answers for the days of a new zone after the site has moved", async () => {
    const samples = Array.from({ length: 96 }, (_, i) => sampleAt(i * minutes(15), i));
    await append(samples);
    await store.seal();
    await store.close();
    store = await open("America/New_York");
    const day = { kind: "day", zone: "America/New_York" } as const;
    const expected = [
      [Date.UTC(2026, 10, 23, 5), 84],
      [Date.UTC(2026, 10, 24, 5), 12],
    ];
    for (let again = 0; again < 2; again++) {
      const rows = await store.buckets(wholeRange, day);
      expect(rows.map((row) => [row.time, row.count])).toEqual(expected);
      await append([]);
      await store.seal();
    }
  });

  it("says which chunk is damaged, and goes on with all others", async () => {
    await append([sampleAt(0, 1), sampleAt(days(1), 2)]);
    await store.seal();
    await store.close();
    const month = Database.open({ file: join(folder, "2026-11.db") });
    month.exec("UPDATE chunk SET samples = x'0102' WHERE row = (SELECT min(row) FROM chunk)");
    month.close();
    store = await open();
    await expect(store.raw(wholeRange)).rejects.toMatchObject({
      code: "DATABASE_DAMAGED",
      message: expect.stringMatching(/2026-11\.db, series 1, from 2026-11-22T16:00/),
    });
    const later = { ...wholeRange, from: instant(START + hours(12)) };
    expect((await store.raw(later)).samples).toEqual([sampleAt(days(1), 2)]);
    await append([sampleAt(5, 5)]);
    await store.seal();
    expect((await store.raw(wholeRange)).samples).toEqual([sampleAt(5, 5), sampleAt(days(1), 2)]);
  });

  it("refuses a request that is too large with a sentence", async () => {
    const samples = new Array<Sample>(100_001).fill(sampleAt(0, 1));
    await expect(append(samples)).rejects.toMatchObject({ code: "BATCH_TOO_LARGE" });
  });
});
