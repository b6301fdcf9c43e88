import { describe, expect, it } from "vitest";
import type { CataloguePoint, CommandTraits } from "../../../../core/catalogue.ts";
import { deviceId, type PointId } from "../../../../core/ids.ts";
import { minutes } from "../../../../core/time.ts";
import { whyRefused } from "../../../../gateway/commands/refuse.ts";

const POINT = "relay/switch_1" as PointId;
const traits: CommandTraits = { settleMs: 100, proof: "readBack", tolerance: 0 };
function point(command: Partial<CommandTraits> | undefined, more: object = {}): CataloguePoint {
  return {
    point: POINT,
    device: deviceId("relay"),
    kind: "state",
    unit: "1",
    quantity: "lightSwitch",
    name: { zh: "灯", en: "Light" },
    expectEvery: minutes(1),
    ...(command === undefined ? {} : { command: { ...traits, ...command } }),
    ...more,
  };
}
const onOff = { values: [0, 1] };

describe("whyRefused", () => {
  it.each([
    ["an unknown point", undefined, 1, "unknownPoint"],
    ["a point that is read only", point(undefined), 1, "notCommandable"],
    ["a value outside the list", point(onOff), 2, "valueInvalid"],
    ["a value below the least", point({ min: 0, max: 100 }), -1, "valueInvalid"],
    ["a value above the most", point({ min: 0, max: 100 }), 100.5, "valueInvalid"],
    ["a value between two steps", point({ min: 0, max: 100, step: 5 }), 12, "valueInvalid"],
    ["what is no number", point({}), Number.NaN, "valueInvalid"],
    ["a detector's reset", point(onOff, { hazard: "combustibleGas" }), 1, "notCommandable"],
    [
      "opening a gas valve",
      point(onOff, { category: "gas", quantity: "valve" }),
      1,
      "notCommandable",
    ],
  ] as const)("refuses %s", (_name, announced, value, why) => {
    const refusal = whyRefused({ point: POINT, value }, { point: announced, frozenBy: undefined });
    expect(refusal?.why).toBe(why);
    expect(refusal?.detail.length).toBeGreaterThan(10);
  });

  it.each([
    ["a value of the list", point(onOff), 1],
    ["the ends of a range", point({ min: 0, max: 100 }), 100],
    ["a value on a step of tenths", point({ min: 0, max: 1, step: 0.1 }), 0.3],
    ["closing a gas valve", point(onOff, { category: "gas", quantity: "valve" }), 0],
  ] as const)("allows %s", (_name, announced, value) => {
    expect(
      whyRefused({ point: POINT, value }, { point: announced, frozenBy: undefined }),
    ).toBeUndefined();
  });

  it.each([0, 1])("refuses %i in a frozen room: on and off alike", (value) => {
    const frozenBy = "gas/gas_lel" as PointId;
    expect(whyRefused({ point: POINT, value }, { point: point(onOff), frozenBy })?.why).toBe(
      "roomFrozen",
    );
  });
});
