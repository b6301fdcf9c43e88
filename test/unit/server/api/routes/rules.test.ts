import { afterEach, beforeEach, expect, test } from "vitest";
import { instant } from "../../../../../core/time.ts";
import { ruleRoutes } from "../../../../../server/api/routes/rules.ts";
import { loadRules } from "../../../../../server/rules/rule-directory.ts";
import { AlarmDesk } from "../../../../support/alarm-desk.ts";
import { ApiRig } from "../../../../support/api-rig.ts";
import { good } from "../../../../support/campus.ts";

const HOOD = "hood/face_velocity";
let rig: ApiRig;
let desk: AlarmDesk;
let headers: Record<string, string>;

beforeEach(async () => {
  const rules = loadRules();
  desk = new AlarmDesk(rules);
  const { clock, plant, spaces, engine } = desk;
  plant.announce(HOOD, "a1-lab", { quantity: "faceVelocity", hazard: "airflow", unit: "m/s" });
  await desk.run();
  const start = clock.now() - 3_600_000;
  const history = Array.from({ length: 100 }, (_, i) =>
    good(HOOD, instant(start + i * 10_000), i >= 20 && i < 40 ? 0.2 : 0.5),
  );
  const none = async () => [];
  const series = {
    ...{ latest: none, buckets: none, increase: none },
    raw: async () => ({ samples: history }),
  };
  rig = await ApiRig.start([ruleRoutes({ clock, rules, engine, plant, spaces, series })]);
  rig.accounts.putUser("v", "viewer", "test");
  headers = {
    authorization: `Bearer ${rig.accounts.makeToken("v", "t", "test")}`,
    "content-type": "application/json",
  };
});
afterEach(async () => {
  await rig.close();
  await desk.stop();
});

const post = async (url: string, body: unknown) => {
  const answer = await rig.api.inject({
    method: "POST",
    url,
    headers,
    payload: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: answer.json() };
};

test("every rule with what it watches and what it waits for", async () => {
  const answer = await rig.api.inject({ url: "/api/rules", headers });
  const items = answer.json().items as { id: string }[];
  expect(items.find((r) => r.id === "fume-hood-airflow")).toMatchObject({
    state: "watching",
    points: 1,
    priorities: ["medium", "high"],
  });
  expect(items.find((r) => r.id === "hydrogen-sulfide")).toMatchObject({
    state: "waiting",
    waitsFor: ["*/hydrogen_sulfide"],
  });
  const one = await rig.api.inject({ url: "/api/rules/nobody", headers });
  expect(one.statusCode).toBe(404);
});

test("a backtest of the rule in force, and of a changed one", async () => {
  const body = { from: "2026-11-23T07:00:00Z", to: "2026-11-23T08:00:00Z" };
  const inForce = await post("/api/rules/fume-hood-airflow/backtest", body);
  expect(inForce).toMatchObject({
    status: 200,
    body: { raises: 1, samples: 100, episodes: [{ from: "2026-11-23T07:03:30.000Z", level: 2 }] },
  });
  const changed = `
rule: fume-hood-airflow
kind: alarm
name: { zh: 风速, en: Airflow }
author: wang
owner: lab
applies: { quantities: [faceVelocity] }
unit: m/s
when: { below: [{ limit: 0.1, priority: high }] }
`;
  const after = await post("/api/rules/fume-hood-airflow/backtest", { ...body, rule: changed });
  expect(after.body).toMatchObject({ raises: 0 });
});

test.each([
  ["a time without a zone", { from: "2026-11-23T07:00:00" }, 400],
  ["a range the wrong way round", { from: "2026-11-24T07:00:00Z" }, 400],
  ["a rule that does not parse", { from: "2026-11-23T07:00:00Z", rule: "rule: x" }, 422],
])("refused: %s", async (_, body, status) => {
  const answer = await post("/api/rules/fume-hood-airflow/backtest", body);
  expect(answer.status).toBe(status);
});

test("a policy has no backtest", async () => {
  const body = { from: "2026-11-23T07:00:00Z" };
  const answer = await post("/api/rules/empty-classroom-lights/backtest", body);
  expect(answer.body.detail).toContain("is a policy");
});
