import { describe, expect, it } from "vitest";
import { deviceId, pointId } from "../../../../core/ids.ts";
import type { BadReason, Value } from "../../../../core/sample.ts";
import { instant } from "../../../../core/time.ts";
import type { ModbusProfile } from "../../../../device-profiles/profile.ts";
import {
  type Evidence,
  guessText,
  POINTS_ASKED_MAX,
  ranked,
  tellingPoints,
} from "../../../../gateway/commissioning/discover.ts";
import { judge } from "../../../../gateway/commissioning/plausible.ts";
import type { SourceValue } from "../../../../gateway/sources/source.ts";
import { libraryProfile } from "../../../support/profiles.ts";

const sdm630 = await libraryProfile("modbus", "eastron/sdm630");
const sdm230 = await libraryProfile("modbus", "eastron/sdm230");
const card = await libraryProfile("modbus", "inveo/rfid-ind-u4");

const device = deviceId("field");
const good = (name: string, value: Value): SourceValue => ({
  point: pointId(device, name),
  time: instant(0),
  timeSource: "gateway",
  quality: "good",
  value,
});
const bad = (name: string, reason: BadReason): SourceValue => ({
  point: pointId(device, name),
  time: instant(0),
  timeSource: "gateway",
  quality: "bad",
  reason,
});

function evidence(
  profile: ModbusProfile,
  values: readonly SourceValue[],
  fingerprint?: boolean,
): Evidence {
  return { profile, points: tellingPoints(profile), values, fingerprint };
}
const SINGLE_PHASE = [good("voltage_l1", 231.4), good("frequency", 49.98)];
const THREE_PHASES = [...SINGLE_PHASE, good("voltage_l2", 230), good("voltage_l3", 229.1)];

describe("the points that are asked for", () => {
  it("are those that tell most, and not too many", () => {
    const names = tellingPoints(sdm630).map(({ name }) => name);
    expect(names).toHaveLength(POINTS_ASKED_MAX);
    expect(names).toEqual(expect.arrayContaining(["voltage_l1", "voltage_l3", "frequency"]));
  });
  it("are none that a gateway takes over or that name a person", () => {
    expect(tellingPoints(card).map(({ name }) => name)).not.toContain("card_event");
  });
});

describe("the ranking", () => {
  it("puts the map that explains more registers first", () => {
    const guesses = ranked([evidence(sdm230, SINGLE_PHASE), evidence(sdm630, THREE_PHASES)]);
    expect(guesses.map(({ profile }) => profile)).toEqual(["eastron/sdm630", "eastron/sdm230"]);
    expect(guesses[0]).toMatchObject({ plausible: 4, asked: 12 });
  });
  it("counts refused registers against a map", () => {
    const refused = ["voltage_l2", "voltage_l3"].map((name) => bad(name, "exception"));
    const guesses = ranked([
      evidence(sdm630, [...SINGLE_PHASE, ...refused]),
      evidence(sdm230, SINGLE_PHASE),
    ]);
    expect(guesses.map(({ profile }) => profile)).toEqual(["eastron/sdm230"]);
  });
  it("leaves out what one voltage by chance would be", () => {
    expect(ranked([evidence(sdm630, [good("voltage_l1", 230)])])).toEqual([]);
    expect(guessText([])).toBe("no profile fits");
  });
  it("believes a device that says who it is", () => {
    const guesses = ranked([evidence(sdm630, SINGLE_PHASE), evidence(card, [], true)]);
    expect(guessText(guesses)).toBe("inveo/rfid-ind-u4 (0/3, says so itself)");
  });
});

describe("a value", () => {
  const point = (quantity: string, name: string = quantity) => ({ name, quantity });
  it.each([
    [point("voltage", "voltage_l1"), 180, "plausible"],
    [point("voltage", "voltage_l1"), 179.9, "implausible"],
    [point("voltage", "voltage_l1"), 260.1, "implausible"],
    [point("voltage", "voltage_l1_l2"), 400, "plausible"],
    [point("voltage", "supply_voltage"), 24, "plausible"],
    [point("frequency"), 45, "plausible"],
    [point("frequency"), 65.1, "implausible"],
    [point("powerFactor"), -1.01, "implausible"],
    [point("activePower"), -1_200, "plausible"],
    [point("activePower"), 1e-20, "implausible"],
    [point("activePower"), 1e20, "implausible"],
    [point("identity"), "SN-0042", "plausible"],
    [point("identity"), "\u0001", "implausible"],
    [point("frequency"), 0, "silent"],
  ])("%o of %j is %s", (judged, value, verdict) => {
    expect(judge(judged, good("x", value))).toBe(verdict);
  });
  it("of a state must be one of its meanings", () => {
    const mode = { ...point("mode"), labels: { 1: { zh: "自动", en: "automatic" } } };
    expect(judge(mode, good("x", 1))).toBe("plausible");
    expect(judge(mode, good("x", 4_711))).toBe("implausible");
  });
  it.each([
    ["exception", "implausible"],
    ["outOfRange", "implausible"],
    ["sentinel", "silent"],
    ["gated", "silent"],
  ] as const)("that is missing by %s is %s", (reason, verdict) => {
    expect(judge(point("frequency"), bad("x", reason))).toBe(verdict);
  });
});
