/** A shared serial line over minutes, on a clock moved by hand. */
import { afterEach, describe, expect, it } from "vitest";
import type { PointId } from "../../core/ids.ts";
import { minutes, seconds } from "../../core/time.ts";
import type { ModbusPoint, ModbusProfile } from "../../device-profiles/profile.ts";
import { bank, framed } from "../support/modbus-device.ts";
import { Plant } from "../support/modbus-plant.ts";
import { at, BIG, modbusPoint, modbusProfile } from "../support/modbus-profile.ts";

const PERIOD = seconds(2);

const plants: Plant[] = [];
afterEach(async () => {
  for (const plant of plants.splice(0)) await plant.stop();
});
const build = (): Plant => {
  const plant = new Plant(PERIOD);
  plants.push(plant);
  return plant;
};

const twenty = (): ModbusPoint[] =>
  Array.from({ length: 20 }, (_, i) => modbusPoint(`p${i}`, at(i)));
const registers = (): Record<number, number> =>
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i, i]));
const meter = (points = twenty()): ModbusProfile =>
  modbusProfile(points, { answerWithin: seconds(0.5) });

function tenMeters(): Plant {
  const plant = build();
  for (let unit = 1; unit <= 10; unit++) plant.line.add(unit, bank(registers()));
  plant.start(Array.from({ length: 10 }, () => meter()));
  return plant;
}

const NEIGHBOURS = [1, 2, 3, 4, 6, 7, 8, 9, 10];

describe("ten meters on a line of 9,600 baud", () => {
  it("keep their beats for ten minutes without drifting", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(10));
    for (let unit = 1; unit <= 10; unit++) {
      const count = plant.of(`d${unit}/p0`).length;
      expect(count).toBeGreaterThanOrEqual(299);
      expect(count).toBeLessThanOrEqual(301);
      expect(plant.longestGap(`d${unit}/p0`, 0, minutes(10))).toBeLessThan(PERIOD + 200);
    }
  });

  it("lose one poll each at most when one dies, and the dead one takes 5 % at most", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(1));
    plant.line.devices.get(5)!.isDead = true;
    await plant.clock.advance(minutes(5));
    for (const unit of NEIGHBOURS) {
      expect(plant.longestGap(`d${unit}/p0`, 0, minutes(6))).toBeLessThan(2 * PERIOD);
    }
    const probes = plant.line.requests.filter((r) => r.unit === 5 && r.atMs >= minutes(3));
    // Each probe holds the line for its timeout and the frames' own time, 0.57 s.
    expect((probes.length * 570) / minutes(3)).toBeLessThanOrEqual(0.05);
    expect(probes.length).toBeGreaterThan(10);
    expect(plant.statuses.at(-1)).toMatchObject({ device: "d5", state: "offline" });
  });

  it("say why the dead one has no value: once, then by heartbeat, never an old one", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(1));
    plant.line.devices.get(5)!.isDead = true;
    const diedAt = plant.clock.monotonic();
    await plant.clock.advance(minutes(3));
    const after = plant.of("d5/p0").filter((sample) => sample.atMs > diedAt);
    expect(after.every((s) => s.quality === "bad" && s.reason === "timeout")).toBe(true);
    expect(after[0]!.atMs - diedAt).toBeLessThan(seconds(5));
    expect(after.length).toBeGreaterThanOrEqual(3);
    expect(after.length).toBeLessThanOrEqual(4);
  });

  it("are back at once when the dead one answers again", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(1));
    plant.line.devices.get(5)!.isDead = true;
    await plant.clock.advance(minutes(2));
    plant.line.devices.get(5)!.isDead = false;
    await plant.clock.advance(seconds(11));
    expect(plant.statuses.at(-1)).toMatchObject({ device: "d5", state: "online" });
    expect(plant.of("d5/p19").at(-1)).toMatchObject({ quality: "good", value: 19 });
    expect(plant.longestGap("d5/p0", plant.clock.monotonic() - 5_000, minutes(9))).toBeLessThan(
      2_200,
    );
  });

  it("hold four dead ones without losing more than one poll", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(1));
    for (const unit of [7, 8, 9, 10]) plant.line.devices.get(unit)!.isDead = true;
    await plant.clock.advance(minutes(5));
    for (const unit of [1, 2, 3, 4, 5, 6]) {
      expect(plant.longestGap(`d${unit}/p0`, 0, minutes(6))).toBeLessThan(2 * PERIOD + 500);
      expect(plant.longestGap(`d${unit}/p0`, minutes(2), minutes(6))).toBeLessThan(2 * PERIOD);
    }
    const { sentences } = plant.source.report();
    expect(sentences.map((s) => s.en).join("\n")).toContain("unit 7 stopped at");
    expect(sentences.map((s) => s.en).join("\n")).toContain(
      "together with 8, 9, 10: look at the cable between 6 and 7",
    );
  });

  it("lose every value when the adapter is unplugged and have them back with it", async () => {
    const plant = tenMeters();
    await plant.clock.advance(minutes(1));
    plant.line.unplug();
    await plant.clock.advance(seconds(30));
    for (let unit = 1; unit <= 10; unit++) {
      const bad = plant.of(`d${unit}/p3`).filter((sample) => sample.quality === "bad");
      expect(bad).toMatchObject([{ reason: "connectionLost" }]);
    }
    expect(plant.source.report().state).toBe("lost");
    plant.line.isPlugged = true;
    await plant.clock.advance(seconds(13));
    for (let unit = 1; unit <= 10; unit++) {
      expect(plant.of(`d${unit}/p3`).at(-1)).toMatchObject({ quality: "good", value: 3 });
    }
    expect(plant.line.openings).toBe(2);
  });
});

