import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { formatProblems } from "../../../../../core/document.ts";
import { isTestFile, loadRules } from "../../../../../server/rules/rule-directory.ts";
import { parseRuleFile } from "../../../../../server/rules/rule-file.ts";
import { runRuleTests } from "../../../../../server/rules/trial/rule-test-file.ts";

const library = fileURLToPath(new URL("../../../../../server/rules/library/", import.meta.url));
const files = readdirSync(library).filter(isTestFile);
const rules = loadRules();

describe("tests of rules as data", () => {
  test.each(files)("%s", (name) => {
    const ran = runRuleTests(readFileSync(join(library, name), "utf8"), name, rules);
    expect(ran.ok ? "" : formatProblems(ran.error)).toBe("");
  });

  test("every shipped alarm rule has one", () => {
    const text = files.map((name) => readFileSync(join(library, name), "utf8")).join("\n");
    for (const rule of rules) {
      if (rule.kind === "alarm") expect(text, rule.id).toContain(`rule: ${rule.id}`);
    }
  });

  test("a test that does not hold says where, what it missed and what stands instead", () => {
    const text = `
tests:
  wrong:
    points:
      lab/gas_lel: { hazard: combustibleGas, quantity: gasConcentration, unit: "%{LEL}", series: "30*5" }
    expect:
      - { at: 1s, alarms: [{ rule: combustible-gas, priority: high }] }
      - { at: 2s, alarms: [{ rule: combustible-gas, priority: emergency }] }
      - { at: 3s, alarms: [] }
`;
    const ran = runRuleTests(text, "w.test.yaml", rules);
    const problems = ran.ok ? [] : ran.error;
    expect(problems.map((p) => [p.line, p.message])).toEqual([
      [
        8,
        'did not find {"rule":"combustible-gas","priority":"emergency"}; stands but was not expected: combustible-gas on lab/gas_lel (high, unacknowledged)',
      ],
      [9, "stands but was not expected: combustible-gas on lab/gas_lel (high, unacknowledged)"],
    ]);
  });

  test.each([
    ["3 4x", '"4x" is not a sample like'],
    ["3*0", '"3*0" is not a sample like'],
    ["!broken", '"!broken" names no reason of timeout'],
    ["~3:wrong", '"~3:wrong" names no doubt of retained'],
  ])("a series like %s is refused", (series, sentence) => {
    const text = `tests: { a: { points: { lab/x: { quantity: q, series: "${series}" } }, expect: [{ at: 1s, alarms: [{ rule: nobody }] }] } }`;
    const ran = runRuleTests(text, "w.test.yaml", rules);
    const words = ran.ok ? "" : formatProblems(ran.error);
    expect(words).toContain(sentence);
    expect(words).toContain('no rule is called "nobody"');
  });
});

describe("conditions on how a value moves", () => {
  const moving = parseRuleFile(
    `rule: heat-rises
kind: alarm
name: { zh: 温升, en: Temperature rises }
author: a
owner: a
applies: { quantities: [temperature] }
unit: K
when: { of: { riseOver: 1m }, atLeast: [{ limit: 8, priority: high }], hysteresis: 2 }
---
rule: door-busy
kind: alarm
name: { zh: 门频繁, en: Door busy }
author: a
owner: a
applies: { quantities: [doorOpen] }
when: { of: { changesIn: 1m }, atLeast: [{ limit: 6, priority: low }] }
`,
    "moving.yaml",
  );

  test("a rise in degrees is a rise in kelvin; changes are counted", () => {
    const tests = `
tests:
  heat:
    every: 10s
    points:
      a/temperature: { quantity: temperature, unit: Cel, series: "20*6 24 27.9 28 28*4 28*9" }
      a/door: { quantity: doorOpen, kind: state, series: "0 1 0 1 0 1 0 0*20" }
    expect:
      - { at: 50s, alarms: [] }
      - { at: 60s, alarms: [{ rule: door-busy, state: unacknowledged }] }
      - { at: 70s, alarms: [{ rule: door-busy, state: returnedUnacknowledged }] }
      - at: 80s
        alarms: [{ rule: heat-rises, priority: high }, { rule: door-busy }]
      - at: 140s
        alarms: [{ rule: heat-rises, state: returnedUnacknowledged }, { rule: door-busy }]
`;
    const ran = runRuleTests(tests, "m.test.yaml", moving.ok ? moving.value : []);
    expect(ran.ok ? "" : formatProblems(ran.error)).toBe("");
  });
});

describe("the page about rules", () => {
  const page = readFileSync(
    new URL("../../../../../server/rules/README.md", import.meta.url),
    "utf8",
  );
  const [rule = "", tests = ""] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map((m) => m[1]);

  test("its rule parses and its test holds", () => {
    const parsed = parseRuleFile(rule, "README");
    expect(parsed.ok ? "" : formatProblems(parsed.error)).toBe("");
    // The room of a test is made up, so the rule is not bound to a space here.
    const anywhere = parseRuleFile(rule.replace(/^ {2}spaces:.*\n/m, ""), "README");
    const ran = runRuleTests(tests, "README", anywhere.ok ? anywhere.value : []);
    expect(ran.ok ? "" : formatProblems(ran.error)).toBe("");
  });
});
