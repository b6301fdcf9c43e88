import { describe, expect, it } from "vitest";
import {
  axisNumbers,
  counted,
  full,
  glance,
} from "../../../../../server/dashboard/format/number.ts";

describe("a glance", () => {
  it.each([
    [0, "0"],
    [0.03124, "0.0312"],
    [31.42, "31.4"],
    [612.37, "612"],
    [999.6, "1,000"],
    [1_234.5, "1,235"],
    [-12.345, "-12.3"],
    [482_134, "482,134"],
  ])("of %d is %s", (value, text) => {
    expect(glance(value, "zh")).toBe(text);
    expect(glance(value, "en")).toBe(text);
  });
});

it("writes nothing rather than NaN or Infinity", () => {
  expect(glance(Number.NaN, "zh")).toBe("");
  expect(full(Number.POSITIVE_INFINITY, "en")).toBe("");
});

describe("an axis", () => {
  it.each([
    [0.1, 19.66, "19.66"],
    [0.1, 19.7, "19.7"],
    [5, 20, "20"],
    [25_000, 1_500, "1,500"],
    [0, 3, "3"],
  ])("that spans %d writes %d as %s", (span, value, text) => {
    expect(axisNumbers(span, "en")(value)).toBe(text);
  });
});

it("keeps the last units of a counter and every known digit in full", () => {
  expect(counted(48_213.54, "en")).toBe("48,213.5");
  expect(full(0.123456789, "en")).toBe("0.123457");
});
