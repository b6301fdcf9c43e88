import { describe, expect, test } from "vitest";
import { formatProblems } from "../../../../core/document.ts";
import { loadRules } from "../../../../server/rules/rule-directory.ts";
import { parseRuleFile } from "../../../../server/rules/rule-file.ts";

const whole = `
rule: cold-store
kind: alarm
name: { zh: 冷库, en: Cold store }
author: wang
owner: canteen
applies: { quantities: [temperature], spaces: [canteen-cold] }
unit: Cel
when:
  atLeast: [{ limit: 8, priority: medium, onDelay: 15m }]
  hysteresis: 1
response: { zh: 检查门, en: Check the door }
`;

describe("rule files", () => {
  test("a rule as people write it", () => {
    const parsed = parseRuleFile(whole, "cold.yaml");
    expect(parsed).toMatchObject({
      ok: true,
      value: [
        {
          id: "cold-store",
          kind: "alarm",
          version: 1,
          freezes: false,
          closedBy: "return",
          when: { kind: "levels", test: "atLeast", levels: [{ limit: 8, onDelay: 900_000 }] },
        },
      ],
    });
  });

  test("several documents, comments between them, and every problem with its own line", () => {
    const second = `
rule: Cold Store
kind: alarm
name: { zh: 冷库 }
author: wang
owner: canteen
applies: { spaces: [x] }
unit: kelvins
when: { above: [{ limit: 8, priority: urgent }] }
`;
    const parsed = parseRuleFile(`# shipped\n---${whole}---\n# mine${second}`, "two.yaml");
    expect(parsed.ok).toBe(false);
    const text = parsed.ok ? "" : formatProblems(parsed.error);
    expect(text.split("\n")).toHaveLength(parsed.ok ? 0 : parsed.error.length);
    expect(text).toContain("two.yaml:16: rule: ");
    expect(text).toContain("two.yaml:18: name.en: is missing");
    expect(text).toContain("two.yaml:21: applies: must name points, hazards or quantities");
    expect(text).toContain('two.yaml:22: unit: unknown "kelvins"');
    expect(text).toContain("two.yaml:23: when: ");
  });

  test.each([
    [
      "limits in the wrong order",
      "atLeast: [{ limit: 50, priority: high }, { limit: 25, priority: emergency }]",
      "must go from the mildest to the gravest limit, 25 follows 50",
    ],
    [
      "a graver limit with a milder priority",
      "atLeast: [{ limit: 25, priority: emergency }, { limit: 50, priority: high }]",
      '"high" is milder than "emergency" of the level before',
    ],
    [
      "over range under the limit",
      "{ atLeast: [{ limit: 25, priority: high }], overRange: 20 }",
      "20 is not above the highest limit 25",
    ],
    [
      "two tests at once",
      "{ atLeast: [{ limit: 25, priority: high }], below: [{ limit: 2, priority: high }] }",
      "must have exactly one of atLeast, below, is",
    ],
    [
      "a duration without a unit",
      "atLeast: [{ limit: 25, priority: high, onDelay: '30' }]",
      '"30" is not a duration like',
    ],
  ])("refused: %s", (_, when, sentence) => {
    const braced = when.startsWith("{") ? when : `{ ${when} }`;
    const start = whole.slice(0, whole.indexOf("when:"));
    const parsed = parseRuleFile(`${start}when: ${braced}\n`, "r.yaml");
    expect(parsed.ok ? "" : formatProblems(parsed.error)).toContain(sentence);
  });

  test("limits need a unit, doubled rules are refused, an empty file has no rules", () => {
    const unitless = parseRuleFile(whole.replace("unit: Cel\n", ""), "r.yaml");
    expect(unitless.ok ? "" : formatProblems(unitless.error)).toContain("unit: is missing");
    const doubled = parseRuleFile(`${whole}---${whole}`, "r.yaml");
    expect(doubled.ok ? "" : formatProblems(doubled.error)).toContain(
      '"cold-store" is there twice',
    );
    expect(parseRuleFile("# nothing\n---\n", "r.yaml")).toEqual({ ok: true, value: [] });
  });

  test("the shipped rules are whole: both languages, a source, a response where people must act", () => {
    const rules = loadRules();
    expect(rules.map((r) => r.id)).toContain("combustible-gas");
    for (const rule of rules) {
      expect(rule.name.zh).toMatch(/[\u4e00-\u9fff]/);
      expect(rule.name.en).toMatch(/^[A-Z]/);
      expect(rule.source, rule.id).toBeDefined();
      expect(rule.effective, rule.id).toBeDefined();
      if (rule.kind === "alarm") expect(rule.response?.zh.length, rule.id).toBeGreaterThan(20);
    }
  });
});
