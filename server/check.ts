/** Checks single files of a server's configuration without starting anything. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Problem } from "../core/document.ts";
import { wordsOf } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import { parseServerConfiguration, parseSiteConfiguration } from "./configuration.ts";
import { isTestFile, readRules } from "./rules/rule-directory.ts";
import { parseRuleFile } from "./rules/rule-file.ts";
import { runRuleTests } from "./rules/trial/rule-test-file.ts";

type Parse = (text: string, file: string) => Outcome<unknown, readonly Problem[]>;

const checkWith =
  (parse: Parse) =>
  async (file: string): Promise<readonly Problem[]> => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      return [{ file, line: 1, path: "", message: `cannot be read: ${wordsOf(error)}` }];
    }
    const parsed = parse(text, file);
    return parsed.ok ? [] : parsed.error;
  };

export const checkSiteFile = checkWith(parseSiteConfiguration);
export const checkServerFile = checkWith(parseServerConfiguration);

/** A file of rules, or a file of tests for the shipped rules and those beside it. */
export const checkRuleFile = checkWith((text, file) => {
  if (!isTestFile(file)) return parseRuleFile(text, file);
  const rules = readRules(dirname(file));
  return rules.ok ? runRuleTests(text, file, rules.value) : rules;
});
