import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instant, minutes, seconds } from "../../../../core/time.ts";
import { demoCampus } from "../../../../simulators/campus/demo.ts";
import {
  cutPower,
  forceDoor,
  restorePower,
  roomOf,
  setPeople,
  setPurge,
  startLeak,
  stopLeak,
  switchLight,
} from "../../../../simulators/world/act.ts";
import { addRoomLoad } from "../../../../simulators/world/demand.ts";
import { planOf } from "../../../../simulators/world/plan.ts";
import { createWorld, type World } from "../../../../simulators/world/state.ts";
import { lightShareOf, run, step } from "../../../../simulators/world/step.ts";

const campus = demoCampus();
const plan = planOf(campus);
/** Tuesday, 10:15 in Shanghai. */
const START = instant(Date.UTC(2026, 10, 24, 2, 15));
const registers = (): NonNullable<Parameters<typeof createWorld>[3]>["registers"] => ({
  energyKwh: Float64Array.from(campus.feeders, () => 1_000),
  reactiveKvarh: Float64Array.from(campus.feeders, () => 300),
  waterM3: Float64Array.from(campus.water, () => 100),
  heatKwh: Float64Array.from(campus.heat, () => 100),
});

const newWorld = (seed = 1, start = START): World =>
  createWorld(plan, seed, start, { offsetMs: 0, registers: registers()! });

const feeder = (id: string): number => plan.feederPositions.get(id)!;

/** What anybody may do to a campus, at any moment. */
const action = fc.oneof(
  fc.record({
    kind: fc.constant("light" as const),
    room: fc.nat(campus.rooms.length - 1),
    on: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("people" as const),
    room: fc.nat(campus.rooms.length - 1),
    count: fc.nat(60),
  }),
  fc.record({
    kind: fc.constant("cut" as const),
    building: fc.constantFrom("a1", "a2", "lab", "dorm"),
  }),
  fc.record({
    kind: fc.constant("restore" as const),
    building: fc.constantFrom("a1", "a2", "lab", "dorm"),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 600_000 }) }),
);

function apply(world: World, done: typeof action extends fc.Arbitrary<infer T> ? T : never): void {
  switch (done.kind) {
    case "light":
      switchLight(world, campus.rooms[done.room]!.id, done.on);
      break;
    case "people":
      setPeople(world, campus.rooms[done.room]!.id, done.count);
      break;
    case "cut":
      cutPower(world, done.building);
      break;
    case "restore":
      restorePower(world, done.building);
      break;
    case "wait":
      step(world, instant(world.now + done.ms));
  }
}

/** Lamps, sockets and cooling of the rooms that hang on a feeder directly. */
function roomsOn(world: World, position: number): number {
  const load = { activeW: 0, reactiveVar: 0 };
  plan.rooms.forEach((room, i) => {
    if (room.feeder !== position) return;
    const { people } = world.rooms[i]!;
    addRoomLoad(load, room, people, lightShareOf(world, i), world.weather.outdoorC);
  });
  return load.activeW;
}

describe("whatever people do", () => {
  it("energy, water and heat never fall", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(action, { maxLength: 40 }), (seed, actions) => {
        const world = newWorld(seed);
        let before = world.registers.energyKwh.slice();
        let water = world.registers.waterM3.slice();
        for (const done of actions) {
          apply(world, done);
          world.registers.energyKwh.forEach((kwh, i) => {
            expect(kwh).toBeGreaterThanOrEqual(before[i]!);
          });
          world.registers.waterM3.forEach((m3, i) => {
            expect(m3).toBeGreaterThanOrEqual(water[i]!);
          });
          before = world.registers.energyKwh.slice();
          water = world.registers.waterM3.slice();
        }
      }),
      { numRuns: 60 },
    );
  });

  it("every feeder carries what hangs on it, its own base load and its cable's losses", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(action, { maxLength: 25 }), (seed, actions) => {
        const world = newWorld(seed);
        for (const done of actions) apply(world, done);
        step(world, instant(world.now + 1_000));
        plan.feeders.forEach(({ feeder }, i) => {
          const { id, lossShare, baseW } = feeder;
          const below = plan.feeders.reduce(
            (sum, { parent }, j) => (parent === i ? sum + world.flows[j]!.activeW : sum),
            0,
          );
          const { activeW } = world.flows[i]!;
          const isDead = feeder.building !== undefined && world.cut.has(feeder.building);
          const rooms = isDead ? 0 : roomsOn(world, i);
          const least = (below + rooms + (isDead ? 0 : baseW * 0.87)) * (1 + lossShare);
          const most = (below + rooms + (isDead ? 0 : baseW * 1.13)) * (1 + lossShare);
          expect(activeW, id).toBeGreaterThanOrEqual(least - 1e-6);
          expect(activeW, id).toBeLessThanOrEqual(most + 1e-6);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("the same seed and the same actions give the same world", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(action, { maxLength: 20 }), (seed, actions) => {
        const [a, b] = [newWorld(seed), newWorld(seed)];
        for (const done of actions) {
          apply(a, done);
          apply(b, done);
        }
        expect(a.flows).toEqual(b.flows);
        expect(a.registers).toEqual(b.registers);
        expect(a.rooms).toEqual(b.rooms);
      }),
      { numRuns: 20 },
    );
  });
});

