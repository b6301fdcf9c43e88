/** The server killed between every two steps from sample to alarm: nothing is lost, nothing doubled. */
import { afterEach, expect, test } from "vitest";
import { minutes, seconds } from "../../core/time.ts";
import type { Alarm } from "../../server/alarms/alarm.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../support/alarm-desk.ts";
import { good } from "../support/campus.ts";
import { settle } from "../support/fake-clock.ts";

const GAS = "lab1-gas/gas_lel";
const HOOD = "lab1-hood/face_velocity";
const desks: AlarmDesk[] = [];

function begin(): AlarmDesk {
  const desk = new AlarmDesk(loadRules().filter((r) => r.id !== "hazard-sensor-not-proven"));
  desk.plant.announce(GAS, "a1-lab", {
    quantity: "gasConcentration",
    hazard: "combustibleGas",
    unit: "%{LEL}",
  });
  desk.plant.announce(HOOD, "a1-lab", {
    quantity: "faceVelocity",
    hazard: "airflow",
    unit: "m/s",
  });
  desks.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.stop();
});

/** Both sensors every 10 s: a leak that rises, stays, and goes; a hood that fails for a while. */
const gas = [1, 2, 30, 31, 55, 56, 40, 3, 2, 2, 2, 2, 28, 2, 2, 2, 2, 2];
const hood = [0.5, 0.5, 0.35, 0.35, 0.35, 0.35, 0.28, 0.28, 0.28, 0.5, 0.5, 0.5, 0.5, 0.2, 0.2];

async function hears(desk: AlarmDesk, i: number): Promise<void> {
  const { clock, samples } = desk;
  const [g, h] = [gas[i], hood[i]];
  if (g !== undefined) samples.store(clock.now(), [good(GAS, clock.now(), g)], "hazard");
  if (h !== undefined) samples.store(clock.now(), [good(HOOD, clock.now(), h)], "hazard");
  await settle();
  await clock.advance(seconds(10));
}

/** What must be the same whenever somebody is killed. */
const essence = (alarms: readonly Alarm[]): unknown =>
  alarms.map(({ id, state, priority, raisedAt, history }) => ({
    id,
    state,
    priority,
    raisedAt,
    history: history.map((s) => `${s.at} ${s.what} ${s.value}`),
  }));

async function undisturbed(): Promise<unknown> {
  const desk = begin();
  await desk.run();
  for (let i = 0; i < gas.length; i++) await hears(desk, i);
  await desk.clock.advance(minutes(1));
  return essence(desk.alarms());
}

test("killed after any sample, the alarms and their histories are the same", async () => {
  const expected = await undisturbed();
  expect(expected).toHaveLength(2);
  for (let killAt = 0; killAt < gas.length; killAt += 1) {
    let desk = begin();
    await desk.run();
    for (let i = 0; i < gas.length; i++) {
      await hears(desk, i);
      if (i !== killAt) continue;
      const survivor = desk.crash();
      desks.push(survivor);
      await desk.stop();
      desks.splice(desks.indexOf(desk), 1);
      desk = survivor;
      await desk.run();
    }
    await desk.clock.advance(minutes(1));
    expect(essence(desk.alarms()), `killed after sample ${killAt}`).toEqual(expected);
  }
});

test("killed again and again, after every single sample", async () => {
  const expected = await undisturbed();
  let desk = begin();
  for (let i = 0; i < gas.length; i++) {
    await desk.run();
    await hears(desk, i);
    const survivor = desk.crash();
    desks.push(survivor);
    desk = survivor;
  }
  await desk.run();
  await desk.clock.advance(minutes(1));
  expect(essence(desk.alarms())).toEqual(expected);
});

test("killed between the commit and the first person told: it is there at the start", async () => {
  const desk = begin();
  await desk.run();
  let survivor: AlarmDesk | undefined;
  desk.book.onChange(() => {
    survivor ??= desk.crash();
  });
  for (let i = 0; i < 4; i++) await hears(desk, i);
  desks.push(survivor!);
  expect(survivor!.alarms()).toMatchObject([{ state: "unacknowledged", priority: "high" }]);
  expect(survivor!.book.frozenSpaces().size).toBe(2);
});

test("a disk that refuses to commit delays an alarm and loses none", async () => {
  const expected = await undisturbed();
  const desk = begin();
  let refusals = 0;
  desk.book.follow(() => {
    refusals += 1;
    if (refusals % 2 === 1) throw new Error("disk full");
  });
  await desk.run();
  for (let i = 0; i < gas.length; i++) await hears(desk, i);
  await desk.clock.advance(minutes(2));
  expect(refusals).toBeGreaterThan(4);
  expect(essence(desk.alarms())).toEqual(expected);
});

test("killed with the desk's word durable and the latch not yet opened: it is open at the start", async () => {
  const desk = begin();
  await desk.run();
  const { clock, samples, book } = desk;
  for (const value of [1, 100, 0, 0, 0, 0, 0]) {
    samples.store(clock.now(), [good(GAS, clock.now(), value)], "hazard");
    await clock.advance(seconds(10));
  }
  const { id } = desk.alarms()[0]!;
  book.acknowledge(id, "wang");
  let survivor: AlarmDesk | undefined;
  book.onChange(() => {
    survivor ??= desk.crash();
  });
  book.close(id, "wang", "sensor changed and tested");
  desks.push(survivor!);
  await survivor!.run();
  samples.store(clock.now(), [good(GAS, clock.now(), 30)], "hazard");
  await clock.advance(seconds(1));
  expect(survivor!.alarms().map((a) => a.state)).toEqual(["unacknowledged", "closed"]);
});
