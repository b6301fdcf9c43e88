/** Holds the tree to the rules of the house, and the rules to small examples of what they must catch. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../core/errors.ts";
import {
  COMPOSITION_ROOTS,
  doubledPackages,
  foreignWords,
  importCycles,
  importProblems,
  type SourceFile,
  sizeProblems,
  wordProblems,
} from "./tidy/house.ts";

const root = new URL("..", import.meta.url).pathname;
const SKIP = new Set([".vitest", "node_modules", "dist", "data", ".git", "coverage"]);

function walk(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (SKIP.has(name)) return [];
    return statSync(join(root, path)).isDirectory() ? walk(path) : [path];
  });
}

const paths = walk("");
const sources: readonly SourceFile[] = paths
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const product = sources.filter((f) => !f.path.startsWith("test/"));
const exists = new Set(paths);

describe("the tree", () => {
  test("imports only in the allowed directions", () => {
    expect(product.flatMap(importProblems)).toEqual([]);
  });
  test("wraps each foreign package in one file per room", () => {
    expect(doubledPackages(product)).toEqual([]);
  });
  test("has no circles of imports", () => {
    expect(importCycles(product)).toEqual([]);
  });
  test("uses none of the banned words", () => {
    expect(sources.filter((f) => !f.path.startsWith("test/tidy")).flatMap(wordProblems)).toEqual(
      [],
    );
  });
  test("calls things by our words", () => {
    expect(product.flatMap(foreignWords)).toEqual([]);
  });
  test("keeps files and functions short", () => {
    const files = sources.filter((f) => !COMPOSITION_ROOTS.includes(f.path));
    expect(files.flatMap(sizeProblems)).toEqual([]);
  });
  test("keeps each unit test beside the path of its source", () => {
    const orphans = sources
      .filter((f) => f.path.startsWith("test/unit/") && f.path.endsWith(".test.ts"))
      .map((f) => f.path.slice("test/unit/".length).replace(/\.test\.ts$/, ""))
      .filter(
        (stem) => !exists.has(`${stem}.ts`) && !exists.has(`${stem}.tsx`) && !hasFolder(stem),
      );
    expect(orphans).toEqual([]);
  });
  test("has only the folders the architecture names", () => {
    const top = new Set(paths.filter((p) => p.includes("/")).map((p) => p.split("/")[0]));
    expect([...top].sort()).toEqual(
      [
        ".ci",
        "core",
        "device-profiles",
        "docs",
        "gateway",
        "platform",
        "server",
        "simulators",
        "test",
      ].filter((f) => top.has(f)),
    );
  });
});

const hasFolder = (stem: string): boolean => paths.some((p) => p.startsWith(`${stem}/`));

describe("the documents", () => {
  const documents = paths.filter((p) => p.endsWith(".md"));

  test("explain every error code, and no other", () => {
    const text = readFileSync(join(root, "docs/errors.md"), "utf8");
    const explained = [...text.matchAll(/^### `([A-Z_]+)`/gm)].map((m) => m[1]);
    expect([...explained].sort()).toEqual([...ERROR_CODES].sort());
  });
  test("link only to files that exist", () => {
    const broken = documents.flatMap((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)]
        .map((m) => join(dirname(path), m[1] ?? ""))
        .filter((target) => !exists.has(target) && !hasFolder(target.replace(/\/$/, "")))
        .map((target) => `${path} → ${target}`);
    });
    expect(broken).toEqual([]);
  });
});

describe("the rules catch", () => {
  const file = (path: string, text: string): SourceFile => ({ path, text });

  test.each([
    ["core importing platform", "core/x.ts", 'import { a } from "../platform/log.ts";'],
    ["core doing I/O", "core/x.ts", 'import { readFileSync } from "node:fs";'],
    ["gateway importing server", "gateway/a/x.ts", 'import { a } from "../../server/server.ts";'],
    [
      "server importing profiles",
      "server/x.ts",
      'import { a } from "../device-profiles/parse.ts";',
    ],
    ["simulators importing the gateway", "simulators/x.ts", 'import { a } from "../gateway/x.ts";'],
    ["anyone importing test", "server/x.ts", 'import { a } from "../test/support/x.ts";'],
    [
      "the dashboard taking code",
      "server/dashboard/x.ts",
      'import { a } from "../../core/time.ts";',
    ],
    ["a dynamic import", "server/x.ts", 'const a = await import("../gateway/gateway.ts");'],
  ])("%s", (_name, path, text) => {
    expect(importProblems(file(path, text))).toHaveLength(1);
  });
  test.each([
    ["an unfinished thought", "// TODO later"],
    ["the console", 'console.log("x");'],
    ["a clock read elsewhere", "const t = Date.now();"],
    ["a timer elsewhere", "  setTimeout(f, 5);"],
    ["any", "const x: any = 1;"],
    ["a default export", "export default 5;"],
    ["an enum", "export enum Colour {"],
  ])("%s", (_name, text) => {
    expect(wordProblems(file("server/x.ts", text))).toHaveLength(1);
  });
  test("other systems' words in names, not in texts and comments", () => {
    const lines = [
      "const metric = 1;",
      "f(tags)",
      "// metric",
      'say("alert");',
      "const stage = 2;",
    ];
    expect(foreignWords(file("server/x.ts", lines.join("\n")))).toHaveLength(2);
  });
  test("a file that is too long", () => {
    expect(sizeProblems(file("server/x.ts", "\n".repeat(500)))).toHaveLength(1);
    expect(sizeProblems(file("server/x.ts", "\n".repeat(499)))).toHaveLength(0);
  });
  test("a function that is too long", () => {
    const body = (lines: number) =>
      `export function f(): void {\n${"  g();\n".repeat(lines - 2)}}\n`;
    expect(sizeProblems(file("server/x.ts", body(71)))).toHaveLength(1);
    expect(sizeProblems(file("server/x.ts", body(70)))).toHaveLength(0);
  });
  test("a package in two files, and a circle", () => {
    const two = [
      file("server/a.ts", 'import m from "mqtt";'),
      file("server/b.ts", 'import m from "mqtt";'),
    ];
    expect(doubledPackages(two)).toHaveLength(1);
    const circle = [
      file("core/a.ts", 'import { b } from "./b.ts";'),
      file("core/b.ts", 'import { a } from "./a.ts";'),
    ];
    expect(importCycles(circle)).toEqual(["core/a.ts → core/b.ts → core/a.ts"]);
  });
});
