/**
 * The gateway's side of the Modbus benchmark, a process of its own so that its CPU and memory are
 * nobody else's: takes `{ports, living, seconds}` as JSON in its first argument, prints what it
 * measured.
 */
import { connect } from "node:net";
import { deviceId } from "../../core/ids.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import { ModbusClient } from "../../gateway/sources/modbus/client.ts";
import { createModbusSource } from "../../gateway/sources/modbus/source.ts";
import { createTransport } from "../../gateway/sources/modbus/transport.ts";
import { openTcp } from "../../gateway/sources/modbus/transport-tcp.ts";
import type { SourceValue } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { at, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";

const POINTS_PER_DEVICE = 50;
const PERIOD_MS = 1_000;
const WARM_UP = seconds(6);

export interface LoadOrder {
  readonly ports: readonly number[];
  /** The ports of devices that answer well. */
  readonly living: readonly number[];
  readonly seconds: number;
}

export interface LoadResult {
  readonly cpuShare: number;
  readonly rssMb: number;
  readonly samplesPerSecond: number;
  readonly lagMsP99: number;
  /** One connection as fast as it goes, through all of our layers and through a bare socket. */
  readonly ours: Saturated;
  readonly bare: Saturated;
}

interface Saturated {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
}

const order: LoadOrder = JSON.parse(process.argv[2] ?? "{}");
const profile = modbusProfile(
  Array.from({ length: POINTS_PER_DEVICE }, (_, i) => modbusPoint(`p${i}`, at(2 * i, "float32"))),
);

const arrivals = new Map<string, number[]>();
let samples = 0;
function offer(value: SourceValue): void {
  if (value.quality !== "good") return;
  samples++;
  if (!value.point.endsWith("/p0")) return;
  arrivals.get(value.point)?.push(performance.now());
}

async function poll(): Promise<Omit<LoadResult, "ours" | "bare">> {
  const abort = new AbortController();
  const running = order.ports.map((port) => {
    const device = deviceId(`d${port}`);
    if (order.living.includes(port)) arrivals.set(`${device}/p0`, []);
    return createModbusSource({
      connection: { id: `c${port}`, protocol: "modbus", transport: "tcp", host: "127.0.0.1", port },
      devices: [{ device, unit: 1, profile, settings: {} }],
      sink: { offer, keep: async () => {} },
      clock: systemClock,
      log: silentLog,
      onStatus: () => {},
    }).run(abort.signal);
  });
  await systemClock.sleep(WARM_UP);
  for (const times of arrivals.values()) times.length = 0;
  samples = 0;
  const start = performance.now();
  const before = process.cpuUsage();
  await systemClock.sleep(seconds(order.seconds));
  const used = process.cpuUsage(before);
  const elapsedMs = performance.now() - start;
  const result = {
    cpuShare: (used.user + used.system) / 1_000 / elapsedMs,
    rssMb: process.memoryUsage().rss / 1_048_576,
    samplesPerSecond: (samples * 1_000) / elapsedMs,
    lagMsP99: lag(0.99),
  };
  abort.abort();
  await Promise.all(running);
  return result;
}

/**
 * How far answers are from the device's own beat, seen from outside; a missed beat counts whole.
 */
function lag(share: number): number {
  const lags: number[] = [];
  for (const times of arrivals.values()) {
    const first = times[0] ?? 0;
    const phase = Math.min(...times.map((time, i) => time - i * PERIOD_MS)) - first;
    for (const [i, time] of times.entries()) lags.push(time - first - i * PERIOD_MS - phase);
    if (times.length < order.seconds - 1) lags.push(PERIOD_MS);
  }
  lags.sort((a, b) => a - b);
  return lags[Math.floor(share * lags.length)] ?? Number.NaN;
}

const REQUESTS = 5_000;

/** One connection as fast as it goes: through all of our layers, and through a socket alone. */
async function saturate(port: number): Promise<Pick<LoadResult, "ours" | "bare">> {
  const none = milliseconds(0);
  const transport = createTransport({
    openWire: openTcp({ host: "127.0.0.1", port }, systemClock),
    framing: "mbap",
    silence: none,
    gap: none,
    name: "fleet",
    clock: systemClock,
  });
  await transport.open(new AbortController().signal);
  const client = new ModbusClient(transport);
  const read = { unit: 1, table: "holding", address: 0, count: 100, within: seconds(1) } as const;
  const through = async (): Promise<void> => {
    for (let i = 0; i < REQUESTS; i++) await client.read(read);
  };
  // The first run of each only warms the compiler up.
  await through();
  const ours = await timed(through);
  await transport.close();
  await bareLoop(port);
  return { ours, bare: await timed(() => bareLoop(port)) };
}

async function timed(work: () => Promise<void>): Promise<Saturated> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return {
    requestsPerSecond: (REQUESTS * 1_000) / (performance.now() - start),
    cpuUsPerRequest: (user + system) / REQUESTS,
  };
}

function bareLoop(port: number): Promise<void> {
  const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 100]);
  return new Promise((resolve, reject) => {
    let received = 0;
    let answers = 0;
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.on("error", reject);
    socket.on("connect", () => socket.write(request));
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (received < 209) return;
      received = 0;
      if (++answers === REQUESTS) {
        socket.destroy();
        resolve();
      } else socket.write(request);
    });
  });
}

const polled = await poll();
const saturated = await saturate(order.living[0] ?? 0);
process.stdout.write(`${JSON.stringify({ ...polled, ...saturated })}\n`);
