/** The other end of the ingest bench, in a thread of its own: a gateway whose buffer never runs dry. */
import { parentPort, workerData } from "node:worker_threads";
import type { Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { instant } from "../../core/time.ts";
import { encodeBody, payloadOf } from "../../gateway/buffer/blob.ts";
import type {
  LaneStatus,
  ReadLimits,
  SampleBuffer,
  WireBatch,
} from "../../gateway/buffer/buffer.ts";
import { lastWill, Uplink } from "../../gateway/uplink/uplink.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import { SITE, testCatalogue } from "../support/uplink-rig.ts";

export interface SenderData {
  readonly url: string;
  readonly points: readonly string[];
  readonly samplesPerBatch: number;
  readonly batches: number;
}

const { url, points, samplesPerBatch, batches } = workerData as SenderData;
const START = Date.now() - 3_600_000;
const catalogue = testCatalogue("bench", points);

/** Bodies made beforehand, so that what is measured is the road and not this thread's encoder. */
const bodies = Array.from({ length: batches }, (_, b) => {
  const samples = Array.from({ length: samplesPerBatch }, (_, i): Sample => {
    const n = b * samplesPerBatch + i;
    return {
      point: `bench-meter/${points[n % points.length]}` as PointId,
      time: instant(START + Math.floor(n / points.length) * 1_000 + (n % 200)),
      sequence: 0,
      timeSource: "gateway",
      quality: "good",
      value: Math.round(230_000 + 500 * Math.sin(n / 700)) / 1_000,
    };
  });
  return encodeBody(samples);
});

class EndlessBuffer implements SampleBuffer {
  readonly #epoch = Math.random().toString(36).slice(2);
  #stored = 0;

  epoch(): string {
    return this.#epoch;
  }
  commit(): void {}
  hold(): boolean {
    return false;
  }
  lane(lane: Lane): LaneStatus {
    const last = lane === "live" ? bodies.length : 0;
    const storedThrough = lane === "live" ? this.#stored : 0;
    return { storedThrough, last, waitingSamples: 0, waitingBytes: 0 };
  }
  read(lane: Lane, number: number, limits: ReadLimits): readonly WireBatch[] {
    const last = Math.min(bodies.length, number + limits.batchesMax - 1);
    return Array.from({ length: last - number + 1 }, (_, i) => ({
      number: number + i,
      samples: samplesPerBatch,
      payload: payloadOf(
        { epoch: this.#epoch, lane, number: number + i },
        bodies[number + i - 1] ?? "",
      ),
    }));
  }
  acknowledge(_lane: Lane, storedThrough: number): void {
    this.#stored = storedThrough;
    if (storedThrough === bodies.length) parentPort?.postMessage("done");
  }
  reconcile(): "agreed" {
    parentPort?.postMessage("begin");
    return "agreed";
  }
  trim(): boolean {
    return false;
  }
  dropped() {
    return [];
  }
  size() {
    return { bytes: 0, bytesMax: 1 };
  }
  close(): void {}
}

const address = { site: SITE, gateway: catalogue.gateway };
const client = connectMqtt({
  url,
  username: "any",
  password: "any",
  clientId: "bench",
  will: lastWill(address, "bench"),
  clock: systemClock,
  log: silentLog,
});
const uplink = new Uplink(
  systemClock,
  silentLog,
  { buffer: new EndlessBuffer(), client },
  {
    address,
    instance: "bench",
    version: "bench",
    catalogue: { version: catalogue.version, json: JSON.stringify(catalogue) },
    onCommand: () => {},
  },
);
const ending = new AbortController();
parentPort?.once("message", () => ending.abort());
await uplink.run(ending.signal);
await client.close();
