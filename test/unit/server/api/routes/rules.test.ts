import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ruleId } from "../../../../../core/ids.ts";
import { instant, seconds } from "../../../../../core/time.ts";
import { ruleRoutes } from "../../../../../server/api/routes/rules.ts";
import { RuleBook } from "../../../../../server/rules/rule-book.ts";
import { AlarmDesk } from "../../../../support/alarm-desk.ts";
import { ApiRig } from "../../../../support/api-rig.ts";
import { good } from "../../../../support/campus.ts";
import { settle } from "../../../../support/fake-clock.ts";

const HOOD = "hood/face_velocity";
let rig: ApiRig;
let desk: AlarmDesk;
let headers: Record<string, string>;
let folder: string;
let changes: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lamplighter-rules-"));
  changes = [];
  const rules = new RuleBook(folder, (by, rule, before) => {
    changes.push(`${by} ${rule.id} ${before?.version} → ${rule.version}`);
  });
  desk = new AlarmDesk(rules.rules());
  rules.onChange((all) => desk.engine.update(all));
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
  rig.accounts.putUser("v", "administrator", "test");
  headers = {
    authorization: `Bearer ${rig.accounts.makeToken("v", "t", "test")}`,
    "content-type": "application/json",
  };
});
afterEach(async () => {
  await rig.close();
  await desk.stop();
  rmSync(folder, { recursive: true });
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

describe("changing a rule", () => {
  const id = "fume-hood-airflow";
  const url = `/api/rules/${id}`;
  const textOf = (version: number, limit: number, rule = id) => `rule: ${rule}
kind: alarm
version: ${version}
name: { zh: 风速, en: Airflow }
author: wang
owner: lab
applies: { quantities: [faceVelocity] }
unit: m/s
when: { below: [{ limit: ${limit}, priority: high }] }
`;
  async function put(to: string, text: string, etag?: string) {
    const answer = await rig.api.inject({
      method: "PUT",
      url: to,
      headers: etag === undefined ? headers : { ...headers, "if-match": etag },
      payload: JSON.stringify({ text }),
    });
    return { status: answer.statusCode, body: answer.json(), etag: String(answer.headers.etag) };
  }
  const etagNow = async () => String((await rig.api.inject({ url, headers })).headers.etag);
  const shows = async (value: number) => {
    await desk.clock.advance(seconds(1));
    desk.samples.store(desk.clock.now(), [good(HOOD, desk.clock.now(), value)], "hazard");
    await settle();
  };

  test("the shipped rule stays, the site's own takes its place at once and on the disk", async () => {
    await shows(0.5);
    const first = await put(url, textOf(2, 0.6), await etagNow());
    expect(first.status).toBe(200);
    expect(readdirSync(folder)).toEqual([`${id}.yaml`]);
    await shows(0.5);
    expect(desk.alarms()).toMatchObject([{ rule: id, ruleVersion: 2, limit: 0.6 }]);
    const second = await put(url, textOf(3, 0.45), first.etag);
    expect(second.body).toMatchObject({ version: 3, state: "watching", points: 1 });
    await shows(0.5);
    expect(desk.alarms()).toMatchObject([{ state: "returnedUnacknowledged" }]);
    expect(changes).toEqual([`v ${id} 1 → 2`, `v ${id} 2 → 3`]);
    expect(new RuleBook(folder, () => {}).rules().find((r) => r.id === id)?.version).toBe(3);
  });

  test("a rule among others in a file of the site: its neighbours are left alone", async () => {
    writeFileSync(
      join(folder, "ours.yaml"),
      `# ours\n---\n${textOf(1, 0.2, "one")}---\n${textOf(1, 0.3, "two")}`,
    );
    const book = new RuleBook(folder, () => {});
    const one = book.get(ruleId("one"))!;
    book.put(ruleId("one"), textOf(2, 0.25, "one"), { by: "v", etag: one.etag });
    const text = readFileSync(join(folder, "ours.yaml"), "utf8");
    expect(text).toBe(`# ours\n---\n${textOf(2, 0.25, "one")}---\n${textOf(1, 0.3, "two")}`);
    writeFileSync(join(folder, "ours.yaml"), text.replace("limit: 0.3", "limit: 0.31"));
    const two = book.get(ruleId("two"))!;
    const change = { by: "v", etag: two.etag };
    expect(() => book.put(ruleId("two"), textOf(2, 0.4, "two"), change)).toThrow("edited by hand");
  });

  test("refused, and the old rule stays in force", async () => {
    const etag = await etagNow();
    expect((await put(url, textOf(2, 0.6))).status).toBe(412);
    expect((await put(url, textOf(2, 0.6), '"of-yesterday"')).status).toBe(412);
    const wrong = await put(url, textOf(2, 0.6).replace("m/s", "kW.h.x"), etag);
    expect(wrong).toMatchObject({ status: 422 });
    expect(wrong.body.detail).toContain("rule:8: unit: unknown");
    expect((await put(url, textOf(1, 0.6), etag)).body.detail).toContain(
      "is not above the present 1",
    );
    expect((await put(url, textOf(2, 0.6, "other"), etag)).body.detail).toContain(
      'of the rule "other"',
    );
    const two = `${textOf(2, 0.6)}---\n${textOf(2, 0.6, "other")}`;
    expect((await put(url, two, etag)).body.detail).toContain("one rule");
    expect(readdirSync(folder)).toEqual([]);
    expect(await etagNow()).toBe(etag);
  });

  test("a new rule needs no ETag; a viewer may change nothing", async () => {
    expect((await put("/api/rules/mine", textOf(1, 0.1, "mine"))).status).toBe(200);
    rig.accounts.putUser("w", "viewer", "test");
    headers = { ...headers, authorization: `Bearer ${rig.accounts.makeToken("w", "t", "test")}` };
    expect((await put("/api/rules/mine", textOf(2, 0.1, "mine"))).status).toBe(403);
  });
});