describe("cause and effect", () => {
  it("a lamp's relay moves the floor's power by the lamps' watts and the losses of two cables", () => {
    const world = newWorld();
    setPeople(world, "a1-101", 0);
    run(world, instant(START + 60_000), seconds(1));
    switchLight(world, "a1-101", false);
    step(world, instant(world.now + 1));
    const dark = world.flows[feeder("a1-f1")]!.activeW;
    const building = world.flows[feeder("a1")]!.activeW;
    switchLight(world, "a1-101", true);
    step(world, instant(world.now + 1));
    // 72 m² at 8 W/m², 1.5 % in the floor's cable, 1.2 % in the building's.
    expect(world.flows[feeder("a1-f1")]!.activeW - dark).toBeCloseTo(576 * 1.015, 0);
    expect(world.flows[feeder("a1")]!.activeW - building).toBeCloseTo(576 * 1.015 * 1.012, 0);
  });

  it("energy is the integral of power", () => {
    const world = newWorld();
    const site = feeder("site");
    const before = world.registers.energyKwh[site]!;
    let expected = 0;
    for (let i = 0; i < 600; i++) {
      step(world, instant(world.now + 1_000));
      expected += world.flows[site]!.activeW / 3_600_000;
    }
    expect(world.registers.energyKwh[site]! - before).toBeCloseTo(expected, 9);
  });

  it("a leak passes 25 and 50 %LEL within a minute, reaches the door later, and is vented", () => {
    const world = newWorld();
    startLeak(world, "chem-b214", 72, 60 / Math.log(4));
    const gas = world.gas.get("chem-b214")!;
    run(world, instant(START + 10_000), seconds(1));
    expect(gas.nearLel).toBeLessThan(25);
    run(world, instant(START + 30_000), seconds(1));
    expect(gas.nearLel).toBeGreaterThan(25);
    expect(gas.farLel).toBeLessThan(gas.nearLel);
    run(world, instant(START + 60_000), seconds(1));
    expect(gas.nearLel).toBeGreaterThan(50);
    run(world, instant(START + 600_000), seconds(1));
    expect(gas.nearLel).toBeGreaterThan(70);
    stopLeak(world, "chem-b214");
    setPurge(world, "chem-b214", true);
    run(world, instant(START + 900_000), seconds(1));
    expect(gas.nearLel).toBeLessThan(2);
    expect(world.gas.get("chem-b215")!.nearLel).toBe(0);
  });

  it("gas does not go away by itself within a minute", () => {
    const world = newWorld();
    startLeak(world, "chem-b214", 72, 10);
    run(world, instant(START + 60_000), seconds(1));
    stopLeak(world, "chem-b214");
    run(world, instant(START + 120_000), seconds(1));
    expect(world.gas.get("chem-b214")!.nearLel).toBeGreaterThan(5);
  });

  it("a power cut empties the feeder and the site's meter falls by it; lamps stay off afterwards", () => {
    const world = newWorld();
    step(world, instant(START + 1_000));
    const [site, a2] = [feeder("site"), feeder("a2")];
    const before = { site: world.flows[site]!.activeW, a2: world.flows[a2]!.activeW };
    cutPower(world, "a2");
    step(world, instant(START + 1_001));
    expect(world.flows[a2]!.activeW).toBe(0);
    expect(before.site - world.flows[site]!.activeW).toBeCloseTo(before.a2 * 1.008, 0);
    restorePower(world, "a2");
    step(world, instant(START + 1_002));
    expect(world.flows[a2]!.activeW).toBeGreaterThan(500);
    const lit = campus.rooms.filter(
      ({ id, building, use }) =>
        building === "a2" && use === "classroom" && roomOf(world, id)!.lightOn,
    );
    // Only where somebody reaches for the switch again.
    for (const { id } of lit) expect(roomOf(world, id)!.people).toBeGreaterThan(0);
  });

  it("people who come back switch the lamps on; the last one out mostly switches them off", () => {
    let off = 0;
    for (const { id } of campus.rooms.filter(({ use }) => use === "classroom")) {
      const world = newWorld();
      setPeople(world, id, 20);
      run(world, instant(START + 60_000), seconds(1));
      expect(roomOf(world, id)!.lightOn).toBe(true);
      setPeople(world, id, 0);
      run(world, instant(START + 120_000), seconds(1));
      if (!roomOf(world, id)!.lightOn) off++;
    }
    expect(off).toBeGreaterThan(25);
    expect(off).toBeLessThan(42);
  });

  it("a forced door stands open and leaves its event", () => {
    const world = newWorld();
    forceDoor(world, "chem-store-door");
    run(world, instant(START + 30_000), seconds(1));
    expect(world.doors.get("chem-store-door")!.open).toBe(true);
    expect(world.events.find(({ kind }) => kind === "forced")).toMatchObject({
      door: "chem-store-door",
      card: "",
    });
  });

  it("a clock stepped backwards changes nothing and forward in one leap costs no energy twice", () => {
    const world = newWorld();
    step(world, instant(START + 1_000));
    const kwh = world.registers.energyKwh[0]!;
    step(world, instant(START - 60_000));
    expect(world.registers.energyKwh[0]).toBe(kwh);
    step(world, instant(START - 60_000 + minutes(30)));
    const grown = world.registers.energyKwh[0]! - kwh;
    expect(grown).toBeGreaterThan(10);
    expect(grown).toBeLessThan(120);
  });
});

