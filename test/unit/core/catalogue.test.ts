import { describe, expect, test } from "vitest";
import { parseCatalogue } from "../../../core/catalogue.ts";

const name = { zh: "表", en: "Meter" };
const catalogue = {
  site: "demo",
  gateway: "main",
  version: "v1",
  devices: [{ device: "m1", name, space: "a1", connection: "bus", profile: "eastron/sdm630" }],
  points: [
    {
      point: "m1/power_active",
      device: "m1",
      kind: "gauge",
      unit: "W",
      quantity: "activePower",
      name,
      expectEvery: 5_000,
    },
  ],
};
const [device] = catalogue.devices;
const [point] = catalogue.points;

describe("a birth message", () => {
  test("that is right is read", () => {
    expect(parseCatalogue(catalogue)).toEqual({ ok: true, value: catalogue });
  });
  test.each([
    ["no object", 5, ""],
    ["an unknown unit", { ...catalogue, points: [{ ...point, unit: "kw" }] }, "points.0.unit"],
    [
      "a point of no announced device",
      { ...catalogue, devices: [] },
      "belongs to no announced device",
    ],
    ["a point twice", { ...catalogue, points: [point, point] }, "is there twice"],
    ["a device twice", { ...catalogue, devices: [device, device] }, "is there twice"],
    [
      "a point that does not begin with its device",
      { ...catalogue, points: [{ ...point, point: "m2/x" }] },
      "does not begin",
    ],
    ["a name with a wildcard", { ...catalogue, gateway: "a/+" }, "gateway"],
  ])("with %s is refused", (_name, json, words) => {
    const parsed = parseCatalogue(json);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error.join("\n")).toContain(words);
  });
});
