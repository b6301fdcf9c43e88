import { describe, expect, it } from "vitest";
import { parseFindings, writeFindings } from "../../../core/line-findings.ts";
import { TEXT_VALUE_CHARACTERS_MAX } from "../../../core/sample.ts";

const sentence = (n: number) => ({ zh: `第 ${n} 句`, en: `sentence ${n} ${"x".repeat(100)}` });
const many = Array.from({ length: 60 }, (_, n) => ({ ...sentence(n), device: `m${n}` }));

describe("findings as one text", () => {
  it("come back as they were written", () => {
    const some = many.slice(0, 3);
    expect(parseFindings(writeFindings(some))).toEqual({
      ok: true,
      value: { sentences: some, left: 0 },
    });
    expect(writeFindings([])).toBe("[]");
  });

  it("fit into a sample, whole sentences only, and count what was left out", () => {
    const text = writeFindings(many);
    expect(text.length).toBeLessThanOrEqual(TEXT_VALUE_CHARACTERS_MAX);
    expect(text.length).toBeGreaterThan(TEXT_VALUE_CHARACTERS_MAX - 400);
    const read = parseFindings(text);
    if (!read.ok) throw new Error(read.error);
    const { sentences, left } = read.value;
    expect(sentences).toEqual(many.slice(0, sentences.length));
    expect(left).toBe(many.length - sentences.length);
    expect(left).toBeGreaterThan(0);
  });

  it("never exceed the limit, whatever the limit is", () => {
    for (let max = 102; max < 3_000; max += 37) {
      expect(writeFindings(many, max).length).toBeLessThanOrEqual(max);
    }
  });

  it("keep one that fits exactly and cut one that is a character too long", () => {
    const whole = JSON.stringify(many.slice(0, 5));
    expect(writeFindings(many.slice(0, 5), whole.length)).toBe(whole);
    expect(writeFindings(many.slice(0, 5), whole.length - 1)).toContain('"left":1}');
  });

  it.each([["not json"], ["{}"], ['[{"zh":"甲"}]'], ["[1]"], ["null"]])(
    "%s are refused",
    (text) => {
      expect(parseFindings(text).ok).toBe(false);
    },
  );
});
