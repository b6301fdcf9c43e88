/**
 * Samples from a gateway's buffer through MQTT into the embedded store, acknowledged when durable. The
 * gateway sends from a thread of its own, as its process would; broker, ingest and store share ours.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { openEmbeddedStore } from "../../server/store/embedded-store.ts";
import { UplinkRig } from "../support/uplink-rig.ts";
import { drainBench } from "./drain.bench.ts";
import type { BenchFigure } from "./figure.ts";
import type { SenderData } from "./ingest-sender.ts";

const SAMPLES = 2_000_000;
const SAMPLES_PER_BATCH = 500;
const POINTS = 1_000;

export async function ingestBench(): Promise<readonly BenchFigure[]> {
  return [...(await roadBench()), ...(await drainBench())];
}

async function roadBench(): Promise<readonly BenchFigure[]> {
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
  const server = await rig.startServer(store);
  const data: SenderData = {
    url: rig.access.url,
    points: Array.from({ length: POINTS }, (_, i) => `p${i}`),
    samplesPerBatch: SAMPLES_PER_BATCH,
    batches: SAMPLES / SAMPLES_PER_BATCH,
  };
  const sender = new Worker(new URL("./ingest-sender.ts", import.meta.url), { workerData: data });
  try {
    const cpu = process.cpuUsage();
    const seconds = await timed(sender);
    const used = process.cpuUsage(cpu);
    const { samples } = server.ingest.counts();
    if (samples !== SAMPLES) throw new Error(`${samples} samples stored, sent were ${SAMPLES}`);
    const cores = (used.user + used.system) / 1e6 / seconds;
    return [
      {
        name: "ingest through MQTT, durable in the embedded store",
        value: Math.round(SAMPLES / seconds),
        unit: "samples/s",
        budget: "≥ 150,000",
      },
      {
        name: "processor time meanwhile, gateway's sender included",
        value: Math.round(cores * 100) / 100,
        unit: "cores",
        budget: "",
      },
    ];
  } finally {
    sender.postMessage("end");
    await new Promise((resolve) => sender.once("exit", resolve));
    await server.stop();
    await store.close();
    await rig.close();
  }
}

/** Seconds from the server's first word to its last acknowledgement. */
function timed(sender: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    let start = 0;
    sender.on("message", (word) => {
      if (word === "begin") start = performance.now();
      else resolve((performance.now() - start) / 1_000);
    });
    sender.once("error", reject);
  });
}
