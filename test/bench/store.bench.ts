/**
 * The store against its budgets: durable appends with sealing, size at rest, charts and years, start.
 * Meters as a campus has them: counters in steps of 0.01 kWh, temperatures in tenths, power as float32;
 * every 10 s with up to 300 ms of jitter.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { gatewayId, type PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { days, hours, type Instant, instant, milliseconds, minutes } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { InfluxClient } from "../../server/store/influx/client.ts";
import { lineOf } from "../../server/store/influx/lines.ts";
import { hasInfluxd, Influxd } from "../contract/store-influxd.ts";
import type { BenchFigure } from "./figure.ts";

const BATCH_SAMPLES = 500;
const IN_FLIGHT = 16;
const ZONE = "Asia/Shanghai";
const START = Date.UTC(2026, 8, 30, 16, 0, 0);

interface Plan {
  readonly points: number;
  readonly everyMs: number;
  readonly jitterMs: number;
  readonly from: number;
  readonly to: number;
}

export async function storeBench(): Promise<readonly BenchFigure[]> {
  const folder = await mkdtemp(join(tmpdir(), "lamplighter-bench-"));
  try {
    const appended = await appendAndSize(`${folder}/append`);
    return [
      ...appended,
      ...(hasInfluxd ? await besideInflux(folder, appended[0]?.value ?? 0) : []),
      ...(await charts(`${folder}/charts`)),
      ...(await together(`${folder}/charts`)),
      ...(await years(`${folder}/years`)),
      ...(await newest(`${folder}/newest`)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function appendAndSize(folder: string): Promise<readonly BenchFigure[]> {
  const store = await open(folder);
  const plan = {
    points: 1_000,
    everyMs: 10_000,
    jitterMs: 300,
    from: START,
    to: START + hours(11),
  };
  const batches = [...batchesOf(plan)];
  const samples = batches.reduce((sum, batch) => sum + batch.length, 0);
  const start = performance.now();
  const latencies = await appendAll(store, batches);
  const appendedMs = performance.now() - start;
  await store.seal();
  const sealedMs = performance.now() - start;
  await store.close();
  return [
    figure(
      "store: durable appends in batches of 500",
      samples / appendedMs,
      "k samples/s",
      "≥ 500",
    ),
    figure("store: the same until all is sealed", samples / sealedMs, "k samples/s", "≥ 500"),
    figure("store: append p99, 16 batches in flight", p99Of(latencies), "ms", "measured"),
  ];
}

/** InfluxDB 1.x on the same machine, written by its own client, every batch awaited as ours are. */
async function besideInflux(folder: string, ours: number): Promise<readonly BenchFigure[]> {
  const influxd = await Influxd.start(folder);
  const client = new InfluxClient({ url: influxd.url, database: "bench" });
  await client.createDatabase();
  const plan = { points: 1_000, everyMs: 10_000, jitterMs: 300, from: START, to: START + hours(1) };
  const batches = [...batchesOf(plan)];
  const samples = batches.reduce((sum, batch) => sum + batch.length, 0);
  const start = performance.now();
  for (const batch of batches) await client.write(batch.map(lineOf));
  const theirs = samples / (performance.now() - start);
  await client.close();
  await influxd.stop();
  return [
    figure("store: InfluxDB 1.x written by its client", theirs, "k samples/s", "measured"),
    figure("store: appends, times InfluxDB's", ours / theirs, "×", "≥ 2"),
  ];
}

