/**
 * What single devices ask of us: events to be taken over, signs of life, models to be found,
 * standstill.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { PointId } from "../../core/ids.ts";
import { minutes, seconds } from "../../core/time.ts";
import type { ModbusPoint } from "../../device-profiles/profile.ts";
import { bank } from "../support/modbus-device.ts";
import { Plant } from "../support/modbus-plant.ts";
import { at, BIG, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";

const plants: Plant[] = [];
afterEach(async () => {
  for (const plant of plants.splice(0)) await plant.stop();
});
const build = (): Plant => {
  const plant = new Plant(seconds(1));
  plants.push(plant);
  return plant;
};

describe("a card reader that holds one event until it is taken", () => {
  // Inveo RFID-IND-U4: the card's digits in registers 1000–1004, coil 1004 says one is there.
  const card = modbusPoint("card_event", at(1000, "string", { length: 5, hex: true }), {
    kind: "event",
    momentary: true,
    personal: true,
    poll: "hazard",
    handshake: {
      ready: at(1004, "bit", { table: "coil" }),
      values: [1],
      clear: { function: "writeCoil", address: 1004, type: "bit", order: BIG, value: 0 },
    },
  });
  const unlock = modbusPoint("unlock", at(1010, "bit", { table: "coil" }), {
    kind: "state",
    writeOnly: true,
    write: { function: "writeCoil", address: 1010, type: "bit", order: BIG },
  });

  function reader(): { plant: Plant; present: (digits: number[]) => void } {
    const plant = build();
    const { bank: registers } = plant.line.add(1, bank());
    const present = (digits: number[]): void => {
      for (const [i, word] of digits.entries()) registers.registers.set(1000 + i, word);
      registers.bits.set(1004, 1);
    };
    plant.start([modbusProfile([card, unlock])]);
    return { plant, present };
  }

  it("gives each card once, hidden, and is cleared", async () => {
    const { plant, present } = reader();
    await plant.clock.advance(seconds(5));
    expect(plant.samples).toEqual([]);
    present([0x04a1, 0xb2c3, 0xd4e5, 0, 0]);
    await plant.clock.advance(seconds(5));
    present([0x0001, 0, 0, 0, 0]);
    await plant.clock.advance(seconds(5));
    expect(plant.values("d1/card_event")).toEqual([
      "hash of 04a1b2c3d4e500000000",
      "hash of 00010000000000000000",
    ]);
    expect(plant.line.devices.get(1)!.bank.bits.get(1004)).toBe(0);
  });

  it("leaves the card in the device until it is kept on disk", async () => {
    const { plant, present } = reader();
    let isFull = true;
    const keep = plant.keep;
    plant.keep = (values) => (isFull ? Promise.reject(new Error("disk full")) : keep(values));
    present([1, 2, 3, 4, 5]);
    await plant.clock.advance(seconds(5));
    expect(plant.line.devices.get(1)!.bank.bits.get(1004)).toBe(1);
    isFull = false;
    await plant.clock.advance(seconds(2));
    expect(plant.values("d1/card_event")).toHaveLength(1);
    expect(plant.line.devices.get(1)!.bank.bits.get(1004)).toBe(0);
  });

  it("never asks for what can only be written", async () => {
    const { plant } = reader();
    await plant.clock.advance(seconds(5));
    const point = "d1/unlock" as PointId;
    const reading = plant.source.read(point, seconds(1));
    await plant.clock.advance(seconds(1));
    expect(await reading).toMatchObject({ kind: "none" });
    expect(plant.line.requests.some((request) => request.address === 1010)).toBe(false);
    const writing = plant.source.write({ point, value: 1, timeout: seconds(1) });
    await plant.clock.advance(seconds(1));
    expect(await writing).toEqual({ kind: "accepted" });
  });
});

describe("a device with a watchdog", () => {
  it("is told in turn that the gateway lives", async () => {
    const plant = build();
    plant.line.add(1, bank({ 0: 1 }));
    const write = { function: "writeRegister", address: 99, type: "uint16", order: BIG } as const;
    const keepAlive = { write, values: [0, 1], every: seconds(10) };
    plant.line.add(2, bank({ 0: 1 }));
    const watched = modbusProfile([modbusPoint("p", at(0))], {}, { keepAlive });
    plant.start([watched, watched]);
    await plant.clock.advance(minutes(1));
    const signs = plant.line.requests.filter((r) => r.code === 6 && r.unit === 1);
    expect(signs.length).toBeGreaterThanOrEqual(6);
    expect(signs[1]!.atMs - signs[0]!.atMs).toBeCloseTo(10_000, -2);
    for (const unit of [1, 2]) {
      const given = plant.line.requests.filter((r) => r.code === 6 && r.unit === unit);
      const last = plant.line.devices.get(unit)!.bank.registers.get(99);
      expect([unit, last]).toEqual([unit, (given.length - 1) % 2]);
    }
  });
});

describe("a SunSpec meter", () => {
  // Common model 1 (66 registers) at 40002, then wye meter 203 (105 registers), then the end.
  const chain: Record<number, number> = {};
  for (let i = 40_000; i < 40_180; i++) chain[i] = 0;
  Object.assign(chain, { 40000: 0x5375, 40001: 0x6e53, 40002: 1, 40003: 66 });
  Object.assign(chain, { 40070: 203, 40071: 105, 40177: 0xffff, 40178: 0 });
  // Of model 203: frequency at 16 with its scale factor at 17, power at 18 with 22.
  Object.assign(chain, { 40086: 5_001, 40087: 0xfffe, 40088: 1_234, 40092: 0x8000 });
  const points: ModbusPoint[] = [
    modbusPoint("frequency", at(16, "int16"), { exponentFrom: at(17, "int16") }),
    modbusPoint("power", at(18, "int16"), { exponentFrom: at(22, "int16") }),
    modbusPoint("maker", at(2, "uint16", { model: 1 })),
    modbusPoint("battery", at(2, "uint16", { model: 802 })),
  ];
  const sunspec = { bases: [0, 40_000, 50_000], models: [204, 203] };

  it("is searched for its models and read where they are", async () => {
    const plant = build();
    plant.line.add(1, bank(chain));
    plant.start([modbusProfile(points, {}, { sunspec })]);
    await plant.clock.advance(seconds(20));
    expect(plant.values("d1/frequency").at(-1)).toBe(50.01);
    expect(plant.values("d1/frequency")).not.toContain("notImplemented");
    expect(plant.values("d1/power").at(-1)).toBe("notImplemented");
    expect(plant.values("d1/maker").at(-1)).toBe(0);
    expect(plant.values("d1/battery")).toEqual(["notImplemented"]);
  });

  it("says so when there is none, and looks again", async () => {
    const plant = build();
    const { bank: registers } = plant.line.add(1, bank());
    plant.start([modbusProfile(points, {}, { sunspec })]);
    await plant.clock.advance(seconds(20));
    expect(plant.of("d1/frequency")).toMatchObject([
      { quality: "bad", reason: "notImplemented", detail: 'no "SunS" at 0, 40000, 50000' },
    ]);
    for (const [address, word] of Object.entries(chain)) {
      registers.registers.set(Number(address), word);
    }
    await plant.clock.advance(minutes(2));
    expect(plant.values("d1/frequency").at(-1)).toBe(50.01);
  });
});

describe("a gas transmitter whose heartbeat must change", () => {
  const points = [
    modbusPoint("gas_lel", at(2), {
      hazard: "combustibleGas",
      gate: { point: "sensor_state", values: [1] },
    }),
    modbusPoint("sensor_state", at(6), { kind: "state", poll: "slow" }),
    modbusPoint("heartbeat", at(9), { kind: "state", poll: "slow" }),
  ];
  const liveness = { point: "heartbeat", changesWithin: seconds(30) };

  it("is not believed while it stands still, and is when it moves again", async () => {
    const plant = build();
    const { bank: registers } = plant.line.add(1, bank({ 2: 3, 6: 1, 9: 0 }));
    plant.start([modbusProfile(points, {}, { liveness })]);
    const beat = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await plant.clock.advance(seconds(1));
        registers.registers.set(9, i % 2);
      }
    };
    await beat();
    expect(new Set(plant.values("d1/gas_lel"))).toEqual(new Set([3]));
    await plant.clock.advance(seconds(40));
    expect(plant.values("d1/gas_lel").at(-1)).toBe("deviceBad");
    expect(plant.statuses.at(-1)).toMatchObject({ state: "offline", reason: "deviceBad" });
    await beat();
    expect(plant.values("d1/gas_lel").at(-1)).toBe(3);
    expect(plant.statuses.at(-1)).toMatchObject({ state: "online" });
  });

  it("has its gate asked for as often as its gas, and no false start", async () => {
    const plant = build();
    const { bank: registers } = plant.line.add(1, bank({ 2: 3, 6: 1, 9: 0 }));
    plant.start([modbusProfile(points)]);
    await plant.clock.advance(seconds(5));
    expect(new Set(plant.values("d1/gas_lel"))).toEqual(new Set([3]));
    registers.registers.set(6, 2);
    await plant.clock.advance(seconds(1.2));
    expect(plant.of("d1/gas_lel").at(-1)).toMatchObject({
      reason: "gated",
      detail: "sensor_state is 2",
    });
  });
});
