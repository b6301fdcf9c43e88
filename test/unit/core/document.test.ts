import { describe, expect, test } from "vitest";
import { z } from "zod";
import { formatProblems, nearest, parseYaml } from "../../../core/document.ts";

const schema = z.strictObject({
  name: z.string(),
  count: z.number(),
  colour: z.enum(["red", "green"]).optional(),
  list: z
    .array(
      z.union([
        z.strictObject({ kind: z.literal("a"), size: z.number() }),
        z.strictObject({ kind: z.literal("b"), width: z.number() }),
      ]),
    )
    .default([]),
});

const problems = (text: string): string => {
  const parsed = parseYaml(text, schema, "x.yaml");
  return parsed.ok ? "" : formatProblems(parsed.error);
};

describe("a document", () => {
  test("that is right has no problems and knows its lines", () => {
    const parsed = parseYaml(
      "name: x\ncount: 3\nlist:\n  - { kind: a, size: 1 }\n",
      schema,
      "x.yaml",
    );
    if (!parsed.ok) throw new Error("should parse");
    expect(parsed.value.value.list).toEqual([{ kind: "a", size: 1 }]);
    expect(parsed.value.problemAt(["list", 0, "size"], "too small").line).toBe(4);
  });
  test("tells every problem at once, with line and path", () => {
    const text = problems("name: 5\ncolour: gren\nlist:\n  - kind: a\n");
    expect(text.split("\n")).toHaveLength(4);
    expect(text).toContain("x.yaml:1: name: must be a string, is 5");
    expect(text).toContain("count: is missing");
    expect(text).toContain('x.yaml:2: colour: unknown "gren" (did you mean "green"?)');
    expect(text).toMatch(/x\.yaml:4: list\[0\]\.size: is missing/);
  });
  test("with broken YAML says where", () => {
    expect(problems("name: [1, 2\ncount: 3\n")).toMatch(/^x\.yaml:\d+: /);
  });
  test("with a key twice is refused", () => {
    expect(problems("name: x\nname: y\ncount: 1\n")).toContain("unique");
  });
  test("with an unknown key names it", () => {
    expect(problems("name: x\ncount: 1\ncolor: red\n")).toContain("color");
  });
  test("that blows up by references is refused, not expanded", () => {
    let text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (let i = 1; i < 9; i++)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]\n`;
    const started = performance.now();
    expect(() => problems(text)).not.toThrow();
    expect(problems(text)).not.toBe("");
    expect(performance.now() - started).toBeLessThan(5_000);
  });
  test("that is empty is told what it lacks", () => {
    expect(problems("")).not.toBe("");
  });
});

test.each([
  ["gren", "green"],
  ["GREEN", "green"],
  ["rad", "red"],
  ["violet", undefined],
])("nearest to %s is %s", (word, expected) => {
  expect(nearest(word, ["red", "green"])).toBe(expected);
});