describe("what cannot wait", () => {
  const relay = modbusProfile(
    [
      modbusPoint("lamp", at(0, "bit", { table: "coil" }), {
        kind: "state",
        write: { function: "writeCoil", address: 0, type: "bit", order: BIG },
      }),
    ],
    { answerWithin: seconds(0.5) },
  );
  const gas = modbusProfile([modbusPoint("gas", at(0), { hazard: "combustibleGas" })], {
    answerWithin: seconds(0.5),
  });

  /** Eight meters that together need more than the line can give, a relay and a gas sensor. */
  function fullLine(): Plant {
    const plant = build();
    const points = Array.from({ length: 120 }, (_, i) => modbusPoint(`p${i}`, at(i)));
    const many = Object.fromEntries(points.map((_, i) => [i, i]));
    for (let unit = 1; unit <= 8; unit++) plant.line.add(unit, bank(many));
    plant.line.add(9, bank());
    plant.line.add(10, bank({ 0: 3 }));
    plant.start([...Array.from({ length: 8 }, () => meter(points)), relay, gas]);
    return plant;
  }

  it("is warned of at start, with a cure", () => {
    const plant = fullLine();
    const { rounds, warnings } = plant.source.budget();
    expect(rounds.some((round) => round.verdict === "not kept")).toBe(true);
    expect(warnings.map((w) => w.en).join("\n")).toMatch(
      /cannot be kept: ask every .* or divide the devices/,
    );
  });

  it("a command on a full line begins within 100 ms and one frame", async () => {
    const plant = fullLine();
    await plant.clock.advance(minutes(1));
    for (let i = 0; i < 20; i++) {
      await plant.clock.advance(seconds(1.037));
      const askedAt = plant.clock.monotonic();
      const writing = plant.source.write({
        point: "d9/lamp" as PointId,
        value: i % 2,
        timeout: seconds(5),
      });
      await plant.clock.advance(seconds(0.5));
      expect(await writing).toEqual({ kind: "accepted" });
      const write = plant.line.requests.findLast((request) => request.code === 5)!;
      expect(write.atMs - askedAt).toBeLessThanOrEqual(100 + 30);
    }
  });

  it("a command waits one device timeout more at most when a device has just died", async () => {
    const plant = fullLine();
    await plant.clock.advance(minutes(1));
    for (const device of plant.line.devices.values()) device.isDead = true;
    plant.line.devices.get(9)!.isDead = false;
    await plant.clock.advance(seconds(0.05));
    const askedAt = plant.clock.monotonic();
    const writing = plant.source.write({
      point: "d9/lamp" as PointId,
      value: 1,
      timeout: seconds(5),
    });
    await plant.clock.advance(seconds(2));
    expect(await writing).toEqual({ kind: "accepted" });
    const write = plant.line.requests.findLast((request) => request.code === 5)!;
    expect(write.atMs - askedAt).toBeLessThanOrEqual(100 + 30 + 600);
  });

  it("a hazard keeps its half second on a line that is too full for the rest", async () => {
    const plant = fullLine();
    await plant.clock.advance(minutes(2));
    expect(plant.longestGap("d10/gas", 0, minutes(2))).toBeLessThan(500 + 150);
  });

  it("a given-up command is never carried out afterwards", async () => {
    const plant = fullLine();
    await plant.clock.advance(seconds(10));
    plant.line.unplug();
    await plant.clock.advance(seconds(1));
    const writing = plant.source.write({
      point: "d9/lamp" as PointId,
      value: 1,
      timeout: seconds(2),
    });
    await plant.clock.advance(seconds(3));
    expect(await writing).toMatchObject({ kind: "noAnswer" });
    plant.line.isPlugged = true;
    await plant.clock.advance(seconds(30));
    expect(plant.line.requests.some((request) => request.code === 5)).toBe(false);
  });
});