async function charts(folder: string): Promise<readonly BenchFigure[]> {
  const plan = { points: 100, everyMs: 10_000, jitterMs: 300, from: START, to: START + days(30) };
  await fill(folder, plan);
  const bytesEach = (await bytesAtRest(folder)) / ((plan.points * days(30)) / plan.everyMs);
  const start = performance.now();
  const store = await open(folder);
  const openMs = performance.now() - start;
  const range = { from: instant(plan.from), to: instant(plan.to) };
  const bucket = { kind: "duration", length: hours(1) } as const;
  const chart = (i: number) => store.buckets({ point: pointAt(i), ...range }, bucket);
  const first = await timed(() => chart(0));
  const all = () => Promise.all(Array.from({ length: plan.points }, (_, i) => chart(i)));
  await all();
  const hundred = await median(all);
  const quarter = { kind: "duration", length: minutes(15) } as const;
  const decoded = await median(() => store.buckets({ point: pointAt(1), ...range }, quarter));
  await store.close();
  return [
    figure("store: size at rest, 26 M samples", bytesEach, "bytes/sample", "≤ 3.5"),
    figure("store: open, 26 M samples", openMs, "ms", "≤ 2000"),
    figure("store: chart of 1 point × 30 days, hourly, first", first, "ms", "≤ 10"),
    figure("store: chart of 100 points × 30 days, hourly, warm", hundred, "ms", "≤ 150"),
    figure("store: chart of 1 point × 30 days, every 15 min", decoded, "ms", "measured"),
  ];
}

/** 200 batches of 500 in a second while somebody looks at a month of ten points again and again. */
async function together(folder: string): Promise<readonly BenchFigure[]> {
  const store = await open(folder);
  const from = START + days(30);
  const plan = { points: 100, everyMs: 10_000, jitterMs: 300, from, to: from + days(2) };
  const range = { from: instant(START), to: instant(from) };
  const quarter = { kind: "duration", length: minutes(15) } as const;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      const look = (_: unknown, i: number) =>
        store.buckets({ point: pointAt(i), ...range }, quarter);
      await Promise.all(Array.from({ length: 10 }, look));
    }
  })();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const latencies: number[] = [];
  const running: Promise<number>[] = [];
  const start = performance.now();
  let number = 0;
  for (const samples of batchesOf(plan)) {
    const due = start + number * 5;
    number += 1;
    const wait = due - performance.now();
    if (wait > 1) await systemClock.sleep(milliseconds(wait));
    const begun = performance.now();
    running.push(appendOne(store, "e2", number, samples).then(() => performance.now() - begun));
  }
  latencies.push(...(await Promise.all(running)));
  delay.disable();
  isOver = true;
  await looking;
  await store.close();
  return [
    figure("store: append p99 at 100,000/s with charts", p99Of(latencies), "ms", "≤ 10 × fsync"),
    figure("store: event loop delay p99 then", delay.percentile(99) / 1e6, "ms", "≤ 5"),
  ];
}

async function years(folder: string): Promise<readonly BenchFigure[]> {
  const from = Date.UTC(2025, 11, 31, 16);
  const plan = { points: 100, everyMs: minutes(15), jitterMs: 0, from, to: from + days(365) };
  const samples = (plan.points * (plan.to - plan.from)) / plan.everyMs;
  const filledMs = await timed(() => fill(folder, plan));
  const store = await open(folder);
  const range = { from: instant(plan.from), to: instant(plan.to) };
  const bucket = { kind: "day", zone: ZONE } as const;
  const year = () =>
    Promise.all(
      Array.from({ length: plan.points }, (_, i) =>
        store.increase({ point: pointAt(i), ...range }, bucket, minutes(15)),
      ),
    );
  const first = await timed(year);
  const warm = await median(year);
  await store.close();
  const bytes = await bytesAtRest(folder);
  return [
    figure("store: import of a year of 100 meters", samples / filledMs, "k samples/s", "≥ 300"),
    figure("store: size of 15-minute data at rest", bytes / samples, "bytes/sample", "measured"),
    figure("store: a year of days of 100 counters, first", first, "ms", "measured"),
    figure("store: a year of days of 100 counters, warm", warm, "ms", "≤ 100"),
  ];
}

async function newest(folder: string): Promise<readonly BenchFigure[]> {
  const store = await open(folder);
  const plan = { points: 10_000, everyMs: 1_000, jitterMs: 0, from: START, to: START + 2_000 };
  await appendAll(store, [...batchesOf(plan)]);
  const latestMs = await median(() => store.latest());
  await store.close();
  return [figure("store: latest of 10,000 points", latestMs, "ms", "≤ 5")];
}

