/** The Modbus source against devices on real sockets: values, writes, and every way a device can be bad. */
import { afterEach, describe, expect, it } from "vitest";
import { deviceId, type PointId } from "../../core/ids.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import { createModbusSource, type ModbusDevice } from "../../gateway/sources/modbus/source.ts";
import type { DeviceStatus, SourceValue } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import {
  type Bank,
  bank,
  type ModbusTestDevice,
  startModbusDevice,
} from "../support/modbus-device.ts";
import { at, BIG, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const meter = modbusProfile([
  modbusPoint("voltage", at(0, "float32")),
  modbusPoint("power", at(2, "int32"), { scale: 0.1 }),
  modbusPoint("lamp", at(8), {
    kind: "state",
    write: { function: "writeRegister", address: 8, type: "uint16", order: BIG },
  }),
  modbusPoint("relay", at(3, "bit", { table: "coil" }), {
    kind: "state",
    write: { function: "writeCoil", address: 3, type: "bit", order: BIG },
  }),
  modbusPoint("setpoint", at(10, "float32"), {
    write: { function: "writeRegisters", address: 10, type: "float32", order: BIG },
  }),
  modbusPoint("mode", at(9, "uint16", { mask: 0x0070, shift: 4 }), {
    kind: "state",
    write: { function: "maskWrite", address: 9, type: "uint16", order: BIG },
  }),
]);

// 230.2 V: the answer bytes 43 66 33 34 of Eastron's SDM630 example in the field notes.
const meterBank = (): Bank =>
  bank({ 0: 0x4366, 1: 0x3334, 2: 0xffff, 3: 0xfff6, 8: 1, 9: 0x0020, 10: 0, 11: 0 });

interface Rig {
  readonly device: ModbusTestDevice;
  readonly samples: SourceValue[];
  readonly statuses: DeviceStatus[];
  readonly source: ReturnType<typeof createModbusSource>;
  readonly of: (point: string) => SourceValue[];
}

async function rig(
  units: Map<number, Bank>,
  devices: readonly ModbusDevice[],
  framing: "mbap" | "rtu" = "mbap",
): Promise<Rig> {
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
  cleanups.push(async () => {
    abort.abort();
    await running;
    await device.close();
  });
  const of = (point: string): SourceValue[] => samples.filter((sample) => sample.point === point);
  return { device, samples, statuses, source, of };
}

const one = (unit = 1, name = "m1"): ModbusDevice => ({
  device: deviceId(name),
  unit,
  profile: meter,
  settings: {},
});

describe.each(["mbap", "rtu"] as const)("a Modbus source over %s", (framing) => {
  it("reads what the device holds", async () => {
    const { of } = await rig(new Map([[1, meterBank()]]), [one()], framing);
    const voltage = await eventually("a voltage", () => of("m1/voltage")[0]);
    expect(voltage).toMatchObject({ quality: "good", timeSource: "gateway" });
    expect(voltage.quality === "good" && voltage.value).toBeCloseTo(230.2, 4);
    const power = await eventually("a power", () => of("m1/power")[0]);
    expect(power).toMatchObject({ quality: "good", value: -1 });
  });

  it("writes registers, coils, floats and bits, and reads them back", async () => {
    const { source, device } = await rig(new Map([[1, meterBank()]]), [one()], framing);
    const writes: readonly (readonly [string, number])[] = [
      ["m1/lamp", 0],
      ["m1/relay", 1],
      ["m1/setpoint", 21.5],
      ["m1/mode", 5],
    ];
    for (const [point, value] of writes) {
      const request = { point: point as PointId, value, timeout: seconds(2) };
      expect(await source.write(request)).toEqual({ kind: "accepted" });
      const shown = await source.read(point as PointId, seconds(2));
      expect(shown).toMatchObject({ kind: "value", value });
    }
    expect(device.units.get(1)?.registers.get(9)).toBe(0x0050);
  });

  it("gives the reason instead of a value when the device falls silent, once", async () => {
    const units = new Map([[1, meterBank()]]);
    const { of, statuses } = await rig(units, [one()], framing);
    await eventually("online", () => statuses.at(-1)?.state === "online");
    units.delete(1);
    await eventually("offline", () => statuses.at(-1)?.state === "offline");
    const bad = of("m1/voltage").filter((sample) => sample.quality === "bad");
    expect(bad).toHaveLength(1);
    expect(bad[0]).toMatchObject({ reason: "timeout" });
    expect(of("m1/voltage").at(-1)?.quality).toBe("bad");
    units.set(1, meterBank());
    await eventually("online again", () => statuses.at(-1)?.state === "online");
    await eventually("good again", () => of("m1/voltage").at(-1)?.quality === "good");
  });

  it("keeps asking the neighbours of a dead unit", async () => {
    const units = new Map([
      [1, meterBank()],
      [3, meterBank()],
    ]);
    const devices = [one(1, "m1"), one(2, "m2"), one(3, "m3")];
    const { of, statuses } = await rig(units, devices, framing);
    await eventually("m2 lost", () =>
      statuses.some((s) => s.device === "m2" && s.state === "offline"),
    );
    const before = of("m1/voltage").length;
    await eventually("m1 goes on", () => of("m1/voltage").length > before + 5);
    expect(of("m1/voltage").every((sample) => sample.quality === "good")).toBe(true);
    expect(of("m3/voltage").every((sample) => sample.quality === "good")).toBe(true);
    expect(of("m2/voltage")).toMatchObject([{ quality: "bad", reason: "timeout" }]);
  });

  it("sets only the illegal point aside", async () => {
    const registers = meterBank();
    registers.registers.delete(8);
    const { of } = await rig(new Map([[1, registers]]), [one()], framing);
    const lamp = await eventually("lamp set aside", () => of("m1/lamp")[0]);
    expect(lamp).toMatchObject({ quality: "bad", reason: "setAside" });
    for (const name of ["voltage", "power", "setpoint", "mode"]) {
      const sample = await eventually(name, () => of(`m1/${name}`).at(-1));
      expect(sample.quality).toBe("good");
    }
  });
});
