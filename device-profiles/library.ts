/** The profiles of a folder, read from disk: the one file here that does I/O. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Problem } from "../core/document.ts";
import { wordsOf } from "../core/errors.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import { parseProfile } from "./parse.ts";
import type { Profile } from "./profile.ts";
import { parseStandardPoints, type StandardPoints } from "./standard-points.ts";
import { parseVectors, type Vectors } from "./vectors.ts";

/** The profiles that come with the program. */
export const LIBRARY_FOLDER = fileURLToPath(new URL(".", import.meta.url));
export const POINTS_FILE = join(LIBRARY_FOLDER, "points.yaml");

/** `<vendor>/<model>` → profile; only those in `ids` when given, which is much faster. */
export async function loadProfiles(
  folder: string = LIBRARY_FOLDER,
  ids?: ReadonlySet<string>,
): Promise<Outcome<ReadonlyMap<string, Profile>, readonly Problem[]>> {
  const standard = await loadStandardPoints();
  if (!standard.ok) return standard;
  const files = await profileFiles(folder);
  if (!files.ok) return files;
  const profiles = new Map<string, Profile>();
  const problems: Problem[] = [];
  for (const { id, file } of files.value) {
    if (ids !== undefined && !ids.has(id)) continue;
    const parsed = await loadProfile(id, file, standard.value);
    if (parsed.ok) profiles.set(id, parsed.value);
    else problems.push(...parsed.error);
  }
  return problems.length > 0 ? failure(problems) : success(profiles);
}

export async function loadProfile(
  id: string,
  file: string,
  standard: StandardPoints,
): Promise<Outcome<Profile, readonly Problem[]>> {
  const text = await textOf(file);
  return text.ok ? parseProfile({ id, text: text.value, file }, standard) : text;
}

export async function loadStandardPoints(): Promise<Outcome<StandardPoints, readonly Problem[]>> {
  const text = await textOf(POINTS_FILE);
  return text.ok ? parseStandardPoints(text.value, POINTS_FILE) : text;
}

export async function loadVectors(file: string): Promise<Outcome<Vectors, readonly Problem[]>> {
  const text = await textOf(file);
  return text.ok ? parseVectors(text.value, file) : text;
}

/** Every `<vendor>/<model>.yaml`, vectors aside, in the order of their names. */
export async function profileFiles(
  folder: string,
): Promise<Outcome<readonly { readonly id: string; readonly file: string }[], readonly Problem[]>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found: { id: string; file: string }[] = [];
    for (const vendor of entries.filter((entry) => entry.isDirectory())) {
      for (const name of await readdir(join(folder, vendor.name))) {
        if (!name.endsWith(".yaml") || name.endsWith(".vectors.yaml")) continue;
        const id = `${vendor.name}/${name.slice(0, -".yaml".length)}`;
        found.push({ id, file: join(folder, vendor.name, name) });
      }
    }
    return success(found.sort((a, b) => (a.id < b.id ? -1 : 1)));
  } catch (error) {
    return failure([problem(folder, `cannot be read: ${wordsOf(error)}`)]);
  }
}

async function textOf(file: string): Promise<Outcome<string, readonly Problem[]>> {
  try {
    return success(await readFile(file, "utf8"));
  } catch (error) {
    return failure([problem(file, `cannot be read: ${wordsOf(error)}`)]);
  }
}

const problem = (file: string, message: string): Problem => ({ file, line: 1, path: "", message });
