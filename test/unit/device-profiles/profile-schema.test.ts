import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { LIBRARY_FOLDER, profileFiles } from "../../../device-profiles/library.ts";
import { PROFILE_SCHEMA_FILE, profileJsonSchema } from "../../../device-profiles/profile-schema.ts";

const text = await readFile(join(LIBRARY_FOLDER, PROFILE_SCHEMA_FILE), "utf8");
const files = await profileFiles(LIBRARY_FOLDER);

test("the checked-in schema is the one that parses (else: lamplighter profiles schema)", () => {
  expect(JSON.parse(text)).toEqual(JSON.parse(profileJsonSchema()));
});

describe("an editor that follows the schema", () => {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(text));

  test.each(files.ok ? [...files.value] : [])("accepts $id", async ({ file }) => {
    validate(parse(await readFile(file, "utf8")));
    expect(validate.errors ?? []).toEqual([]);
  });

  test("marks misspelt keys and unknown words", async () => {
    const cases = join(import.meta.dirname, "cases");
    for (const name of ["misspelt-keys", "unknown-words", "no-source-no-label"]) {
      const wrong = parse(await readFile(join(cases, name, "profile.yaml"), "utf8"));
      expect(validate(wrong), name).toBe(false);
    }
    expect(await readdir(cases)).toContain("misspelt-keys");
  });
});
