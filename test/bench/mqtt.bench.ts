/** The gateway's own broker with its source, pipeline and disk behind it: 100 devices, 5,000 messages/s. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceId, type PointId, pointId } from "../../core/ids.ts";
import { days, milliseconds } from "../../core/time.ts";
import { Committer } from "../../gateway/buffer/committer.ts";
import { openDiskBuffer } from "../../gateway/buffer/open-buffer.ts";
import type { PassOnRule } from "../../gateway/pipeline/pass-on.ts";
import { Pipeline } from "../../gateway/pipeline/pipeline.ts";
import { startDeviceBroker } from "../../gateway/sources/mqtt/attachment.ts";
import { createMqttSource } from "../../gateway/sources/mqtt/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { libraryProfile } from "../support/profiles.ts";
import type { BenchFigure } from "./figure.ts";

const DEVICES = 100;
const PER_DEVICE_AND_SECOND = 50;
const SECONDS = 10;

interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly p99: number;
}

export async function mqttBench(): Promise<readonly BenchFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-bench-"));
  const [clock, log] = [systemClock, silentLog];
  const profile = await libraryProfile("mqtt", "lamplighter/lab-sensor");
  const ids = Array.from({ length: DEVICES }, (_, i) => deviceId(`lab-${i}`));
  const rules = new Map<PointId, PassOnRule>(
    ids.flatMap((id) =>
      profile.points.map((point): [PointId, PassOnRule] => [
        pointId(id, point.name),
        { ...point, isHazard: point.hazard !== undefined },
      ]),
    ),
  );
  const file = join(folder, "buffer.sqlite");
  const buffer = openDiskBuffer(file, clock, log, {
    bytesMax: 2e9,
    keep: days(1),
    storedBytesMax: 1e9,
    keepStored: days(1),
  });
  const committer = new Committer(clock, log, buffer);
  const pipeline = new Pipeline(log, committer, { rules, uplinkAwayFor: () => milliseconds(0) });
  const users = new Map([["plant", { password: "secret", publish: ["#"], subscribe: ["#"] }]]);
  const device = await startDeviceBroker({ host: "127.0.0.1", port: 0, users, clock, log });
  const source = createMqttSource({
    devices: ids.map((id) => ({ id, profile, topic: `plant/${id}` })),
    attachment: device.attach(),
    sink: pipeline,
    clock,
    log,
    onStatus: () => {},
    hash: createPersonalHash(Buffer.alloc(32)),
    zone: "Asia/Shanghai",
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  const cpu = process.cpuUsage();
  const result = await load(device.broker.port);
  const { user, system } = process.cpuUsage(cpu);
  const { samples } = source.counts();
  stop.abort();
  await running;
  await device.broker.close();
  await committer.stop();
  buffer.close();
  rmSync(folder, { recursive: true, force: true });
  return [
    {
      name: "embedded broker, 100 devices, QoS 1, durable before the acknowledgement",
      value: Math.round(result.acknowledged / SECONDS),
      unit: "messages/s",
      budget: "≥ 5,000 (all that was sent)",
    },
    {
      name: "not acknowledged of all that was sent",
      value: result.sent - result.acknowledged,
      unit: "messages",
      budget: "0",
    },
    {
      name: "core for broker, decoding, pipeline and disk",
      value: Math.round(((user + system) / 1e6 / SECONDS) * 100) / 100,
      unit: "cores",
      budget: "≤ 1",
    },
    {
      name: "acknowledged within, p99",
      value: Math.round(result.p99),
      unit: "ms",
      budget: "≤ 250",
    },
    { name: "samples", value: samples, unit: "samples", budget: "4 per message" },
  ];
}

function load(port: number): Promise<LoadResult> {
  const program = new URL("mqtt-load.ts", import.meta.url).pathname;
  const words = [port, DEVICES, PER_DEVICE_AND_SECOND, SECONDS].map(String);
  return new Promise((resolve, reject) => {
    const child = fork(program, words, { stdio: "inherit" });
    child.once("message", (message) => resolve(message as LoadResult));
    child.once("error", reject);
  });
}
