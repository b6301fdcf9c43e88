/** The scenario files of a folder, read from disk. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatProblems, type Problem } from "../../core/document.ts";
import { LamplighterError } from "../../core/errors.ts";
import { parseScenario, type ScenarioFile } from "./scenario.ts";

export const SCENARIO_FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Throws CONFIG_INVALID with every problem of every file. */
export async function loadScenarios(
  folder: string = SCENARIO_FOLDER,
): Promise<ReadonlyMap<string, ScenarioFile>> {
  const scenarios = new Map<string, ScenarioFile>();
  const problems: Problem[] = [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  for (const name of names) {
    const id = name.slice(0, -".yaml".length);
    const file = join(folder, name);
    const parsed = parseScenario(id, await readFile(file, "utf8"), file);
    if (parsed.ok) scenarios.set(id, parsed.value);
    else problems.push(...parsed.error);
  }
  if (problems.length > 0) throw new LamplighterError("CONFIG_INVALID", formatProblems(problems));
  return scenarios;
}
