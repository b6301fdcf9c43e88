/** A gateway's Modbus source on a serial line in memory, on a clock moved by hand. */
import { deviceId } from "../../core/ids.ts";
import { type Duration, seconds } from "../../core/time.ts";
import type { ModbusProfile } from "../../device-profiles/profile.ts";
import { createModbusSource, type ModbusSource } from "../../gateway/sources/modbus/source.ts";
import { createTransport } from "../../gateway/sources/modbus/transport.ts";
import type { DeviceStatus, SourceValue } from "../../gateway/sources/source.ts";
import { silentLog } from "../../platform/log.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryLine } from "./modbus-memory-line.ts";

/** One byte at 9,600 baud, 8N1. */
const BYTE_MS = 10_000 / 9_600;

export class Plant {
  readonly clock = new FakeClock();
  readonly line = new MemoryLine(this.clock, BYTE_MS);
  readonly samples: (SourceValue & { readonly atMs: number })[] = [];
  readonly statuses: DeviceStatus[] = [];
  /** What `keep` does with values. */
  keep: (values: readonly SourceValue[]) => Promise<void> = async (values) => {
    for (const value of values) this.#offer(value);
  };
  source!: ModbusSource;
  readonly #power: Duration;
  #stop: () => Promise<void> = async () => {};

  constructor(power: Duration) {
    this.#power = power;
  }

  start(profiles: readonly ModbusProfile[], settings: Record<string, number> = {}): void {
    const abort = new AbortController();
    this.source = createModbusSource({
      connection: {
        id: "bus",
        protocol: "modbus",
        transport: "serial",
        path: "/dev/memory",
        baud: 9_600,
        parity: "none",
        stopBits: 1,
      },
      devices: profiles.map((profile, i) => ({
        device: deviceId(`d${i + 1}`),
        unit: i + 1,
        profile,
        settings,
      })),
      sink: { offer: (value) => this.#offer(value), keep: (values) => this.keep(values) },
      clock: this.clock,
      log: silentLog,
      onStatus: (status) => this.statuses.push(status),
      periods: { power: this.#power },
      hash: (text) => `hash of ${text}`,
      random: () => 0,
      makeTransport: (options) => createTransport({ ...options, openWire: this.line.openWire }),
    });
    const running = this.source.run(abort.signal);
    this.#stop = async () => {
      abort.abort();
      await this.clock.advance(seconds(1));
      await running;
    };
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #offer(value: SourceValue): void {
    this.samples.push({ ...value, atMs: this.clock.monotonic() });
  }

  values(point: string): unknown[] {
    return this.of(point).map((s) => (s.quality === "bad" ? s.reason : s.value));
  }

  of(point: string): (SourceValue & { readonly atMs: number })[] {
    return this.samples.filter((sample) => sample.point === point);
  }

  /** Longest time between two good samples of a point, within a span of the timeline. */
  longestGap(point: string, fromMs: number, throughMs: number): number {
    const times = this.of(point)
      .filter((s) => s.quality === "good" && s.atMs >= fromMs && s.atMs <= throughMs)
      .map((sample) => sample.atMs);
    return Math.max(...times.slice(1).map((time, i) => time - times[i]!));
  }
}
