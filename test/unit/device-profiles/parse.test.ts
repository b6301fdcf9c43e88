/**
 * A folder per case: `profile.yaml` is what somebody wrote, `problems.txt` what they must be told, all
 * at once, each with its line and what was probably meant. The folder's name is the mistake.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatProblems } from "../../../core/document.ts";
import { loadStandardPoints } from "../../../device-profiles/library.ts";
import { parseProfile } from "../../../device-profiles/parse.ts";

const CASES = join(import.meta.dirname, "cases");
const standard = await loadStandardPoints();
if (!standard.ok) throw new Error(formatProblems(standard.error));
const names = await readdir(CASES);

describe("a wrong profile says everything that is wrong", () => {
  test.each(names)("%s", async (name) => {
    const text = await readFile(join(CASES, name, "profile.yaml"), "utf8");
    const expected = await readFile(join(CASES, name, "problems.txt"), "utf8");
    const parsed = parseProfile({ id: "test/test", text, file: "profile.yaml" }, standard.value);
    expect(parsed.ok ? "" : `${formatProblems(parsed.error)}\n`).toBe(expected);
  });
});
