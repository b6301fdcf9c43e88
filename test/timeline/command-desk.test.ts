/** The life of a command, seen from the server: to its proof, or to the reason why there is none. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CommandState } from "../../core/command.ts";
import { LamplighterError } from "../../core/errors.ts";
import { type CommandId, gatewayId } from "../../core/ids.ts";
import { hours, minutes, seconds } from "../../core/time.ts";
import type { CommandRequest } from "../../server/commands/command-request.ts";
import { commandView } from "../../server/commands/command-view.ts";
import { loadRules } from "../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../support/alarm-desk.ts";
import { good, pid } from "../support/campus.ts";
import { settle } from "../support/fake-clock.ts";

const LIGHT = pid("a1-101-light/light_on");
const LAB_LIGHT = pid("lab1-light/light_on");
const METER = pid("a1-main/power_active");
const GAS = pid("lab1-gas/gas_lel");
const traits = { settleMs: 200, proof: "readBack", tolerance: 0, values: [0, 1] } as const;
const wish: CommandRequest = {
  point: LIGHT,
  value: 1,
  reason: "lesson begins",
  by: "zhao",
  priority: "manualOverride",
};
let desk: AlarmDesk;

beforeEach(async () => {
  desk = new AlarmDesk(loadRules());
  const { plant } = desk;
  plant.announce(LIGHT, "a1-101", { quantity: "lightSwitch", kind: "state", command: traits });
  plant.announce(LAB_LIGHT, "a1-lab", { quantity: "lightSwitch", kind: "state", command: traits });
  plant.announce(METER, "a1", { quantity: "activePower", unit: "W" });
  plant.announce(GAS, "a1-lab", {
    quantity: "gasConcentration",
    hazard: "combustibleGas",
    unit: "%{LEL}",
  });
  await desk.run();
});
afterEach(() => desk.stop());

function answers(id: CommandId, state: Exclude<CommandState, "queued" | "sent">): void {
  desk.outlet.reply(gatewayId("g1"), { id, state, timeMs: desk.clock.now() });
}

const statesOf = (id: CommandId): readonly string[] =>
  desk.desk.get(id)?.steps.map((s) => s.state) ?? [];

function refusalOf(request: CommandRequest): LamplighterError {
  try {
    desk.desk.submit(request);
  } catch (error) {
    if (error instanceof LamplighterError) return error;
  }
  throw new Error("was not refused");
}

test("queued, sent, accepted, verified, each with its time; the override holds for two hours", async () => {
  const { id } = desk.desk.submit(wish);
  await desk.clock.advance(seconds(1));
  answers(id, "accepted");
  await desk.clock.advance(seconds(1));
  answers(id, "verified");
  expect(statesOf(id)).toEqual(["queued", "sent", "accepted", "verified"]);
  expect(desk.outlet.sent).toMatchObject([{ id, value: 1, leaseMs: hours(2), ttlMs: seconds(30) }]);
  const policy = { ...wish, value: 0, by: "policy:x", priority: "timetable" } as const;
  expect(refusalOf(policy).fields.why).toBe("heldHigher");
  await desk.clock.advance(hours(2));
  expect(desk.desk.submit(policy).state).toBe("queued");
  const view = commandView(desk.desk.get(id)!);
  expect(view.steps.map((s) => s.at)).toEqual([
    "2026-11-23T08:00:00.000Z",
    "2026-11-23T08:00:00.000Z",
    "2026-11-23T08:00:01.000Z",
    "2026-11-23T08:00:02.000Z",
  ]);
});

test("no answer is a failure and says so; a late answer changes nothing", async () => {
  const { id } = desk.desk.submit(wish);
  await desk.clock.advance(seconds(36));
  expect(desk.desk.get(id)).toMatchObject({ state: "failed" });
  expect(desk.desk.get(id)?.steps.at(-1)?.why).toBe("noAnswer");
  answers(id, "verified");
  expect(desk.desk.get(id)?.state).toBe("failed");
});

test("a gateway that is away: queued until it comes, or expired when it does not", async () => {
  desk.plant.gateway("offline");
  const first = desk.desk.submit(wish);
  await desk.clock.advance(seconds(29));
  expect(desk.outlet.sent).toEqual([]);
  desk.plant.gateway("online");
  await settle();
  expect(desk.outlet.sent.map((m) => m.id)).toEqual([first.id]);
  desk.plant.gateway("offline");
  const second = desk.desk.submit({ ...wish, value: 0 });
  await desk.clock.advance(seconds(30));
  expect(desk.desk.get(second.id)?.steps.at(-1)).toMatchObject({
    state: "expired",
    why: "gatewayOffline",
  });
});

test("the way to an online gateway is closed for a moment: offered again", async () => {
  desk.outlet.offline = true;
  const { id } = desk.desk.submit(wish);
  await desk.clock.advance(seconds(3));
  expect(statesOf(id)).toEqual(["queued"]);
  desk.outlet.offline = false;
  await desk.clock.advance(seconds(1));
  expect(statesOf(id)).toEqual(["queued", "sent"]);
  expect(desk.outlet.sent).toHaveLength(1);
});

test.each([
  ["a point nobody announced", { point: pid("nowhere/light_on") }, "NOT_FOUND", "unknownPoint"],
  ["a point that can only be read", { point: METER }, "POINT_NOT_COMMANDABLE", "notCommandable"],
  ["a detector", { point: GAS }, "POINT_NOT_COMMANDABLE", "notCommandable"],
  ["a value outside the closed set", { value: 2 }, "COMMAND_VALUE_INVALID", "valueInvalid"],
  ["no number at all", { value: Number.NaN }, "COMMAND_VALUE_INVALID", "valueInvalid"],
  [
    "a program in a laboratory",
    { point: LAB_LIGHT, priority: "schedule" },
    "COMMAND_REFUSED",
    "neverAutomatic",
  ],
] as const)("refused and on record: %s", (_, change, code, why) => {
  const error = refusalOf({ ...wish, ...change });
  expect(error.code).toBe(code);
  expect(desk.desk.list()[0]).toMatchObject({ state: "refused" });
  expect(desk.desk.list()[0]?.steps.at(-1)).toMatchObject({ state: "refused", why });
});

test("when gas freezes a room, what waits and what was sent there is refused, and new wishes too", async () => {
  const sent = desk.desk.submit({ ...wish, point: LAB_LIGHT });
  await settle();
  desk.plant.gateway("offline");
  const queued = desk.desk.submit({ ...wish, point: LAB_LIGHT, value: 0 });
  desk.samples.store(desk.clock.now(), [good(GAS, desk.clock.now(), 26)], "hazard");
  await settle();
  for (const { id } of [sent, queued]) {
    expect(desk.desk.get(id)?.steps.at(-1)).toMatchObject({ state: "refused", why: "roomFrozen" });
  }
  const error = refusalOf({ ...wish, point: LAB_LIGHT });
  expect(error.code).toBe("ROOM_FROZEN");
  expect(desk.desk.submit(wish).state).toBe("queued");
});

test("the same key is the same command; for another wish it is a conflict", async () => {
  const first = desk.desk.submit({ ...wish, idempotencyKey: "k1" });
  await settle();
  expect(desk.desk.submit({ ...wish, idempotencyKey: "k1" }).id).toBe(first.id);
  expect(desk.desk.submit({ ...wish, by: "qian", idempotencyKey: "k1" }).id).not.toBe(first.id);
  expect(refusalOf({ ...wish, value: 0, idempotencyKey: "k1" }).code).toBe("IDEMPOTENCY_CONFLICT");
});

test("of two wishes that wait for one point the newer one wins", () => {
  desk.plant.gateway("offline");
  const older = desk.desk.submit(wish);
  desk.desk.submit({ ...wish, value: 0 });
  expect(desk.desk.get(older.id)?.steps.at(-1)).toMatchObject({
    state: "expired",
    why: "overtaken",
  });
});

test("a restart between handing out and its record sends nothing twice", async () => {
  let crashed: AlarmDesk | undefined;
  const { outlet } = desk;
  const send = outlet.send.bind(outlet);
  outlet.send = async (gateway, message) => {
    crashed = desk.crash();
    return send(gateway, message);
  };
  const { id } = desk.desk.submit(wish);
  await settle();
  const again = crashed!;
  await again.run();
  await again.clock.advance(minutes(1));
  expect(again.outlet.sent).toEqual([]);
  expect(again.desk.get(id)).toMatchObject({ state: "failed" });
  await again.stop();
});

test("a clock set forward by an hour expires nothing", async () => {
  desk.plant.gateway("offline");
  const { id } = desk.desk.submit(wish);
  desk.clock.step(hours(1));
  await desk.clock.advance(seconds(20));
  expect(desk.desk.get(id)?.state).toBe("queued");
  desk.plant.gateway("online");
  await settle();
  desk.clock.step(hours(-2));
  await desk.clock.advance(seconds(34));
  expect(desk.desk.get(id)?.state).toBe("sent");
  await desk.clock.advance(seconds(2));
  expect(desk.desk.get(id)?.steps.at(-1)?.why).toBe("noAnswer");
});

test("a restart keeps who holds a point", async () => {
  const { id } = desk.desk.submit(wish);
  await settle();
  answers(id, "verified");
  const again = desk.crash();
  expect(again.desk.holderOf(LIGHT)?.id).toBe(id);
  await again.stop();
});
