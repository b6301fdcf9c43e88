import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectionId, deviceId, gatewayId, pointId, spaceId } from "../../../../../core/ids.ts";
import { FINDINGS_POINT, LINE_FIGURES, LINE_PROFILE } from "../../../../../core/line.ts";
import { writeFindings } from "../../../../../core/line-findings.ts";
import type { Value } from "../../../../../core/sample.ts";
import { seconds } from "../../../../../core/time.ts";
import { doctorRoutes } from "../../../../../server/api/routes/doctor.ts";
import { ApiRig } from "../../../../support/api-rig.ts";

const LINE = deviceId("line-bus");
const FINDING = { zh: "从站 7 无应答", en: "unit 7 is silent", device: "m7" };

let rig: ApiRig;
beforeEach(async () => {
  rig = await ApiRig.start([doctorRoutes]);
  const name = { zh: "总线 bus", en: "Line bus" };
  rig.devices.push({
    ...{ device: LINE, name, space: spaceId("a1"), gateway: gatewayId("main") },
    ...{ connection: connectionId("bus"), profile: LINE_PROFILE },
  });
  const base = { device: LINE, gateway: gatewayId("main"), space: spaceId("a1") };
  const expectEvery = seconds(30);
  for (const { name: figure, unit, quantity, label } of LINE_FIGURES) {
    const point = pointId(LINE, figure);
    rig.points.push({ ...base, point, kind: "gauge", unit, quantity, name: label, expectEvery });
  }
  const { name: findings, quantity, label } = FINDINGS_POINT;
  const text = { kind: "text", unit: "1", quantity, name: label, expectEvery } as const;
  rig.points.push({ ...base, ...text, point: pointId(LINE, findings) });
});
afterEach(() => rig.close());

function tell(name: string, value: Value): void {
  const point = pointId(LINE, name);
  const time = rig.clock.now();
  const stamp = { point, time, sequence: 0, timeSource: "gateway" } as const;
  rig.samples.set(point, { ...stamp, quality: "good", value });
}

const ask = async (url = "/api/doctor") => {
  rig.accounts.putUser("v", "viewer", "test");
  const authorization = `Bearer ${rig.accounts.makeToken("v", "t", "test")}`;
  return rig.api.inject({ url, headers: { authorization } });
};

describe("the doctor's answer", () => {
  test("has each line's newest figures with their age, and the findings", async () => {
    tell("timeout_rate", 2.5);
    tell("findings", writeFindings([FINDING]));
    await rig.clock.advance(seconds(12));
    tell("duty_cycle", 40);
    const { items } = (await ask()).json();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ gateway: "main", line: "bus", state: "online" });
    const figures = items[0].figures.map((f: Record<string, unknown>) => [
      f.point,
      f.value,
      f.ageS,
    ]);
    expect(figures).toEqual([
      ["line-bus/duty_cycle", 40, 0],
      ["line-bus/timeout_rate", 2.5, 12],
    ]);
    expect(items[0].findings).toMatchObject({ ageS: 12, sentences: [FINDING], left: 0 });
  });

  test("of a line nothing was heard of is empty, not zero", async () => {
    const { items } = (await ask()).json();
    expect(items[0]).toMatchObject({ state: "unknown", figures: [] });
    expect(items[0]).not.toHaveProperty("findings");
  });

  test("shows an old figure as old, and a bad one with its reason", async () => {
    tell("duty_cycle", 40);
    await rig.clock.advance(seconds(31));
    const point = pointId(LINE, "timeout_rate");
    const stamp = { point, time: rig.clock.now(), sequence: 0, timeSource: "gateway" } as const;
    rig.samples.set(point, { ...stamp, quality: "bad", reason: "connectionLost" });
    const { items } = (await ask()).json();
    expect(items[0].state).toBe("offline");
    expect(items[0].figures[0]).toMatchObject({ value: 40, stale: true });
    expect(items[0].figures[1]).toMatchObject({ reason: "connectionLost" });
    expect(items[0].figures[1]).not.toHaveProperty("value");
  });

  test("leaves out findings that another's gateway wrote in its own way", async () => {
    tell("findings", "all is well");
    expect((await ask()).json().items[0]).not.toHaveProperty("findings");
  });

  test("is of one gateway when asked so, and needs a credential", async () => {
    expect((await ask("/api/doctor?gateway=other")).json().items).toEqual([]);
    expect((await ask("/api/doctor?gateway=main")).json().items).toHaveLength(1);
    expect((await rig.api.inject("/api/doctor")).statusCode).toBe(401);
  });
});

describe("the figures for Prometheus", () => {
  test("carry gateway and line, and end when they are old", async () => {
    tell("duty_cycle", 40);
    const line = 'lamplighter_line_duty_cycle_percent{gateway="main",line="bus"} 40';
    const text = (await ask("/metrics")).body;
    expect(text).toContain(line);
    expect(text).not.toContain("lamplighter_line_timeout_rate_percent{");
    await rig.clock.advance(seconds(31));
    expect((await ask("/metrics")).body).not.toContain("lamplighter_line_duty_cycle_percent{");
  });
});
