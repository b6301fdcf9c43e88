import { describe, expect, it } from "vitest";
import type { ProfilePoint } from "../../../../device-profiles/profile.ts";
import { convert, gateClosed, invert } from "../../../../gateway/sources/convert.ts";
import { profileOf } from "../../../support/profiles.ts";

const profile = await profileOf(
  "mqtt",
  `silentAfter: 1h
points:
  temperature: { topic: t, path: t, scale: 0.1, range: [-40, 85], sentinels: [9999] }
`,
);
const point: ProfilePoint = profile.points[0]!;
const state: ProfilePoint = { ...point, kind: "state", scale: 1, sentinels: [] };
const { range: _range, ...wide } = state;
const SWITCH = { ON: 1, OFF: 0 } as const;

describe("what a device said becomes a value", () => {
  const good: readonly [
    string,
    ProfilePoint,
    unknown,
    Record<string, number> | undefined,
    unknown,
  ][] = [
    ["a number", point, 213, undefined, 21.3],
    ["a number as text", point, " 213 ", undefined, 21.3],
    ["the lowest that can be", point, -400, undefined, -40],
    ["a word", state, "ON", SWITCH, 1],
    ["true without words", state, true, undefined, 1],
    ["true as a word", wide, true, { true: 5 }, 5],
    ["a word that is not scaled", point, "hot", { hot: 80 }, 80],
    ["a code", { ...wide, codes: { "7": 2 } }, 7, undefined, 2],
    ["a text", { ...point, kind: "text" }, 12, undefined, "12"],
  ];
  it.each(good)("%s", (_name, of, raw, words, value) => {
    expect(convert(of, raw, words)).toEqual({ ok: true, value });
  });

  const bad: readonly [
    string,
    ProfilePoint,
    unknown,
    Record<string, number> | undefined,
    string,
  ][] = [
    ["null", point, null, undefined, "notImplemented"],
    ["not a number", point, Number.NaN, undefined, "notImplemented"],
    ["infinity", point, Number.POSITIVE_INFINITY, undefined, "outOfRange"],
    ["infinity as digits", point, "1e999", undefined, "outOfRange"],
    ["too hot", point, 851, undefined, "outOfRange"],
    ["a sentinel", point, 9999, undefined, "sentinel"],
    ["an unknown word", state, "maybe", SWITCH, "typeMismatch"],
    ["a word of the prototype", state, "constructor", SWITCH, "typeMismatch"],
    ["nothing but space", point, " ", undefined, "typeMismatch"],
    ["hexadecimal", point, "0x10", undefined, "typeMismatch"],
    ["a list", point, [1], undefined, "typeMismatch"],
    ["an unknown code", { ...wide, codes: { "7": 2 } }, 8, undefined, "outOfRange"],
    ["a text too long", { ...point, kind: "text" }, "x".repeat(4_097), undefined, "tooLarge"],
  ];
  it.each(bad)("or not: %s", (_name, of, raw, words, reason) => {
    expect(convert(of, raw, words)).toMatchObject({ ok: false, error: { reason } });
  });
});

describe("a command becomes what the device wants", () => {
  it.each([
    ["scaled back, exactly", point, 21.3, undefined, 213],
    ["as a word", state, 1, SWITCH, "ON"],
    ["as a code", { ...wide, codes: { "7": 2 } }, 2, undefined, 7],
  ])("%s", (_name, of, value, words, raw) => {
    expect(invert(of, value, words)).toEqual({ ok: true, value: raw });
  });

  it("or is refused", () => {
    expect(invert(state, 2, SWITCH)).toMatchObject({ ok: false });
  });
});

describe("a gate", () => {
  const gated: ProfilePoint = { ...point, gate: { point: "sensor_state", values: [1] } };
  it.each([
    [1, undefined],
    [2, "sensor_state is 2"],
    [undefined, "sensor_state is not known"],
  ])("with %s: %s", (value, detail) => {
    expect(gateClosed(gated, () => value)?.detail).toBe(detail);
  });
});
