/** Reads the profiles a gateway uses, and no others: parsing all of them costs memory for nothing. */
import type { Problem } from "../core/document.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import {
  LIBRARY_FOLDER,
  loadProfile,
  loadStandardPoints,
  profileFiles,
} from "../device-profiles/library.ts";
import type { Profile } from "../device-profiles/profile.ts";
import type { KnownProfiles } from "./plant.ts";

export async function readProfiles(
  wanted: ReadonlySet<string>,
  folder: string = LIBRARY_FOLDER,
): Promise<Outcome<KnownProfiles, readonly Problem[]>> {
  const standard = await loadStandardPoints();
  if (!standard.ok) return standard;
  const files = await profileFiles(folder);
  if (!files.ok) return files;
  const profiles = new Map<string, Profile>();
  const problems: Problem[] = [];
  for (const { id, file } of files.value.filter((entry) => wanted.has(entry.id))) {
    const profile = await loadProfile(id, file, standard.value);
    if (profile.ok) profiles.set(id, profile.value);
    else problems.push(...profile.error);
  }
  if (problems.length > 0) return failure(problems);
  return success({ profiles, names: files.value.map((entry) => entry.id) });
}
