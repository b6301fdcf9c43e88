/** Checks single files of a server's configuration without starting anything. */
import { readFileSync } from "node:fs";
import type { Problem } from "../core/document.ts";
import { wordsOf } from "../core/errors.ts";
import type { Outcome } from "../core/outcome.ts";
import { parseServerConfiguration, parseSiteConfiguration } from "./configuration.ts";
import { parseRuleFile } from "./rules/rule-file.ts";

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
export const checkRuleFile = checkWith(parseRuleFile);
