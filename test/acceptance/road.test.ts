/**
 * The whole road with real processes on real ports: one sample of each protocol from the device to the
 * API, a gas leak to webhook and desk, an empty room to a lamp that is really off.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { seconds } from "../../core/time.ts";
import { CampusProcesses } from "../support/campus-processes.ts";
import { eventually } from "../support/eventually.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

const ROOM = "a1-101";
const LAMP = "a1-f1-lights/relay_1";
const LAB = "chem-b214";
const GAS = `${LAB}-gas-1/gas_lel`;
const LAB_LAMP = `${LAB}-light/light_on`;

const QUICK_POLICY = `
rule: empty-classroom-lights
kind: policy
policy: emptyRoom
version: 1
name: { zh: 无人教室关灯, en: Lights off in empty classrooms }
author: test
owner: facilities
source: test
effective: 2026-11-23
applies: { quantities: [lightSwitch], uses: [classroom] }
mode: act
emptyFor: 5s
value: 0
lease: 1m
`;

let campus: CampusProcesses;
let hook: WebhookReceiver;

beforeAll(async () => {
  hook = await startWebhookReceiver();
  campus = await CampusProcesses.start({
    serverYaml: `notifications:\n  - { id: desk, kind: webhook, url: "${hook.url}" }\n`,
    rules: { "empty.yaml": QUICK_POLICY },
  });
}, 90_000);

beforeEach(() => {
  onTestFailed(() => void process.stderr.write(campus.lastWords()));
});

afterAll(async () => {
  await campus?.stop();
  await hook?.close();
});

const fresh = (point: string) =>
  eventually(
    `a fresh good value of ${point}`,
    async () => {
      const item = await campus.latest(point);
      return item?.quality === "good" && !item.stale && item;
    },
    seconds(40),
  );

const command = async (point: string, value: number, leaseS?: number) =>
  campus.post("api/commands", {
    point,
    value,
    reason: "test",
    ...(leaseS === undefined ? {} : { leaseS }),
  });

const ended = (id: string, state: string) =>
  eventually(
    `command ${id} is ${state}`,
    async () => {
      const life = await campus.get(`api/commands/${id}`);
      return life.state === state && life;
    },
    seconds(30),
  );

describe("a sample comes all the way", () => {
  test("over Modbus: a meter's register is the meter's true energy", async () => {
    const item = await fresh("a1-main/energy_import");
    const { energyKwh } = (await campus.truth()).feeders.a1;
    expect(item.unit).toBe("kW.h");
    // Single precision in the meter, and a few seconds of use between the two looks.
    expect(Math.abs(Number(item.value) - energyKwh)).toBeLessThan(1);
  });
  test("over OPC UA: a lighting controller's output is the lamp's true state", async () => {
    const item = await fresh("a3-201-light/light_on");
    const truth = await campus.truth();
    expect(Boolean(item.value)).toBe(truth.rooms["a3-201"].lightOn);
  });
  test("over MQTT: a gas sensor's message is the room's air", async () => {
    const item = await fresh(GAS);
    expect(item.unit).toBe("%{LEL}");
    expect(Number(item.value)).toBeLessThan(5);
    expect(item.timeSource).toBe("device");
  });
  test("and every device of the campus is online", async () => {
    await eventually(
      "all devices online",
      async () => {
        const { items } = await campus.get("api/devices");
        return (
          items.length >= 60 &&
          items.filter((d: { state: string }) => d.state !== "online").length === 0
        );
      },
      seconds(60),
    );
    expect((await campus.get("api/points")).items.length).toBeGreaterThanOrEqual(500);
  }, 70_000);
});

describe("an empty room", () => {
  test("has its lamps switched off, read back, and only then called verified", async () => {
    await fresh(LAMP);
    await campus.trigger("empty-room-lights-on", { room: ROOM });
    await eventually(
      "people gone, lamps on",
      async () => {
        const { people, lightOn } = (await campus.truth()).rooms[ROOM];
        return people === 0 && lightOn;
      },
      seconds(45),
    );
    const life = await eventually(
      "a verified command of the policy",
      async () => {
        const { items } = await campus.get(`api/commands?point=${LAMP}`);
        return items.find(
          (c: { by: string; state: string }) =>
            c.by.startsWith("policy:") && c.state === "verified",
        );
      },
      seconds(60),
    );
    expect(life.steps.map((s: { state: string }) => s.state)).toEqual([
      "queued",
      "sent",
      "accepted",
      "verified",
    ]);
    expect(life.steps.at(-1).shown).toBe(0);
    expect((await campus.truth()).rooms[ROOM].lightOn).toBe(false);
  }, 90_000);

  test("stays lit under a manual override, until that ends", async () => {
    const { status, body } = await command(LAMP, 1, 12);
    expect(status).toBe(202);
    const life = await ended(body.id, "verified");
    expect(life.priority).toBe("manualOverride");
    const until = Date.parse(life.leaseEnds);
    await eventually("the override has ended", () => Date.now() > until - 2_000, seconds(20));
    expect((await campus.truth()).rooms[ROOM].lightOn).toBe(true);
    await eventually(
      "the lamp is off again",
      async () => !(await campus.truth()).rooms[ROOM].lightOn,
      seconds(60),
    );
  }, 120_000);
});

describe("a gas leak", () => {
  test("raises a high alarm, then an emergency, told to the receiver at once", async () => {
    await fresh(GAS);
    await campus.trigger("gas-leak", { room: LAB, to: 72, within: "25s" });
    const steps = await eventually(
      "both levels at the receiver",
      () => {
        const mine = hook.received
          .map((r) => r.body.alarm)
          .filter((a) => a?.space === LAB && a.hazard === "combustibleGas");
        const priorities = mine.map((a) => a.priority);
        return priorities.includes("high") && priorities.includes("emergency") && mine;
      },
      seconds(60),
    );
    expect(steps.findIndex((a) => a.priority === "high")).toBeLessThan(
      steps.findIndex((a) => a.priority === "emergency"),
    );
    const { items } = await campus.get("api/alarms?state=active");
    const alarm = items.find((a: { point: string }) => a.point === GAS);
    expect(alarm).toMatchObject({ priority: "emergency", state: "unacknowledged", space: LAB });
    expect(alarm.value).toBeGreaterThanOrEqual(50);
  }, 90_000);

  test("freezes all switching in the room, with the reason", async () => {
    const { status, body } = await command(LAB_LAMP, 0);
    expect(status).toBe(409);
    expect(body.code).toBe("ROOM_FROZEN");
    const { items } = await campus.get(`api/spaces?space=${LAB}`);
    expect(items[0].frozen.alarm).toBeTruthy();
    const [recorded] = (await campus.get(`api/commands?point=${LAB_LAMP}`)).items;
    expect(recorded).toMatchObject({ state: "refused" });
  });

  test("is acknowledged by name, returns, and is closed only with a reason", async () => {
    const find = async () =>
      (await campus.get("api/alarms?state=all")).items.find(
        (a: { point: string }) => a.point === GAS,
      );
    const { id } = await find();
    const taken = await campus.post(`api/alarms/${id}/acknowledge`, { comment: "going there" });
    expect(taken.body).toMatchObject({ state: "acknowledged" });
    expect(taken.body.history.at(-1)).toMatchObject({
      what: "acknowledged",
      by: "tester",
      comment: "going there",
    });
    expect((await campus.post(`api/alarms/${id}/close`, { reason: "too early" })).status).toBe(409);

    await fetch(`${campus.control}/scenarios/gas-leak/stop`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    await eventually(
      "returned",
      async () => (await find()).state === "returnedAcknowledged",
      seconds(120),
    );
    expect((await campus.get(`api/spaces?space=${LAB}`)).items[0].frozen).toBeTruthy();
    const closed = await campus.post(`api/alarms/${id}/close`, {
      reason: "tap shut, room vented and measured",
    });
    expect(closed.body.state).toBe("closed");
    const { history } = await campus.get(`api/alarms/${id}`);
    const words = history.map((s: { what: string }) => s.what);
    for (const what of ["raised", "levelRose", "notified", "acknowledged", "returned", "closed"]) {
      expect(words).toContain(what);
    }
  }, 150_000);
});

describe("what falls silent", () => {
  test("a dead meter is said to be, and its neighbours do not notice", async () => {
    await fresh("a2-f1-meter/power_active");
    await campus.trigger("dead-meter", { device: "a2-f1-meter" });
    const item = await eventually(
      "the dead meter has a reason and no value",
      async () => {
        const latest = await campus.latest("a2-f1-meter/power_active");
        return latest.quality === "bad" && latest;
      },
      seconds(40),
    );
    expect(item.reason).toBe("timeout");
    expect(item).not.toHaveProperty("value");
    expect(await fresh("a2-main/power_active")).toBeTruthy();
    expect(await fresh("a2-f2-meter/power_active")).toBeTruthy();
  }, 60_000);

  test("the bus doctor names the dead meter, in figures and in both languages", async () => {
    const line = await eventually(
      "a sentence about the dead meter",
      async () => {
        const { items } = await campus.get("api/doctor");
        const isSilent = (s: { en: string }) => /\(a2-f1-meter\) is silent/.test(s.en);
        return items.find((l: { findings?: { sentences: { en: string }[] } }) =>
          l.findings?.sentences.some(isSilent),
        );
      },
      seconds(60),
    );
    expect(line).toMatchObject({ gateway: "main", state: "online" });
    const [first] = line.findings.sentences;
    expect(first.zh).toContain("a2-f1-meter");
    const values = line.figures.map((f: { value?: number }) => f.value);
    expect(values.length).toBeGreaterThanOrEqual(5);
    expect(values.every((value: unknown) => typeof value === "number")).toBe(true);
  }, 70_000);

  test("a gas sensor that stops talking raises an alarm of its own", async () => {
    const silent = `${LAB}-gas-2`;
    const response = await fetch(`${campus.control}/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ target: `device:${silent}`, fault: { kind: "silence" } }),
    });
    expect(response.ok).toBe(true);
    const alarm = await eventually(
      "an alarm that the sensor is not proven",
      async () => {
        const { items } = await campus.get("api/alarms?state=active");
        return items.find(
          (a: { device: string; kind: string }) => a.device === silent && a.kind === "noData",
        );
      },
      seconds(60),
    );
    expect(alarm.state).toBe("unacknowledged");
  }, 70_000);
});
