import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatProblems } from "../../../core/document.ts";
import { LIBRARY_FOLDER, loadProfiles, profileFiles } from "../../../device-profiles/library.ts";

const loaded = await loadProfiles();

test("every profile of the library parses", () => {
  expect(loaded.ok ? "" : formatProblems(loaded.error)).toBe("");
});

const profiles = loaded.ok ? [...loaded.value.values()] : [];

describe.each(profiles.map((profile) => ({ id: profile.id, profile })))(
  "$id",
  ({ id, profile }) => {
    test("says where its facts come from, and is unconfirmed or has vectors", async () => {
      expect(profile.sources.length).toBeGreaterThan(0);
      if (!profile.confirmed) return;
      const vectors = await readFile(join(LIBRARY_FOLDER, `${id}.vectors.yaml`), "utf8");
      expect(vectors).toMatch(/origin: (published|capture)/);
    });

    test("has points, each named once, with a name for people in both languages", () => {
      expect(profile.points.length).toBeGreaterThan(0);
      const names = profile.points.map((point) => point.name);
      expect(new Set(names).size).toBe(names.length);
      for (const { label } of profile.points) expect(label.zh !== "" && label.en !== "").toBe(true);
    });

    test("card numbers and names never leave the gateway readable", () => {
      if (profile.protocol !== "mqtt") return;
      for (const point of profile.points) {
        for (const [name, field] of Object.entries(point.fields ?? {})) {
          if (["card", "name", "who"].includes(name)) expect(field.personal, name).toBe(true);
        }
      }
    });

    test("nothing that must stay with people is offered for command", () => {
      for (const point of profile.points) {
        if (point.hazard !== undefined) expect(point.command, point.name).toBeUndefined();
      }
    });
  },
);

test("the devices of the demo campus are there", () => {
  const ids = profiles.map((profile) => profile.id);
  for (const id of [
    "eastron/sdm630",
    "chint/dtsu666",
    "waveshare/relay-8ch",
    "dynaflox/ultrad",
    "kamstrup/multical-hc003-67",
    "lamplighter/room-sensor",
    "lamplighter/lighting-controller",
    "lamplighter/fume-hood",
    "lamplighter/lab-sensor",
    "lamplighter/door-panel",
  ]) {
    expect(ids).toContain(id);
  }
});

describe("a folder of one's own", () => {
  test("all files' problems come together, and vectors are not taken for profiles", async () => {
    const folder = await mkdtemp(join(tmpdir(), "profiles-"));
    try {
      await mkdir(join(folder, "acme"));
      await writeFile(join(folder, "acme", "a.yaml"), "protocol: modbuss\n");
      await writeFile(join(folder, "acme", "b.yaml"), "protocol: [\n");
      await writeFile(join(folder, "acme", "a.vectors.yaml"), "vectors: []\n");
      const result = await loadProfiles(folder);
      const files = result.ok ? [] : result.error.map((problem) => problem.file);
      expect(new Set(files)).toEqual(
        new Set([join(folder, "acme", "a.yaml"), join(folder, "acme", "b.yaml")]),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a folder that is not there is a problem, not an exception", async () => {
    const files = await profileFiles(join(tmpdir(), "no-such-folder-of-profiles"));
    expect(files.ok ? "" : files.error[0]?.message).toContain("cannot be read: ENOENT");
  });
});
