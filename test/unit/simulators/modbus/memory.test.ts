import { describe, expect, it } from "vitest";
import type { ModbusProfile } from "../../../../device-profiles/profile.ts";
import { answer } from "../../../../simulators/modbus/answer.ts";
import { DeviceMemory } from "../../../../simulators/modbus/memory.ts";
import { onTheWire } from "../../../../simulators/modbus/sunspec.ts";
import { hex, toHex } from "../../../support/hex.ts";
import { type Simulated, simulated } from "../../../support/simulated.ts";

function memoryOf(campus: Simulated, id: string): DeviceMemory {
  const device = campus.device(id);
  return new DeviceMemory(device, device.profile as ModbusProfile);
}

const ask = (memory: DeviceMemory, request: string): string =>
  toHex(answer(memory, Buffer.from(hex(request))));

const float = (answered: string): number => Buffer.from(hex(answered)).readFloatBE(2);

describe("limits of the real devices", () => {
  it.each([
    ["an SDM630 gives 80 registers", "a1-main", "04 00 00 00 50", "04 A0"],
    ["and refuses 81", "a1-main", "04 00 00 00 51", "84 03"],
    ["it has no holding registers of values", "a1-main", "03 00 00 00 02", "83 01"],
    ["nor anything past its map", "a1-main", "04 04 00 00 02", "84 02"],
    ["a water meter gives 17 registers in one piece", "a1-water", "03 00 00 00 11", "03 22"],
    ["and refuses 23", "a1-water", "03 00 00 00 17", "83 03"],
    ["it knows function 3 only", "a1-water", "04 00 00 00 02", "84 01"],
    ["a relay board has eight coils", "a1-f1-lights", "01 00 00 00 08", "01 01"],
    ["and no ninth", "a1-f1-lights", "01 00 00 00 09", "81 03"],
    ["nothing can be written into a meter", "a1-main", "10 00 00 00 02 04 00 00 00 00", "90 01"],
  ])("%s", async (_, id, request, begins) => {
    const memory = memoryOf(await simulated(), id);
    expect(ask(memory, request).slice(0, begins.length)).toBe(begins);
  });
});

describe("values", () => {
  it("an SDM630 shows the building's power in watts and a voltage in Europe's range", async () => {
    const campus = await simulated();
    const memory = memoryOf(campus, "a1-main");
    const { plan, flows } = campus.world;
    const power = flows[plan.feederPositions.get("a1")!]!.activeW;
    expect(float(ask(memory, "04 00 34 00 02"))).toBeCloseTo(power, 0);
    const volts = float(ask(memory, "04 00 00 00 02"));
    expect(volts).toBeGreaterThan(215);
    expect(volts).toBeLessThan(245);
  });

  it("a DTSU666 keeps the divisors of the integer generation: tenths of a watt", async () => {
    const campus = await simulated();
    const { plan, flows } = campus.world;
    const power = flows[plan.feederPositions.get("a1-f1")!]!.activeW;
    expect(float(ask(memoryOf(campus, "a1-f1-meter"), "03 20 12 00 02"))).toBeCloseTo(
      power * 10,
      -1,
    );
  });

  it("a water meter splits its volume into cubic metres and millilitres", async () => {
    const campus = await simulated();
    campus.world.registers.waterM3[0] = 5_207.654321;
    campus.scene.version++;
    const answered = Buffer.from(hex(ask(memoryOf(campus, "a1-water"), "03 00 02 00 04")));
    expect([answered.readInt32BE(2), answered.readInt32BE(6)]).toEqual([5_207, 654_321]);
  });

  it("three phases add up to the whole, and apparent power is not less than active", async () => {
    const campus = await simulated();
    const memory = memoryOf(campus, "a1-main");
    const phases = Buffer.from(hex(ask(memory, "04 00 0C 00 0C")));
    const sum = phases.readFloatBE(2) + phases.readFloatBE(6) + phases.readFloatBE(10);
    const total = float(ask(memory, "04 00 34 00 02"));
    expect(sum).toBeCloseTo(total, 0);
    for (let phase = 0; phase < 3; phase++) {
      const active = phases.readFloatBE(2 + phase * 4);
      expect(phases.readFloatBE(14 + phase * 4)).toBeGreaterThanOrEqual(active);
    }
  });
});

