/** The gateway's buffer on disk: durable appends, reading back, and a start with millions waiting. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { days, hours, instant } from "../../core/time.ts";
import type { DiskBuffer } from "../../gateway/buffer/disk-buffer.ts";
import { openDiskBuffer } from "../../gateway/buffer/open-buffer.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";

/** What 10,000 points at 1 s bring in one commit of 250 ms. */
import type { BenchFigure } from "./figure.ts";

const COMMIT_SAMPLES = 2_500;
const APPENDS = 200;
const WAITING_SAMPLES = 10_000_000;

export async function bufferBench(): Promise<readonly BenchFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "buffer-bench-"));
  try {
    const file = join(folder, "buffer.sqlite");
    let buffer = open(file);
    const append = measureAppend(buffer);
    fill(buffer);
    buffer.close();
    const before = process.memoryUsage().rss;
    const start = performance.now();
    buffer = open(file);
    const waiting = buffer.lane("live").waitingSamples;
    buffer.reconcile({ hazard: 0, live: 0, backfill: 0 });
    buffer.read("live", 1, { batchesMax: 1, bytesMax: 1 });
    const readyMs = performance.now() - start;
    const drain = measureDrain(buffer);
    const grownMb = (process.memoryUsage().rss - before) / 1e6;
    buffer.close();
    return [
      figure("buffer append, durable", append, "samples/s", "≥ 50,000"),
      figure("buffer read back and acknowledged", drain, "samples/s", "≥ 50,000"),
      figure(`ready with ${waiting / 1e6} million samples waiting`, readyMs, "ms", "≤ 2,000"),
      figure("memory grown by opening and draining it", grownMb, "MB", "≤ 30"),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const figure = (name: string, value: number, unit: string, budget: string): BenchFigure => ({
  name,
  value: Math.round(value),
  unit,
  budget,
});

const open = (file: string): DiskBuffer =>
  openDiskBuffer(file, systemClock, silentLog, {
    bytesMax: 2_000_000_000,
    storedBytesMax: 500_000_000,
    keep: days(30),
    keepStored: hours(48),
  });

function samplesOf(commit: number): readonly Sample[] {
  const start = Date.now() + commit * 250;
  return Array.from({ length: COMMIT_SAMPLES }, (_, i) => ({
    point: `meter-${i % 250}/power_active_${i % 10}` as PointId,
    time: instant(start + (i % 50)),
    sequence: 0,
    timeSource: "gateway" as const,
    quality: "good" as const,
    value: Math.round(230_000 + 500 * Math.sin((i + commit) / 70)) / 1_000,
  }));
}

function measureAppend(buffer: DiskBuffer): number {
  const commits = Array.from({ length: APPENDS }, (_, i) => samplesOf(i));
  const start = performance.now();
  for (const samples of commits) {
    buffer.commit([{ lane: "live", isPrecious: false, samples }], systemClock.now());
  }
  return (APPENDS * COMMIT_SAMPLES) / ((performance.now() - start) / 1_000);
}

function fill(buffer: DiskBuffer): void {
  const samples = samplesOf(0);
  while (buffer.lane("live").waitingSamples < WAITING_SAMPLES) {
    buffer.commit([{ lane: "live", isPrecious: false, samples }], systemClock.now());
  }
}

function measureDrain(buffer: DiskBuffer): number {
  const start = performance.now();
  let samples = 0;
  for (let next = 1; next <= buffer.lane("live").last; ) {
    const batches = buffer.read("live", next, { batchesMax: 16, bytesMax: 4_000_000 });
    for (const batch of batches) samples += batch.samples;
    next = (batches.at(-1)?.number ?? next) + 1;
    buffer.acknowledge("live", next - 1);
  }
  return samples / ((performance.now() - start) / 1_000);
}