describe("a gap between registers", () => {
  const apart = modbusProfile([modbusPoint("a", at(0)), modbusPoint("b", at(5))], {
    answerWithin: seconds(0.5),
  });
  const SINGLE_BYTES = 7;

  it("is read along once the device has shown that it may be", async () => {
    const plant = build();
    plant.line.add(1, bank(registers()));
    plant.start([apart]);
    await plant.clock.advance(seconds(20));
    const before = plant.line.requests.length;
    await plant.clock.advance(seconds(20));
    expect(plant.line.requests.length - before).toBe(20_000 / PERIOD);
    expect(plant.of("d1/b").at(-1)).toMatchObject({ value: 5 });
  });

  it("is let be when the device falls silent at it, and costs two tries", async () => {
    const plant = build();
    const device = plant.line.add(1, bank(registers()));
    device.distort = (frame) => (frame.length > SINGLE_BYTES ? Buffer.alloc(0) : frame);
    plant.start([apart]);
    await plant.clock.advance(minutes(10));
    expect(plant.source.report().devices[0]?.counts.timeout).toBe(2);
    expect(plant.samples.every((sample) => sample.quality === "good")).toBe(true);
    expect(plant.statuses).toHaveLength(1);
  });
});

describe("a device that says busy", () => {
  it("is asked again soon, also for what is read once an hour", async () => {
    const plant = build();
    const device = plant.line.add(1, bank({ 0: 7 }));
    device.distort = () => framed({ transaction: 0, unit: 1 }, Buffer.from([0x83, 6]), "rtu");
    plant.start([meter([modbusPoint("serial", at(0), { poll: "configuration" })])]);
    await plant.clock.advance(seconds(15));
    expect(plant.of("d1/serial")).toMatchObject([{ quality: "bad", reason: "exception" }]);
    device.distort = undefined;
    await plant.clock.advance(minutes(1));
    expect(plant.of("d1/serial").at(-1)).toMatchObject({ quality: "good", value: 7 });
  });
});

describe("a line that lies", () => {
  it("damaged answers are never values, and the doctor names them", async () => {
    const plant = tenMeters();
    let n = 0;
    plant.line.devices.get(3)!.distort = (frame) => {
      n++;
      if (n % 3 !== 0) return frame;
      const broken = Buffer.from(frame);
      broken[5]! ^= 0xff;
      return broken;
    };
    await plant.clock.advance(minutes(5));
    for (const sample of plant.samples) {
      if (sample.quality !== "good") continue;
      const register = Number(sample.point.slice(sample.point.indexOf("/p") + 2));
      expect(sample.value).toBe(register);
    }
    const { sentences } = plant.source.report();
    expect(sentences.map((s) => s.en).join("\n")).toMatch(
      /unit 3: [\d.]+ % of answers are damaged/,
    );
  });

  it.each([
    { lateMs: 1_200, every: 3 },
    { lateMs: 2_600, every: 2 },
    { lateMs: 4_000, every: 2 },
  ])(
    "a device that answers $lateMs ms late never gives another request's values",
    async ({ lateMs, every }) => {
      const plant = build();
      const split = modbusProfile(
        [modbusPoint("a", at(0)), modbusPoint("b", at(50)), modbusPoint("c", at(90))],
        { answerWithin: seconds(0.5), gapMax: 0 },
      );
      plant.line.add(1, bank({ 0: 100, 50: 150, 90: 190 }));
      plant.line.add(2, bank(registers()));
      plant.start([split, meter()]);
      const wanted: Record<string, number> = { "d1/a": 100, "d1/b": 150, "d1/c": 190 };
      for (let i = 0; i < 30; i++) {
        plant.line.devices.get(1)!.turnaroundMs = i % every === 0 ? lateMs : 10;
        await plant.clock.advance(seconds(4.3));
      }
      const good = plant.samples.filter((s) => s.quality === "good" && s.point in wanted);
      expect(good.length).toBeGreaterThan(10);
      for (const sample of good) {
        expect([sample.point, sample.quality === "good" && sample.value]).toEqual([
          sample.point,
          wanted[sample.point],
        ]);
      }
    },
  );
});
