/** Checks a gateway's file without starting anything: its own words, the profiles, and the campus it is in. */
import { readFileSync } from "node:fs";
import type { Problem } from "../core/document.ts";
import { wordsOf } from "../core/errors.ts";
import { parseGatewayConfiguration } from "./configuration.ts";
import { buildPlant } from "./plant.ts";
import { readProfiles } from "./read-profiles.ts";

/** What the rest of the configuration folder knows. */
export interface Surroundings {
  readonly site: string;
  readonly spaces: ReadonlySet<string>;
  /** Gateways that may connect; undefined where another broker decides that. */
  readonly gateways?: ReadonlySet<string>;
}

/** Every problem of the file; with its surroundings also names of spaces and gateways that do not exist. */
export async function checkGatewayFile(
  file: string,
  surroundings?: Surroundings,
): Promise<readonly Problem[]> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return [{ file, line: 1, path: "", message: `cannot be read: ${wordsOf(error)}` }];
  }
  const parsed = parseGatewayConfiguration(text, file);
  if (!parsed.ok) return parsed.error;
  const { value, problemAt } = parsed.value;
  const problems: Problem[] = [];
  if (surroundings !== undefined) {
    const { site, spaces, gateways } = surroundings;
    if (value.site !== site) problems.push(problemAt(["site"], `site.yaml is of site "${site}"`));
    if (gateways !== undefined && !gateways.has(value.gateway)) {
      problems.push(problemAt(["gateway"], `server.yaml lets no gateway "${value.gateway}" in`));
    }
    value.devices.forEach((device, i) => {
      const missing = (space: string): string => `site.yaml has no space "${space}"`;
      if (!spaces.has(device.space)) {
        problems.push(problemAt(["devices", i, "space"], missing(device.space)));
      }
      for (const [point, { space }] of Object.entries(device.points)) {
        if (space !== undefined && !spaces.has(space)) {
          problems.push(problemAt(["devices", i, "points", point, "space"], missing(space)));
        }
      }
    });
  }
  const profiles = await readProfiles(new Set(value.devices.map((device) => device.profile)));
  if (!profiles.ok) return [...problems, ...profiles.error];
  const plant = buildPlant(parsed.value, profiles.value);
  return plant.ok ? problems : [...problems, ...plant.error];
}
