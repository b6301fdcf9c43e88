import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant } from "../../../../core/time.ts";
import { DiskBuffer } from "../../../../gateway/buffer/disk-buffer.ts";
import { markDamaged, openDiskBuffer } from "../../../../gateway/buffer/open-buffer.ts";
import { silentLog } from "../../../../platform/log.ts";
import { Database } from "../../../../platform/sqlite.ts";
import { bufferSuite, decoded, part, ROOMY, sample } from "../../../contract/buffer-suite.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "buffer-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
const file = (): string => join(folder, "buffer.sqlite");
const open = (path: string, options = ROOMY): DiskBuffer =>
  new DiskBuffer(Database.open({ file: path, commits: "relaxed" }), silentLog, options);

describe("the disk buffer", () => {
  bufferSuite((options) => open(join(folder, `${made++}.sqlite`), options));

  it("has everything after a restart, also what was not said to be acknowledged", () => {
    const first = open(file());
    first.commit([part("live", [sample("a/x", 1)])], instant(1));
    first.commit([part("live", [sample("a/x", 2)])], instant(2));
    first.acknowledge("live", 1);
    const epoch = first.epoch();
    first.close();
    const second = open(file());
    expect(second.epoch()).toBe(epoch);
    expect(second.lane("live")).toMatchObject({ storedThrough: 1, last: 2, waitingSamples: 1 });
    second.commit([part("live", [sample("a/x", 3)])], instant(3));
    const batches = second.read("live", 2, { batchesMax: 9, bytesMax: 9_999 }).map(decoded);
    expect(batches.map((b) => b.number)).toEqual([2, 3]);
  });

  it("begins a new epoch when its disk was restored and new samples got numbers of the past", () => {
    const first = open(file());
    first.commit([part("live", [sample("a/x", 1)])], instant(1));
    first.close();
    // The server has stored 3 batches; this copy of the file knows of one, and gives number 2 anew.
    const restored = open(file());
    restored.commit([part("live", [sample("a/x", 99)])], instant(9));
    expect(restored.reconcile({ hazard: 0, live: 3, backfill: 0 })).toBe("renewed");
    const batches = restored.read("live", 1, { batchesMax: 9, bytesMax: 9_999 }).map(decoded);
    expect(batches.map((b) => [b.number, b.samples])).toEqual([[1, [sample("a/x", 99)]]]);
  });

  it("says that the disk is full, changes nothing then, and goes on when there is room", () => {
    const database = Database.open({ file: file(), commits: "relaxed" });
    const buffer = new DiskBuffer(database, silentLog, ROOMY);
    buffer.reconcile({ hazard: 0, live: 0, backfill: 0 });
    buffer.commit([part("hazard", [sample("a/gas", 1)], true)], instant(1));
    const many = Array.from({ length: 5_000 }, (_, i) => sample("a/x", i + 0.25, i));
    database.exec("PRAGMA max_page_count = 16");
    const before = buffer.lane("live");
    expect(() => buffer.commit([part("live", many)], instant(2))).toThrow(
      expect.objectContaining({ code: "DISK_FULL" }),
    );
    expect(buffer.lane("live")).toEqual(before);
    buffer.hold([sample("a/gas", 2)], instant(3));
    expect(buffer.read("hazard", 1, { batchesMax: 9, bytesMax: 9_999 })).toHaveLength(2);
    database.exec("PRAGMA max_page_count = 100000");
    buffer.commit([part("live", many)], instant(4));
    buffer.close();
    const again = open(file());
    expect(again.read("hazard", 2, { batchesMax: 9, bytesMax: 9_999 }).map(decoded)).toMatchObject([
      { number: 2, samples: [sample("a/gas", 2)] },
    ]);
    expect(again.lane("live")).toMatchObject({ last: 1, waitingSamples: 5_000 });
  });

  it.each(["found when it is read", "found while running"] as const)(
    "keeps what can be read of a file with destroyed pages, under the same numbers: %s",
    (how) => {
      const first = open(file());
      const many = Array.from({ length: 500 }, (_, i) => sample("a/x", i + 0.25, i));
      for (let i = 0; i < 40; i++) first.commit([part("live", many)], instant(i));
      first.acknowledge("live", 3);
      const epoch = first.epoch();
      first.close();
      const bytes = readFileSync(file());
      bytes.fill(0xab, 40 * 4_096, 43 * 4_096);
      writeFileSync(file(), bytes);
      if (how === "found while running") markDamaged(file());
      const buffer = openDiskBuffer(file(), new FakeClock(), silentLog, ROOMY);
      expect(buffer.epoch()).toBe(epoch);
      expect(buffer.reconcile({ hazard: 0, live: 3, backfill: 0 })).toBe("agreed");
      const batches = buffer.read("live", 4, { batchesMax: 99, bytesMax: 99_999_999 }).map(decoded);
      expect(batches.map((b) => b.number)).toEqual(Array.from({ length: 37 }, (_, i) => i + 4));
      const whole = batches.filter((b) => b.samples.length === 500).length;
      expect(whole).toBeGreaterThan(20);
      expect(whole).toBeLessThan(37);
      buffer.close();
    },
  );

  it("sets a damaged file aside and begins anew", () => {
    writeFileSync(
      file(),
      "this is no database, but it is long enough to look like a header".repeat(99),
    );
    const buffer = openDiskBuffer(file(), new FakeClock(), silentLog, ROOMY);
    buffer.commit([part("live", [sample("a/x", 1)])], instant(1));
    expect(buffer.lane("live").last).toBe(1);
    buffer.close();
  });
});