/** What is left when sealed entries have given their space back. */
async function bytesAtRest(folder: string): Promise<number> {
  const store = await open(folder);
  while ((await store.statistics()).logEntries > 0) await systemClock.sleep(milliseconds(10));
  let bytes = Number.POSITIVE_INFINITY;
  for (;;) {
    await systemClock.sleep(milliseconds(200));
    const now = (await store.statistics()).bytes;
    if (now >= bytes) break;
    bytes = now;
  }
  await store.close();
  const reopened = await open(folder);
  const { bytes: atRest } = await reopened.statistics();
  await reopened.close();
  return atRest;
}

const figure = (name: string, value: number, unit: string, budget: string): BenchFigure => ({
  name,
  value: Math.round(value * 100) / 100,
  unit,
  budget,
});

const open = (folder: string): Promise<EmbeddedStore> =>
  openEmbeddedStore({ folder, zone: ZONE, clock: systemClock, log: silentLog });

async function fill(folder: string, plan: Plan): Promise<void> {
  const store = await open(folder);
  await appendAll(store, batchesOf(plan));
  await store.seal();
  await store.close();
}

/** Keeps a few batches in flight; the milliseconds each took. */
async function appendAll(
  store: EmbeddedStore,
  batches: Iterable<readonly Sample[]>,
): Promise<number[]> {
  const latencies: number[] = [];
  const running = new Set<Promise<void>>();
  let number = 0;
  for (const samples of batches) {
    number += 1;
    const start = performance.now();
    const stored = appendOne(store, "e1", number, samples).then(() => {
      latencies.push(performance.now() - start);
      running.delete(stored);
    });
    running.add(stored);
    if (running.size >= IN_FLIGHT) await Promise.race(running);
  }
  await Promise.all(running);
  return latencies;
}

async function appendOne(
  store: EmbeddedStore,
  epoch: string,
  number: number,
  samples: readonly Sample[],
): Promise<void> {
  const origin = { gateway: gatewayId("bench"), epoch, lane: "backfill", number } as const;
  const request = { origin, receivedAt: instant(START), samples, refused: 0 };
  const outcome = await store.append(request);
  if (outcome.kind !== "stored") throw new Error(`batch ${number} was a ${outcome.kind}`);
}

function p99Of(times: number[]): number {
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

/** 40 % counters, 40 % temperatures, 20 % power. */
const NAMES = ["energy_import", "temperature", "energy_import", "temperature", "power_active"];
const points: PointId[] = [];

function pointAt(i: number): PointId {
  for (let n = points.length; n <= i; n++) {
    points.push(`meter-${n}/${NAMES[n % NAMES.length]}` as PointId);
  }
  return points[i] ?? ("" as PointId);
}

/** Every point at every time, in order of time, as a gateway sends them. */
function* batchesOf(plan: Plan): Generator<readonly Sample[]> {
  let batch: Sample[] = [];
  let random = 1;
  for (let at = plan.from; at < plan.to; at += plan.everyMs) {
    for (let i = 0; i < plan.points; i++) {
      random = (random * 48_271) % 2_147_483_647;
      const time = instant(at + (plan.jitterMs === 0 ? 0 : random % plan.jitterMs));
      batch.push(sampleAt(i, time, (at - plan.from) / plan.everyMs, random / 2_147_483_647));
      if (batch.length === BATCH_SAMPLES) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

function sampleAt(i: number, time: Instant, step: number, random: number): Sample {
  const name = NAMES[i % NAMES.length];
  let value = Math.fround(1000 * random);
  if (name === "energy_import") {
    value = Math.round(100 * (i * 1000 + step * 0.02 + random * 0.01)) / 100;
  } else if (name === "temperature") {
    value = Math.round(10 * (20 + 3 * Math.sin(step / 500 + i) + random * 0.2)) / 10;
  }
  return { point: pointAt(i), time, sequence: 0, timeSource: "gateway", quality: "good", value };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await timed(work));
  times.sort((a, b) => a - b);
  return times[2] ?? 0;
}
