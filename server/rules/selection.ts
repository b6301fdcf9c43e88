/** Which announced points a rule is about. Pure: plant and spaces are asked, never changed. */
import type { SpaceId } from "../../core/ids.ts";
import { spaceId } from "../../core/ids.ts";
import type { Plant, PlantPoint, Spaces } from "../plant.ts";
import type { PointSelection } from "./rule.ts";

export function select(
  applies: PointSelection,
  plant: Pick<Plant, "points">,
  spaces: Spaces,
): readonly PlantPoint[] {
  const within = spacesOf(applies, spaces);
  const patterns = applies.points?.map(patternOf);
  return plant.points().filter((point) => {
    const { hazard, quantity } = point;
    if (patterns !== undefined && !patterns.some((p) => p.test(point.point))) return false;
    if (applies.hazards !== undefined && (!hazard || !applies.hazards.includes(hazard))) {
      return false;
    }
    if (applies.quantities !== undefined && !applies.quantities.includes(quantity)) return false;
    if (within !== undefined && !within.has(point.space)) return false;
    const use = spaces.get(point.space)?.use;
    return applies.uses === undefined || (use !== undefined && applies.uses.includes(use));
  });
}

/** The names of a selection that no announced point answers to yet. */
export function missing(applies: PointSelection, plant: Pick<Plant, "points">): readonly string[] {
  return (applies.points ?? []).filter((name) => {
    const pattern = patternOf(name);
    return !plant.points().some((p) => pattern.test(p.point));
  });
}

function spacesOf(applies: PointSelection, spaces: Spaces): ReadonlySet<SpaceId> | undefined {
  if (applies.spaces === undefined) return undefined;
  return new Set(applies.spaces.flatMap((id) => [...spaces.within(spaceId(id))]));
}

const patternOf = (name: string): RegExp =>
  new RegExp(`^${name.split("*").map(escaped).join(".*")}$`);

const escaped = (text: string): string => text.replace(/[.\\+?^${}()|[\]]/g, "\\$&");
