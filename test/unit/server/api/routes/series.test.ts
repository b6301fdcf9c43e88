import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instant, seconds } from "../../../../../core/time.ts";
import { ApiRig, meterPoint } from "../../../../support/api-rig.ts";

let rig: ApiRig;
let headers: Record<string, string>;
beforeEach(async () => {
  rig = await ApiRig.start();
  rig.accounts.putUser("v", "viewer", "test");
  headers = { authorization: `Bearer ${rig.accounts.makeToken("v", "t", "test")}` };
});
afterEach(() => rig.close());

const get = async (url: string) => {
  const answer = await rig.api.inject({ url, headers });
  return { status: answer.statusCode, body: answer.json() };
};

function show(quality: "good" | "bad", ageMs: number): void {
  const base = {
    point: meterPoint.point,
    time: instant(rig.clock.now() - ageMs),
    sequence: 0,
    timeSource: "gateway",
  } as const;
  rig.samples.set(
    meterPoint.point,
    quality === "good"
      ? { ...base, quality, value: 12.5 }
      : { ...base, quality, reason: "timeout", detail: "no answer" },
  );
}

describe("the latest value", () => {
  test("shows value, unit and age", async () => {
    show("good", 1_000);
    const { body } = await get("/api/latest?point=m1/power_active");
    expect(body.items).toEqual([
      {
        point: "m1/power_active",
        time: "2026-11-23T07:59:59.000Z",
        quality: "good",
        value: 12.5,
        timeSource: "gateway",
        unit: "W",
        stale: false,
      },
    ]);
  });
  test.each([
    [5_000, false],
    [5_001, true],
  ])("%d ms after it was taken is stale: %s", async (ageMs, stale) => {
    show("good", ageMs);
    expect((await get("/api/latest")).body.items[0].stale).toBe(stale);
  });
  test("of a silent device has a reason and no value", async () => {
    show("bad", 0);
    const [item] = (await get("/api/latest")).body.items;
    expect(item).toMatchObject({ quality: "bad", reason: "timeout", detail: "no answer" });
    expect(item).not.toHaveProperty("value");
  });
  test("is filtered by space, downwards", async () => {
    show("good", 0);
    expect((await get("/api/latest?space=campus")).body.items).toHaveLength(1);
    expect((await get("/api/latest?space=b1")).body.items).toHaveLength(0);
  });
  test("of a device decides whether it is online", async () => {
    expect((await get("/api/devices")).body.items[0].state).toBe("unknown");
    show("good", 0);
    expect((await get("/api/devices")).body.items[0].state).toBe("online");
    await rig.clock.advance(seconds(10));
    expect((await get("/api/devices")).body.items[0].state).toBe("offline");
    show("bad", 0);
    expect((await get("/api/devices")).body.items[0].state).toBe("offline");
  });
});

describe("history", () => {
  test("in buckets", async () => {
    const { body } = await get(
      "/api/series?point=m1/power_active&from=2026-11-23T00:00:00Z&to=2026-11-23T01:00:00Z&bucket=15m",
    );
    expect(body.items[0]).toMatchObject({ point: "m1/power_active", unit: "W", bucket: "15m" });
    expect(body.items[0].rows[0]).toEqual({
      time: "2026-11-23T00:00:00.000Z",
      count: 2,
      min: 1,
      mean: 2,
      max: 3,
      last: 3,
    });
  });
  test.each([
    ["an unknown point", "point=m2/x&from=2026-11-23T00:00:00Z", 404],
    ["no point", "from=2026-11-23T00:00:00Z", 400],
    ["a point that is no name", "point=%2e%2e/x&from=2026-11-23T00:00:00Z", 400],
    ["no from", "point=m1/power_active", 400],
    ["a local time", "point=m1/power_active&from=2026-11-23T00:00:00", 400],
    [
      "a range that runs backwards",
      "point=m1/power_active&from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z",
      400,
    ],
    ["a bucket of nothing", "point=m1/power_active&from=2026-11-23T00:00:00Z&bucket=0s", 400],
    ["a bucket of a century", "point=m1/power_active&from=2026-11-23T00:00:00Z&bucket=36500d", 400],
    [
      "a bucket that is no duration",
      "point=m1/power_active&from=2026-11-23T00:00:00Z&bucket=long",
      400,
    ],
    [
      "pages of two points",
      "point=m1/power_active&point=m1/power_active&from=2026-11-23T00:00:00Z&after=x",
      400,
    ],
  ])("with %s is refused in words", async (_name, query, status) => {
    const answer = await get(`/api/series?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.body.detail.length).toBeGreaterThan(10);
  });
});
