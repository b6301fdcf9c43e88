/**
 * A folder per case: `profile.yaml` is what somebody wrote, `problems.txt` what they must be
 * told, all at once, each with its line and what was probably meant. The folder's name is the
 * mistake.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatProblems } from "../../../core/document.ts";
import { LIBRARY_FOLDER, loadStandardPoints } from "../../../device-profiles/library.ts";
import { parseProfile } from "../../../device-profiles/parse.ts";

/** For a machine that does other things as well. */
const FUZZ_MS_MAX = 30_000;
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

test("the worked example of the README parses, and says what the README says of it", async () => {
  const readme = await readFile(join(LIBRARY_FOLDER, "README.md"), "utf8");
  const text = /The profile, `acme\/em1.yaml`:\n\n```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const parsed = parseProfile({ id: "acme/em1", text, file: "README.md" }, standard.value);
  expect(parsed.ok ? "" : formatProblems(parsed.error)).toBe("");
  const points = parsed.ok ? parsed.value.points : [];
  expect(points.find((point) => point.name === "energy_import")).toMatchObject({
    kind: "counter",
    unit: "kW.h",
    category: "electricity",
    poll: "energy",
    label: { zh: "正向有功电能", en: "Energy imported" },
  });
});

describe("whatever is in the file", () => {
  const seeds = ["acrel/adl3000", "inveo/rfid-ind-u4", "shelly/pro-3em", "lamplighter/fume-hood"];

  test(
    "it is a profile or a list of problems with lines, never an exception",
    async () => {
      const texts = await Promise.all(
        seeds.map((id) => readFile(join(LIBRARY_FOLDER, `${id}.yaml`), "utf8")),
      );
      const edit = fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        removed: fc.integer({ min: 0, max: 40 }),
        put: fc.oneof(
          fc.constantFrom(
            "{",
            "}",
            "[",
            ": ",
            "\n",
            "  ",
            "null",
            "-1",
            "1e999",
            "&a",
            "*a",
            "\t",
            "!!js",
          ),
          fc.string({ maxLength: 12 }),
        ),
      });
      const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(fc.constantFrom(...texts), edits, (text, changes) => {
          const edited = changes.reduce((before, { at, removed, put }) => {
            const start = Math.floor(at * before.length);
            return before.slice(0, start) + put + before.slice(start + removed);
          }, text);
          const parsed = parseProfile({ id: "a/b", text: edited, file: "f" }, standard.value);
          if (parsed.ok) return;
          const lines = edited.split("\n").length;
          expect(parsed.error.length).toBeGreaterThan(0);
          for (const { line, message } of parsed.error) {
            expect(line).toBeGreaterThanOrEqual(1);
            expect(line).toBeLessThanOrEqual(lines);
            expect(message).not.toBe("");
          }
        }),
        { numRuns: 150 },
      );
    },
    FUZZ_MS_MAX,
  );
});
