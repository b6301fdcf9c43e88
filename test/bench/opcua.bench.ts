/** The gateway's OPC UA source against a server in another process: steady changes, and a large start. */
import { type ChildProcess, fork } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { deviceId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import { createOpcuaSource } from "../../gateway/sources/opcua/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { SampleSink, SourceValue } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import { libraryProfile } from "../support/profiles.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchFigure } from "./figure.ts";

const NAMESPACE = "urn:lamplighter:lighting-controller";
const STEADY_ITEMS = 2_001;
const ROUNDS = 15;
const START_ITEMS = 20_001;

export async function opcuaBench(): Promise<readonly BenchFigure[]> {
  return [...(await steady()), ...(await largeStart())];
}

class CountingSink implements SampleSink {
  readonly values = new Map<string, Set<unknown>>();

  offer(value: SourceValue): void {
    if (value.quality === "bad") return;
    const seen = this.values.get(value.point) ?? new Set();
    seen.add(value.value);
    this.values.set(value.point, seen);
  }

  async keep(): Promise<void> {}
}

async function steady(): Promise<readonly BenchFigure[]> {
  const { child, port } = await serve(STEADY_ITEMS);
  const run = await start(port, STEADY_ITEMS);
  await eventually("all items", () => run.sink.values.size === STEADY_ITEMS, seconds(60));
  const cpu = process.cpuUsage();
  child.send(ROUNDS);
  await new Promise((resolve) => child.once("message", resolve));
  await systemClock.sleep(seconds(2));
  const { user, system } = process.cpuUsage(cpu);
  const rss = process.memoryUsage().rss;
  let lost = 0;
  for (const [point, seen] of run.sink.values) {
    if (!point.endsWith("/power_active")) continue;
    for (let round = 1; round <= ROUNDS; round++) if (!seen.has(round)) lost++;
  }
  await run.stop();
  child.kill();
  return [
    {
      name: "OPC UA, 2,000 items changing each second",
      value: Math.round(((user + system) / 1e6 / (ROUNDS + 2)) * 100) / 100,
      unit: "cores",
      budget: "≤ 0.35",
    },
    { name: "… memory", value: Math.round(rss / 1e6), unit: "MB", budget: "≤ 300" },
    { name: "… changes lost", value: lost, unit: "values", budget: "0" },
  ];
}

async function largeStart(): Promise<readonly BenchFigure[]> {
  const { child, port } = await serve(START_ITEMS);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const began = performance.now();
  const run = await start(port, START_ITEMS);
  await eventually("20,000 items", () => run.sink.values.size >= START_ITEMS, seconds(120));
  const took = (performance.now() - began) / 1_000;
  delay.disable();
  await run.stop();
  child.kill();
  return [
    {
      name: "OPC UA, 20,000 items from start to live values",
      value: Math.round(took * 10) / 10,
      unit: "s",
      budget: "≤ 20",
    },
    {
      name: "… longest stop of the event loop",
      value: Math.round(delay.max / 1e6),
      unit: "ms",
      budget: "≤ 50",
    },
  ];
}

async function start(
  port: number,
  items: number,
): Promise<{ readonly sink: CountingSink; stop(): Promise<void> }> {
  const profile = await libraryProfile("opcua", "lamplighter/lighting-controller");
  const sink = new CountingSink();
  const source = createOpcuaSource({
    connection: {
      id: "bench",
      protocol: "opcua",
      endpoint: `opc.tcp://127.0.0.1:${port}/`,
      security: "None",
      mode: "SignAndEncrypt",
    },
    devices: Array.from({ length: Math.ceil(items / 3) }, (_, i) => ({
      id: deviceId(`lights-${i}`),
      profile,
      object: [`${NAMESPACE}#lights-${i}`],
    })),
    pkiFolder: temporaryFolder(),
    sink,
    clock: systemClock,
    log: silentLog,
    onStatus: () => {},
    hash: createPersonalHash(Buffer.alloc(32)),
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  return {
    sink,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

function serve(items: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const program = new URL("opcua-load.ts", import.meta.url).pathname;
  const child = fork(program, [String(items)], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("message", (message) =>
      resolve({ child, port: (message as { port: number }).port }),
    );
  });
}
