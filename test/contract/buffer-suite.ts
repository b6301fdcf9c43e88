/** What every buffer of a gateway must do; the disk buffer and the memory buffer both pass it. */
import { expect, it } from "vitest";
import { type Batch, decodeBatch, LANES, type Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { days, hours, type Instant, instant } from "../../core/time.ts";
import type { CommitPart, SampleBuffer, WireBatch } from "../../gateway/buffer/buffer.ts";
import type { TrimOptions } from "../../gateway/buffer/trim.ts";

export interface BufferOptions extends TrimOptions {
  readonly keep: ReturnType<typeof days>;
}

export type MakeBuffer = (options: BufferOptions) => SampleBuffer;

const START = instant(Date.UTC(2026, 10, 23, 8));
export const ROOMY: BufferOptions = {
  bytesMax: 10_000_000,
  storedBytesMax: 1_000_000,
  keep: days(30),
  keepStored: hours(48),
};

export const sample = (point: string, value: number, ms = 0): Sample => ({
  point: point as PointId,
  time: instant(START + ms),
  sequence: 0,
  timeSource: "gateway",
  quality: "good",
  value,
});

export const part = (lane: Lane, samples: readonly Sample[], isPrecious = false): CommitPart => ({
  lane,
  samples,
  isPrecious,
});

const at = (ms: number): Instant => instant(START + ms);
const LIMITS = { batchesMax: 1_000, bytesMax: 100_000_000 };

export function decoded(batch: WireBatch): Batch {
  const result = decodeBatch(batch.payload);
  if (!result.ok) throw new Error(result.error);
  expect(result.value.refused).toEqual([]);
  return result.value;
}

const all = (buffer: SampleBuffer, lane: Lane, from = 1): readonly Batch[] =>
  buffer.read(lane, from, LIMITS).map(decoded);

const stored = (hazard: number, live: number, backfill: number) => ({ hazard, live, backfill });

export function bufferSuite(make: MakeBuffer): void {
  it("numbers the batches of each lane from 1 and gives them back as committed", () => {
    const buffer = make(ROOMY);
    buffer.commit([part("live", [sample("a/x", 1)]), part("hazard", [sample("a/gas", 2)])], at(0));
    buffer.commit([part("live", [sample("a/x", 3, 1_000)])], at(1_000));
    const live = all(buffer, "live");
    expect(live.map((b) => b.number)).toEqual([1, 2]);
    expect(live.flatMap((b) => b.samples)).toEqual([sample("a/x", 1), sample("a/x", 3, 1_000)]);
    expect(live.every((b) => b.epoch === buffer.epoch() && b.lane === "live")).toBe(true);
    expect(all(buffer, "hazard").map((b) => b.number)).toEqual([1]);
    expect(buffer.lane("live")).toMatchObject({ storedThrough: 0, last: 2, waitingSamples: 2 });
  });

  it("reads from a number on, within the limits but at least one batch", () => {
    const buffer = make(ROOMY);
    for (let i = 0; i < 5; i++) buffer.commit([part("live", [sample("a/x", i)])], at(i));
    const numbers = (from: number, batchesMax: number, bytesMax: number) =>
      buffer.read("live", from, { batchesMax, bytesMax }).map((b) => b.number);
    expect(numbers(2, 2, 1_000_000)).toEqual([2, 3]);
    expect(numbers(4, 10, 1)).toEqual([4]);
    expect(numbers(6, 10, 1_000)).toEqual([]);
  });

  it("counts what waits down as the server acknowledges, and keeps it for a rewind", () => {
    const buffer = make(ROOMY);
    buffer.reconcile(stored(0, 0, 0));
    for (let i = 0; i < 4; i++) buffer.commit([part("live", [sample("a/x", i)])], at(i));
    buffer.acknowledge("live", 3);
    expect(buffer.lane("live")).toMatchObject({ storedThrough: 3, last: 4, waitingSamples: 1 });
    buffer.acknowledge("live", 2);
    expect(buffer.lane("live").storedThrough).toBe(3);
    expect(buffer.reconcile(stored(0, 1, 0))).toBe("rewound");
    expect(buffer.lane("live")).toMatchObject({ storedThrough: 1, waitingSamples: 3 });
    expect(all(buffer, "live", 2).map((b) => b.number)).toEqual([2, 3, 4]);
  });

  it("agrees with a server that has stored more than it could still say", () => {
    const buffer = make(ROOMY);
    for (let i = 0; i < 4; i++) buffer.commit([part("live", [sample("a/x", i)])], at(i));
    buffer.reconcile(stored(0, 0, 0));
    buffer.acknowledge("live", 1);
    expect(buffer.reconcile(stored(0, 3, 0))).toBe("agreed");
    expect(buffer.lane("live")).toMatchObject({ storedThrough: 3, waitingSamples: 1 });
  });

  it("begins a new epoch when the server has seen numbers that this buffer has yet to give", () => {
    const buffer = make(ROOMY);
    const before = buffer.epoch();
    buffer.commit([part("live", [sample("a/x", 1)])], at(0));
    expect(buffer.reconcile(stored(0, 7, 0))).toBe("renewed");
    expect(buffer.epoch()).not.toBe(before);
    const again = all(buffer, "live");
    expect(again.map((b) => [b.epoch, b.number])).toEqual([[buffer.epoch(), 1]]);
    expect(again[0]?.samples).toEqual([sample("a/x", 1)]);
    expect(buffer.reconcile(stored(0, 0, 0))).toBe("agreed");
  });

  it("writes small back-fill together until it is read", () => {
    const buffer = make(ROOMY);
    for (let i = 0; i < 3; i++) buffer.commit([part("backfill", [sample("a/x", i)])], at(i));
    expect(buffer.lane("backfill")).toMatchObject({ last: 1, waitingSamples: 3 });
    expect(all(buffer, "backfill")[0]?.samples.map((s) => s.quality === "good" && s.value)).toEqual(
      [0, 1, 2],
    );
    buffer.commit([part("backfill", [sample("a/x", 3)])], at(3));
    expect(all(buffer, "backfill").map((b) => b.number)).toEqual([1, 2]);
    expect(buffer.lane("backfill").waitingSamples).toBe(4);
  });

  it("drops the oldest back-fill first when full, hazards last, and counts it by point and lane", () => {
    const buffer = make({ ...ROOMY, bytesMax: 40_000 });
    const many = (point: string, n: number) =>
      Array.from({ length: n }, (_, i) => sample(point, i + 0.5, i));
    buffer.commit([part("backfill", many("a/gas", 100), true)], at(0));
    buffer.commit([part("hazard", many("a/gas", 100), true)], at(1));
    buffer.commit([part("live", many("a/old", 600))], at(2));
    for (let i = 0; i < 20; i++) {
      buffer.commit([part("backfill", many(`b/p${i}`, 600))], at(10 + i));
    }
    expect(buffer.size().bytes).toBeLessThanOrEqual(40_000);
    const dropped = buffer.dropped();
    expect(dropped).toContainEqual({ point: "b/p0", lane: "backfill", samples: 600 });
    expect(dropped.map((d) => d.point as string)).not.toContain("b/p19");
    expect(dropped.map((d) => d.point as string)).not.toContain("a/gas");
    expect(dropped.map((d) => d.point as string)).not.toContain("a/old");
    const kept = LANES.flatMap((lane) => all(buffer, lane)).flatMap((b) => b.samples).length;
    const gone = dropped.reduce((sum, d) => sum + d.samples, 0);
    expect(kept + gone).toBe(100 + 100 + 600 + 20 * 600);
  });

  it("fills the numbers of what it dropped with empty batches", () => {
    const buffer = make({ ...ROOMY, bytesMax: 20_000 });
    const many = Array.from({ length: 900 }, (_, i) => sample("a/x", i + 0.5, i));
    for (let i = 0; i < 6; i++) buffer.commit([part("backfill", many)], at(i));
    const batches = all(buffer, "backfill");
    expect(batches.map((b) => b.number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(batches[0]?.samples).toEqual([]);
    expect(batches[5]?.samples).toHaveLength(900);
  });

  it("drops what is older than its limit", () => {
    const buffer = make(ROOMY);
    buffer.commit([part("live", [sample("a/x", 1)])], at(0));
    buffer.commit([part("live", [sample("a/x", 2)])], at(days(29)));
    while (buffer.trim(at(days(30) + 1)));
    expect(all(buffer, "live").map((b) => b.samples.length)).toEqual([0, 1]);
    expect(buffer.dropped()).toEqual([{ point: "a/x", lane: "live", samples: 1 }]);
  });

  it("lets go of what the server has before anything that waits", () => {
    const buffer = make({ ...ROOMY, storedBytesMax: 0 });
    for (let i = 0; i < 4; i++) buffer.commit([part("live", [sample("a/x", i)])], at(i));
    buffer.acknowledge("live", 2);
    while (buffer.trim(at(10)));
    expect(buffer.dropped()).toEqual([]);
    expect(all(buffer, "live", 3).map((b) => b.samples.length)).toEqual([1, 1]);
    expect(buffer.size().bytes).toBe(buffer.lane("live").waitingBytes);
  });

  it("begins a new epoch rather than send thousands of empty batches", () => {
    const buffer = make({ ...ROOMY, storedBytesMax: 0 });
    const epoch = buffer.epoch();
    buffer.reconcile(stored(0, 0, 0));
    for (let i = 0; i < 1_500; i++) buffer.commit([part("live", [sample("a/x", i)])], at(i));
    buffer.acknowledge("live", 1_499);
    while (buffer.trim(at(2_000)));
    expect(buffer.reconcile(stored(0, 0, 0))).toBe("renewed");
    expect(buffer.epoch()).not.toBe(epoch);
    expect(all(buffer, "live").map((b) => b.samples.length)).toEqual([1]);
  });

  it("sends hazards from memory while the disk would not take them, in their order", () => {
    const buffer = make(ROOMY);
    buffer.reconcile(stored(0, 0, 0));
    buffer.commit([part("hazard", [sample("a/gas", 1)], true)], at(0));
    expect(buffer.hold([sample("a/gas", 2)], at(1))).toBe(true);
    expect(buffer.hold([sample("a/gas", 3)], at(2))).toBe(true);
    const values = (from: number): readonly unknown[] =>
      all(buffer, "hazard", from).map((b) => [b.number, ...b.samples.map((s) => s.time)]);
    const time = sample("a/gas", 0).time;
    expect(values(1)).toEqual([1, 2, 3].map((n) => [n, time]));
    buffer.acknowledge("hazard", 2);
    expect(buffer.lane("hazard")).toMatchObject({ storedThrough: 2, last: 3, waitingSamples: 1 });
    buffer.commit([part("hazard", [sample("a/gas", 4)], true)], at(3));
    expect(values(3)).toEqual([3, 4].map((n) => [n, time]));
    expect(buffer.lane("hazard")).toMatchObject({ storedThrough: 2, last: 4, waitingSamples: 2 });
  });

  it("keeps counts of samples that were dropped on the way to it", () => {
    const buffer = make(ROOMY);
    const gone = { point: "a/x" as PointId, lane: "live" as const, samples: 5 };
    buffer.commit([], at(0), [gone]);
    buffer.commit([part("live", [sample("a/x", 1)])], at(1), [gone]);
    expect(buffer.dropped()).toEqual([{ ...gone, samples: 10 }]);
  });
}
