/** Which announced points a rule is about. Pure: plant and spaces are asked, never changed. */
import { type SpaceId, spaceId } from "../../core/ids.ts";
import type { PlantPoint, Spaces } from "../plant.ts";
import type { PointSelection } from "./rule.ts";

/** The announced points, looked up by name where a rule names them. */
export class PointIndex {
  readonly all: readonly PlantPoint[];
  readonly #byName: ReadonlyMap<string, PlantPoint>;

  constructor(points: readonly PlantPoint[]) {
    this.all = points;
    this.#byName = new Map(points.map((point) => [point.point, point]));
  }

  /** All that answer to a name, in which `*` stands for any part of it. */
  named(name: string): readonly PlantPoint[] {
    if (!name.includes("*")) {
      const point = this.#byName.get(name);
      return point === undefined ? [] : [point];
    }
    const pattern = patternOf(name);
    return this.all.filter((point) => pattern.test(point.point));
  }
}

export function select(
  applies: PointSelection,
  index: PointIndex,
  spaces: Spaces,
): readonly PlantPoint[] {
  const { points: names, hazards, quantities, uses } = applies;
  const within = spacesOf(applies, spaces);
  const named =
    names === undefined ? index.all : [...new Set(names.flatMap((name) => index.named(name)))];
  return named.filter(({ hazard, quantity, space }) => {
    if (hazards !== undefined && (!hazard || !hazards.includes(hazard))) return false;
    if (quantities !== undefined && !quantities.includes(quantity)) return false;
    if (within !== undefined && !within.has(space)) return false;
    if (uses === undefined) return true;
    const use = spaces.get(space)?.use;
    return use !== undefined && uses.includes(use);
  });
}

/** The names of a selection that no announced point answers to yet. */
export const missing = (applies: PointSelection, index: PointIndex): readonly string[] =>
  (applies.points ?? []).filter((name) => index.named(name).length === 0);

function spacesOf(applies: PointSelection, spaces: Spaces): ReadonlySet<SpaceId> | undefined {
  if (applies.spaces === undefined) return undefined;
  return new Set(applies.spaces.flatMap((id) => [...spaces.within(spaceId(id))]));
}

const patternOf = (name: string): RegExp =>
  new RegExp(`^${name.split("*").map(escaped).join(".*")}$`);

const escaped = (text: string): string => text.replace(/[.\\+?^${}()|[\]]/g, "\\$&");
