/**
 * A gateway comes back with a million old samples waiting, and goes on reading: how fast the old ones
 * drain, and how long live samples and hazards take from the gateway's pipeline into the store meanwhile.
 * Gateway, broker and server share one process here.
 */
import { join } from "node:path";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { instant, milliseconds, seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { type TestGateway, testCatalogue, UplinkRig } from "../support/uplink-rig.ts";
import { type BenchFigure, percentile } from "./figure.ts";

const WAITING_SAMPLES = 1_000_000;
const BATCH_SAMPLES = 1_000;
const LIVE_PER_SECOND = 2_000;
const POINTS = Array.from({ length: 100 }, (_, i) => `p${i}`);
const GAS = ["gas0", "gas1"];
const TICK = milliseconds(50);
const WITHIN = seconds(60);

export async function drainBench(): Promise<readonly BenchFigure[]> {
  const rig = new UplinkRig();
  await rig.broker.start();
  const store = await openEmbeddedStore({
    folder: join(rig.folder, "series"),
    zone: "Asia/Shanghai",
    clock: systemClock,
    log: silentLog,
    onFailure: (error) => {
      throw error;
    },
  });
  const gateway = rig.startGateway(testCatalogue("gw1", [...POINTS, ...GAS]), "a");
  fill(gateway);
  const server = await rig.startServer(store);
  const took: Record<"live" | "gas", number[]> = { live: [], gas: [] };
  let drained = 0;
  server.ingest.latest.onSamples((samples, late) => {
    const now = systemClock.now();
    if (late) drained += samples.length;
    else
      for (const s of samples) took[s.point.includes("/gas") ? "gas" : "live"].push(now - s.time);
  });
  try {
    const start = systemClock.monotonic();
    let begun = start;
    while (drained < WAITING_SAMPLES && systemClock.monotonic() - start < WITHIN) {
      if (drained === 0) begun = systemClock.monotonic();
      offerLive(gateway);
      await systemClock.sleep(TICK);
    }
    const rate = drained / ((systemClock.monotonic() - begun) / 1_000);
    return [
      figure(
        "back-fill drained, end to end, gateway and server in one process",
        rate,
        "samples/s",
        "≥ 50,000",
      ),
      figure(
        "live samples meanwhile, pipeline to store, p99",
        percentile(took.live, 0.99),
        "ms",
        "≤ 1,000",
      ),
      figure(
        "hazards meanwhile, pipeline to store, p99",
        percentile(took.gas, 0.99),
        "ms",
        "≤ 250",
      ),
    ];
  } finally {
    await gateway.stop();
    await server.stop();
    await store.close();
    await rig.close();
  }
}

const figure = (name: string, value: number, unit: string, budget: string): BenchFigure => ({
  name,
  value: Math.round(value),
  unit,
  budget,
});

function fill(gateway: TestGateway): void {
  const start = systemClock.now() - 3_600_000;
  for (let done = 0; done < WAITING_SAMPLES; done += BATCH_SAMPLES) {
    const samples = Array.from({ length: BATCH_SAMPLES }, (_, i): Sample => {
      const n = done + i;
      return {
        point: `gw1-meter/${POINTS[n % POINTS.length]}` as PointId,
        time: instant(start + Math.floor(n / POINTS.length) * 100),
        sequence: 0,
        timeSource: "gateway",
        quality: "good",
        value: Math.round(230_000 + 500 * Math.sin(n / 700)) / 1_000,
      };
    });
    gateway.buffer.commit([{ lane: "backfill", isPrecious: false, samples }], systemClock.now());
  }
}

let counter = 0;
function offerLive(gateway: TestGateway): void {
  const base = { time: systemClock.now(), timeSource: "gateway", quality: "good" } as const;
  for (let i = 0; i < (LIVE_PER_SECOND * TICK) / 1_000; i++) {
    const point = `gw1-meter/${POINTS[i % POINTS.length]}` as PointId;
    gateway.pipeline.offer({ ...base, point, value: counter++ });
  }
  for (const name of GAS) {
    gateway.pipeline.offer({ ...base, point: `gw1-meter/${name}` as PointId, value: counter % 20 });
  }
}
