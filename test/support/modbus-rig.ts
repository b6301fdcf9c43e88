/** A Modbus source on the real clock and the device it talks to over a real socket. */
import { milliseconds } from "../../core/time.ts";
import {
  createModbusSource,
  type ModbusDevice,
  type ModbusSource,
} from "../../gateway/sources/modbus/source.ts";
import type { DeviceStatus, SourceValue } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type Bank, type ModbusTestDevice, startModbusDevice } from "./modbus-device.ts";

export interface ModbusRig {
  readonly device: ModbusTestDevice;
  readonly samples: SourceValue[];
  readonly statuses: DeviceStatus[];
  readonly source: ModbusSource;
  readonly of: (point: string) => SourceValue[];
  stop(): Promise<void>;
}

export async function startModbusRig(
  units: Map<number, Bank>,
  devices: readonly ModbusDevice[],
  framing: "mbap" | "rtu" = "mbap",
): Promise<ModbusRig> {
  const device = await startModbusDevice(units, framing);
  const samples: SourceValue[] = [];
  const statuses: DeviceStatus[] = [];
  const abort = new AbortController();
  const source = createModbusSource({
    connection: {
      id: "line-1",
      protocol: "modbus",
      transport: framing === "mbap" ? "tcp" : "rtu-over-tcp",
      host: "127.0.0.1",
      port: device.port,
    },
    devices,
    sink: {
      offer: (value) => samples.push(value),
      keep: async (values) => {
        samples.push(...values);
      },
    },
    clock: systemClock,
    log: silentLog,
    onStatus: (status) => statuses.push(status),
    periods: { power: milliseconds(100) },
  });
  const running = source.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
    await device.close();
  };
  const of = (point: string): SourceValue[] => samples.filter((sample) => sample.point === point);
  return { device, samples, statuses, source, of, stop };
}
