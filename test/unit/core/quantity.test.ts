import { describe, expect, test } from "vitest";
import { convert, isUnit, symbolOf } from "../../../core/quantity.ts";

describe("units", () => {
  test.each([
    [1, "kW.h", "MJ", 3.6],
    [1, "GJ", "kW.h", 277.7777777777778],
    [100, "Cel", "K", 373.15],
    [230_000, "mV", "V", 230],
    [1, "m3/h", "L/min", 16.666666666666668],
    [5, "W", "W", 5],
  ] as const)("%d %s in %s is %d", (value, from, to, expected) => {
    const converted = convert(value, from, to);
    expect(converted.ok && converted.value).toBeCloseTo(expected, 10);
  });
  test("power does not convert to energy, gas not to moisture", () => {
    expect(convert(1, "kW", "kW.h").ok).toBe(false);
    expect(convert(1, "%{LEL}", "%{RH}").ok).toBe(false);
    expect(convert(1, "%", "%{LEL}").ok).toBe(false);
  });
  test("a unit nobody knows is none", () => {
    expect(isUnit("kw")).toBe(false);
    expect(isUnit("constructor")).toBe(false);
    expect(isUnit("kW")).toBe(true);
    expect(symbolOf("%{LEL}")).toBe("%LEL");
  });
});