describe("a school day", () => {
  it("classrooms are full in lessons and empty at night; canteen and dormitory the other way round", () => {
    const peopleAt = (utcHour: number, use: string): number => {
      const world = newWorld(1, instant(Date.UTC(2026, 10, 24, utcHour, 20)));
      return campus.rooms.reduce(
        (sum, room, i) => (room.use === use ? sum + world.rooms[i]!.people : sum),
        0,
      );
    };
    expect(peopleAt(2, "classroom")).toBeGreaterThan(500);
    expect(peopleAt(17, "classroom")).toBe(0);
    expect(peopleAt(4, "dining")).toBeGreaterThan(250);
    expect(peopleAt(17, "dormitory")).toBeGreaterThan(400);
    expect(peopleAt(2, "dormitory")).toBeLessThan(150);
  });

  it("the caretaker switches off at 22:30 what was forgotten", () => {
    const world = newWorld(1, instant(Date.UTC(2026, 10, 24, 14, 29)));
    setPeople(world, "a1-101", 0);
    step(world, instant(world.now + 1_000));
    switchLight(world, "a1-101", true);
    run(world, instant(Date.UTC(2026, 10, 24, 14, 29, 50)), seconds(5));
    expect(roomOf(world, "a1-101")!.lightOn).toBe(true);
    run(world, instant(Date.UTC(2026, 10, 24, 14, 30, 5)), seconds(5));
    expect(roomOf(world, "a1-101")!.lightOn).toBe(false);
  });

  it("path lights burn at night and not at noon", () => {
    const lit = (utcHour: number): boolean =>
      roomOf(newWorld(1, instant(Date.UTC(2026, 10, 24, utcHour))), "path-east")!.lightOn;
    expect(lit(14)).toBe(true);
    expect(lit(4)).toBe(false);
  });
});
