/** Lights left on in a classroom: off when it is proven empty, and in no other case. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { gatewayId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { minutes, seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { ControlLoop } from "../../server/control/control-loop.ts";
import type { PolicyMode, Rule } from "../../server/rules/rule.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../support/alarm-desk.ts";
import { bad, doubtful, good, pid } from "../support/campus.ts";
import { settle } from "../support/fake-clock.ts";

const LIGHT = pid("r101-light/light_on");
const DOOR_SENSOR = pid("r101-door/occupancy");
const BACK_SENSOR = pid("r101-back/occupancy");
const GAS = pid("r101-gas/gas_lel");
const traits = { settleMs: 0, proof: "readBack", tolerance: 0, values: [0, 1] } as const;
let desk: AlarmDesk;
let control: ControlLoop;

async function begin(mode: PolicyMode = "act"): Promise<void> {
  const rules = loadRules().map((r): Rule => (r.kind === "policy" ? { ...r, mode } : r));
  desk = new AlarmDesk(rules);
  const { clock, db, plant, spaces, book } = desk;
  const sensor = { quantity: "occupancy", kind: "state", expectEvery: seconds(60) } as const;
  plant.announce(DOOR_SENSOR, "a1-101", sensor);
  plant.announce(BACK_SENSOR, "a1-101", sensor);
  plant.announce(LIGHT, "a1-101", {
    quantity: "lightSwitch",
    kind: "state",
    command: traits,
    expectEvery: seconds(60),
  });
  plant.announce(GAS, "a1-101", {
    quantity: "gasConcentration",
    hazard: "combustibleGas",
    unit: "%{LEL}",
  });
  control = new ControlLoop(
    { clock, log: silentLog, db, plant, spaces, latest: plant, book, desk: desk.desk },
    rules,
  );
  await desk.run((signal) => control.run(signal));
}
beforeEach(() => begin());
afterEach(() => desk.stop());

type Say = (point: string, at: Sample["time"]) => Sample;
const empty: Say = (point, at) => good(point, at, 0);
const occupied: Say = (point, at) => good(point, at, 1);

/** Every half minute both sensors say something and the light shows its state. */
async function goesOn(forMinutes: number, door: Say, back: Say, light = 1): Promise<void> {
  for (let i = 0; i < forMinutes * 2; i++) {
    const now = desk.clock.now();
    desk.plant.hear([door(DOOR_SENSOR, now), back(BACK_SENSOR, now), good(LIGHT, now, light)]);
    await desk.clock.advance(seconds(30));
  }
}

const sent = (): number => desk.outlet.sent.length;

test("empty for five minutes: switched off once, and verified only when the device shows it", async () => {
  await goesOn(4.5, empty, empty);
  expect(sent()).toBe(0);
  await goesOn(1, empty, empty);
  expect(desk.outlet.sent).toMatchObject([{ point: LIGHT, value: 0, priority: "timetable" }]);
  const [action] = control.actions();
  expect(desk.desk.get(action!.command!)?.state).toBe("sent");
  const { id } = desk.outlet.sent[0]!;
  desk.outlet.reply(gatewayId("g1"), { id, state: "verified", timeMs: desk.clock.now(), shown: 0 });
  expect(desk.desk.get(id)?.state).toBe("verified");
  await goesOn(10, empty, empty, 0);
  expect(sent()).toBe(1);
});

test.each<[string, Say, Say]>([
  ["somebody at the other sensor", empty, occupied],
  ["a sensor with a fault", empty, (p, at) => bad(p, at, "sensorFault")],
  ["a doubtful zero", empty, (p, at) => doubtful(p, at, 0, "retained")],
])("not switched: %s", async (_, door, back) => {
  await goesOn(15, door, back);
  expect(sent()).toBe(0);
});

test("a sensor that falls silent counts as somebody there", async () => {
  await goesOn(4, empty, empty);
  for (let i = 0; i < 20; i++) {
    const now = desk.clock.now();
    desk.plant.hear([empty(DOOR_SENSOR, now), good(LIGHT, now, 1)]);
    await desk.clock.advance(seconds(30));
  }
  expect(sent()).toBe(0);
  expect(control.findings()).toMatchObject([{ reason: "occupied" }]);
});

test("an override by a person wins, and when it ends the room is judged again", async () => {
  const { id } = desk.desk.submit({
    point: LIGHT,
    value: 1,
    reason: "exhibition",
    by: "sun",
    priority: "manualOverride",
    lease: minutes(10),
  });
  await settle();
  desk.outlet.reply(gatewayId("g1"), { id, state: "verified", timeMs: desk.clock.now() });
  await goesOn(9.5, empty, empty);
  expect(sent()).toBe(1);
  await goesOn(1, empty, empty);
  expect(desk.outlet.sent.map((m) => m.value)).toEqual([1, 0]);
});

test("switched on by hand at the device: five minutes from then on", async () => {
  await goesOn(10, empty, empty, 0);
  await goesOn(4.5, empty, empty, 1);
  expect(sent()).toBe(0);
  await goesOn(1, empty, empty, 1);
  expect(sent()).toBe(1);
});

test("a frozen room is left alone", async () => {
  desk.samples.store(desk.clock.now(), [good(GAS, desk.clock.now(), 30)], "hazard");
  await goesOn(15, empty, empty);
  expect(sent()).toBe(0);
  expect(control.findings()).toMatchObject([{ reason: "frozen" }]);
});

test("a device that does not answer is asked again after five minutes, not in every turn", async () => {
  await goesOn(9.5, empty, empty);
  expect(sent()).toBe(1);
  await goesOn(2, empty, empty);
  expect(sent()).toBe(2);
});

test("shadow records what it would have done, advise does not even that", async () => {
  await desk.stop();
  await begin("shadow");
  await goesOn(6, empty, empty);
  expect(sent()).toBe(0);
  expect(control.actions()).toMatchObject([{ point: LIGHT, mode: "shadow" }]);
  await desk.stop();
  await begin("advise");
  await goesOn(6, empty, empty);
  expect(control.actions()).toEqual([]);
  expect(control.findings()).toMatchObject([{ reason: "empty" }]);
});