describe("a relay board", () => {
  it("switches the lamps of its rooms, by Waveshare's own frames", async () => {
    const campus = await simulated();
    const memory = memoryOf(campus, "a1-f1-lights");
    const lamp = campus.world.rooms[campus.world.plan.roomPositions.get("a1-101")!]!;
    expect(ask(memory, "05 00 00 FF 00")).toBe("05 00 00 FF 00");
    expect(lamp.lightOn).toBe(true);
    expect(ask(memory, "05 00 00 00 00")).toBe("05 00 00 00 00");
    expect(lamp.lightOn).toBe(false);
    expect(ask(memory, "05 00 00 55 00")).toBe("05 00 00 55 00");
    expect(lamp.lightOn).toBe(true);
  });

  it("takes eight at once, keeps the spare ones too, and reads them back", async () => {
    const memory = memoryOf(await simulated(), "a1-f1-lights");
    expect(ask(memory, "0F 00 00 00 08 01 C5")).toBe("0F 00 00 00 08");
    expect(ask(memory, "01 00 00 00 08")).toBe("01 01 C5");
  });
});

describe("faults in the values", () => {
  const firstFloat = "04 00 34 00 02";

  it("a stuck value stays while the campus moves", async () => {
    const campus = await simulated();
    const memory = memoryOf(campus, "a1-main");
    campus.faults.set("device:a1-main", { kind: "stuck" });
    const before = ask(memory, firstFloat);
    campus.forward(120_000);
    expect(ask(memory, firstFloat)).toBe(before);
    campus.faults.clear("device:a1-main");
    expect(ask(memory, firstFloat)).not.toBe(before);
  });

  it("not-a-number is what IEEE 754 says", async () => {
    const campus = await simulated();
    campus.faults.set("device:a1-main", { kind: "notANumber", point: "power_active" });
    expect(float(ask(memoryOf(campus, "a1-main"), firstFloat))).toBeNaN();
  });

  it("a sentinel is the profile's own", async () => {
    const campus = await simulated();
    campus.faults.set("device:a1-101-sensor", { kind: "sentinel", point: "temperature" });
    expect(ask(memoryOf(campus, "a1-101-sensor"), "04 00 01 00 01")).toBe("04 02 80 00");
  });

  it("a reset counter begins at zero and counts on", async () => {
    const campus = await simulated();
    campus.faults.set("device:a1-main", { kind: "counterReset" });
    const memory = memoryOf(campus, "a1-main");
    expect(float(ask(memory, "04 00 48 00 02"))).toBe(0);
    campus.forward(3_600_000);
    expect(float(ask(memory, "04 00 48 00 02"))).toBeGreaterThan(5);
  });
});

it("a SunSpec meter begins with its marker, the common model, a meter model and the end", async () => {
  const campus = await simulated();
  const profile = campus.profiles.get("sunspec/meter-float") as ModbusProfile;
  const memory = new DeviceMemory(campus.generic(profile.id), profile);
  // "SunS", model 1 of 66 registers; at 40070 model 213 of 124; at 40196 the end, length 0.
  expect(ask(memory, "03 9C 40 00 04")).toBe("03 08 53 75 6E 53 00 01 00 42");
  expect(ask(memory, "03 9C 86 00 02")).toBe("03 04 00 D5 00 7C");
  expect(ask(memory, "03 9D 04 00 02")).toBe("03 04 FF FF 00 00");
});

describe("any profile can be simulated without code", () => {
  it("every Modbus profile of the library answers for every point of its map", async () => {
    const campus = await simulated();
    const silent: string[] = [];
    for (const profile of campus.profiles.values()) {
      if (profile.protocol !== "modbus") continue;
      const memory = new DeviceMemory(campus.generic(profile.id), profile);
      for (const point of profile.points) {
        const { name } = point;
        const read = onTheWire(profile, point.read);
        const answered = memory.read(read.table, read.address, 1);
        const isAlone = profile.limits.readAlone.length > 0;
        if ("exception" in answered && !isAlone) silent.push(`${profile.id}/${name}`);
      }
    }
    expect(silent).toEqual([]);
  });
});
