import { describe, expect, test } from "vitest";
import { isPointName } from "../../../core/ids.ts";
import { loadStandardPoints } from "../../../device-profiles/library.ts";
import { parseStandardPoints } from "../../../device-profiles/standard-points.ts";

const loaded = await loadStandardPoints();
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
const standard = loaded.value;

describe("points.yaml", () => {
  test("a number in the name is put into both labels", () => {
    expect(standard.find("voltage_l2")).toMatchObject({
      unit: "V",
      quantity: "voltage",
      label: { zh: "L2 相电压", en: "Voltage L2" },
    });
  });

  test("a point's own line wins over its group", () => {
    expect(standard.find("heat_volume")).toMatchObject({ category: "heat", unit: "m3" });
    expect(standard.find("volume")).toMatchObject({ category: "water", unit: "m3" });
  });

  test("the pattern itself is no name, and neither is an unknown one", () => {
    expect(standard.find("voltage_l{n}")).toBeUndefined();
    expect(standard.find("voltage_lx")).toBeUndefined();
  });

  test("a slip of the pen finds its name, with its number", () => {
    expect(standard.near("votlage_l3")).toBe("voltage_l3");
    expect(standard.near("zzzzzzzz")).toBeUndefined();
  });

  test.each(standard.all.map((point) => ({ name: point.pattern, point })))("$name", ({ point }) => {
    expect(isPointName(point.pattern.replace("{n}", "64"))).toBe(true);
    expect(point.label.zh).not.toBe("");
    expect(point.pattern.includes("{n}")).toBe(point.label.en.includes("{n}"));
    expect(point.pattern.includes("{n}")).toBe(point.label.zh.includes("{n}"));
    if (point.kind === "counter") expect(point.deadband).toBe(0);
    if (point.hazard !== undefined) expect(point.poll).toBe("hazard");
    if (point.kind === "event") expect(point.momentary).toBe(true);
    expect(point.haystack, "Haystack markers").toBeDefined();
  });

  test("a group without kind, a bad name and a name there twice are all told", () => {
    const text = `groups:
  - all: { unit: V, quantity: voltage, poll: power }
    points:
      voltage: { zh: 电压, en: Voltage }
  - all: { kind: gauge, unit: V, quantity: voltage, poll: power }
    points:
      Voltage: { zh: 电压, en: Voltage }
      current: { zh: 电流, en: Current }
  - all: { kind: gauge, unit: A, quantity: current, poll: power }
    points:
      current: { zh: 电流, en: Current }
`;
    const parsed = parseStandardPoints(text, "points.yaml");
    expect(parsed.ok ? [] : parsed.error.map((p) => `${p.line}: ${p.message}`)).toEqual([
      "4: has no kind, nor has its group",
      '7: "Voltage" is not a point name',
      '11: "current" is there twice',
    ]);
  });
});
