/** A gas leak in a laboratory, from the first sample to the desk's last word. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { hours, milliseconds, seconds } from "../../core/time.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../support/alarm-desk.ts";
import { bad, good } from "../support/campus.ts";
import { settle } from "../support/fake-clock.ts";

const GAS = "lab1-gas/gas_lel";
let desk: AlarmDesk;

beforeEach(async () => {
  desk = new AlarmDesk(loadRules());
  desk.plant.announce(GAS, "a1-lab", {
    quantity: "gasConcentration",
    hazard: "combustibleGas",
    unit: "%{LEL}",
    expectEvery: seconds(10),
  });
  await desk.run();
});
afterEach(() => desk.stop());

/** One sample now, on the hazard lane. */
async function shows(value: number): Promise<void> {
  desk.samples.store(desk.clock.now(), [good(GAS, desk.clock.now(), value)], "hazard");
  await settle();
}

async function showsFor(value: number, forSeconds: number): Promise<void> {
  for (let i = 0; i < forSeconds; i++) {
    await shows(value);
    await desk.clock.advance(seconds(1));
  }
}

const steps = (): readonly string[] => desk.alarms()[0]?.history.map((s) => s.what) ?? [];

test("25 %LEL raises high and freezes the room, 50 raises emergency, the desk closes it", async () => {
  await showsFor(3, 3);
  expect(desk.alarms()).toEqual([]);
  await shows(25);
  expect(desk.alarms()).toMatchObject([
    { state: "unacknowledged", priority: "high", value: 25, limit: 25, space: "a1-lab" },
  ]);
  expect([...desk.book.frozenSpaces().keys()]).toEqual(["a1-lab", "a1-store"]);
  const id = desk.alarms()[0]!.id;
  desk.book.acknowledge(id, "wang", "on my way");
  await desk.clock.advance(seconds(1));
  await shows(52);
  expect(desk.book.get(id)).toMatchObject({ state: "unacknowledged", priority: "emergency" });
  desk.book.acknowledge(id, "wang");
  await desk.clock.advance(seconds(1));
  await showsFor(2, 30);
  expect(desk.book.get(id)).toMatchObject({ state: "acknowledged" });
  await shows(2);
  expect(desk.book.get(id)).toMatchObject({ state: "returnedAcknowledged" });
  expect(desk.book.frozenSpaces().size).toBe(2);
  desk.book.close(id, "wang", "valve closed, measured 0 %LEL");
  expect(desk.book.get(id)).toMatchObject({ state: "closed" });
  expect(desk.book.frozenSpaces().size).toBe(0);
  expect(steps()).toEqual([
    "raised",
    "acknowledged",
    "levelRose",
    "acknowledged",
    "returned",
    "closed",
  ]);
});

test("a sensor that falls silent raises its own alarm and resolves nothing", async () => {
  await showsFor(30, 25);
  await desk.clock.advance(seconds(11));
  const alarms = desk.alarms();
  expect(alarms.map((a) => [a.kind, a.state])).toEqual([
    ["noData", "unacknowledged"],
    ["condition", "unacknowledged"],
  ]);
  expect(alarms[0]?.history[0]).toMatchObject({ detail: "silent" });
  await shows(30);
  expect(desk.alarms()[0]).toMatchObject({ kind: "noData", state: "returnedUnacknowledged" });
});

test("bad samples and a lost gateway are told apart", async () => {
  await showsFor(1, 22);
  for (let i = 0; i < 12; i++) {
    desk.samples.store(desk.clock.now(), [bad(GAS, desk.clock.now(), "timeout")]);
    await desk.clock.advance(seconds(1));
  }
  expect(desk.alarms()[0]?.history[0]).toMatchObject({ what: "raised", detail: "timeout" });
  await shows(1);
  desk.plant.gateway("offline");
  await desk.clock.advance(milliseconds(10_500));
  expect(desk.alarms()[0]?.history.at(-1)).toMatchObject({
    what: "raisedAgain",
    detail: "gatewayOffline",
  });
});

test("a value over range has not recovered by falling back, until the desk says so", async () => {
  await showsFor(1, 2);
  await shows(100);
  await desk.clock.advance(seconds(1));
  const id = desk.alarms()[0]!.id;
  desk.book.acknowledge(id, "li");
  expect(() => desk.book.close(id, "li", "looks fine")).toThrow("condition still holds");
  await showsFor(0, 60);
  expect(desk.book.get(id)).toMatchObject({ state: "acknowledged", overRange: true });
  desk.book.close(id, "li", "sensor changed and bump tested");
  await showsFor(0, 2);
  expect(desk.book.get(id)).toMatchObject({ state: "closed" });
  await shows(30);
  expect(desk.alarms()).toHaveLength(2);
});

test("what the back-fill brings is found late, wakes nobody and freezes nothing", async () => {
  const then = desk.at(seconds(-600));
  desk.samples.store(
    desk.clock.now(),
    [
      good(GAS, then, 5),
      good(GAS, desk.at(seconds(-599)), 40),
      good(GAS, desk.at(seconds(-500)), 60),
    ],
    "backfill",
  );
  await settle();
  expect(desk.alarms()).toMatchObject([
    { foundLate: true, raisedAt: desk.at(seconds(-599)), priority: "emergency" },
  ]);
  expect(desk.book.frozenSpaces().size).toBe(0);
});

test("the server's clock set by an hour, either way: no sensor is lost, no alarm returns", async () => {
  await showsFor(30, 22);
  for (const by of [hours(1), hours(-2)]) {
    desk.clock.step(by);
    for (let i = 0; i < 5; i++) {
      await desk.clock.advance(seconds(1));
      const time = desk.at(seconds(30 + i + (by > 0 ? 0 : 10)));
      desk.samples.store(desk.clock.now(), [good(GAS, time, 30)], "hazard");
      await settle();
    }
  }
  expect(desk.alarms().map((a) => [a.kind, a.state])).toEqual([["condition", "unacknowledged"]]);
});

test("a crash and a restart double nothing and forget nothing", async () => {
  await showsFor(30, 2);
  const again = desk.crash();
  await again.run();
  desk.samples.store(desk.clock.now(), [good(GAS, desk.clock.now(), 31)], "hazard");
  await settle();
  expect(again.alarms()).toHaveLength(1);
  expect(again.book.frozenSpaces().size).toBe(2);
  await again.stop();
});
