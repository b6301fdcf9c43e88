import { describe, expect, it } from "vitest";
import {
  alignedLines,
  type SeenPoint,
  summaryOf,
  tableLines,
} from "../../../../gateway/commissioning/read-table.ts";

const voltage: SeenPoint = {
  point: { name: "voltage_l1", unit: "V" },
  raw: { table: "input", words: [0x4366, 0x3333] },
  value: Math.fround(230.2),
  ageMs: 340,
};

const row = (seen: SeenPoint): readonly string[] => tableLines([seen])[1]?.split(/ {2,}/) ?? [];
const plain = (value: number | string): string =>
  row({ point: { name: "x", unit: "1" }, value, ageMs: 0 })[1] ?? "";

describe("the table", () => {
  it("has a column for each thing to know, numbers at the right", () => {
    const refused: SeenPoint = { point: { name: "power", unit: "W" }, problem: "exception 2" };
    expect(tableLines([voltage, refused])).toEqual([
      "point       words      value  unit    age  error",
      "voltage_l1  4366 3333  230.2  V     0.3 s",
      "power                      -            -  exception 2",
    ]);
    expect(summaryOf([voltage, refused])).toBe("1 of 2 points have a value");
  });
  it("leaves the words out where a protocol has none", () => {
    const { raw: _, ...spoken } = voltage;
    expect(tableLines([spoken])[0]).toBe("point       value  unit    age  error");
  });
  it("shows bits as bits, meanings beside numbers, and words of a value that is none", () => {
    const labels = { 1: { zh: "开", en: "on" } };
    const lamp = { point: { name: "light_on", unit: "1" as const, labels }, value: 1, ageMs: 0 };
    const bits = row({ ...lamp, raw: { table: "coil", words: [1] } });
    expect(bits).toEqual(["light_on", "1", "1 (on)", "0.0 s"]);
    const { value: _, ...sentinel } = voltage;
    expect(row({ ...sentinel, problem: "no value" })).toContain("4366 3333");
  });
  it.each([
    [Math.fround(0.1), "0.1"],
    [1_234_567.5, "1234567.5"],
    [12_345_678.91, "12345678.91"],
    [0.1 + 0.2, "0.3"],
    [4_294_967_295, "4294967295"],
    [-0.25, "-0.25"],
  ])("%d is written as %s", (value, text) => {
    expect(plain(value)).toBe(text);
  });
  it("cuts long texts", () => {
    expect(plain("a".repeat(39))).toBe("a".repeat(39));
    expect(plain("a".repeat(40))).toBe(`${"a".repeat(38)}…`);
  });
  it.each([
    [9_949, "9.9 s"],
    [10_000, "10 s"],
    [119_000, "119 s"],
    [180_000, "3 min"],
  ])("an age of %d ms is %s", (ageMs, text) => {
    expect(row({ ...voltage, ageMs })).toContain(text);
  });
  it("of nothing is its head", () => {
    expect(alignedLines(["unit", "answers"], [])).toEqual(["unit  answers"]);
  });
});
