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
