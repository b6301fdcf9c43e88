/**
 * The power meters a person looks at first: of the site itself, its buildings and its grounds. They are listed
 * one by one and never added up: a sum of meters that overlap would be a number nobody can trust.
 */
import type { PointView } from "../../api/contract.ts";
import type { LiveState } from "../live/state.ts";
import { TOTAL_POWER } from "./points.ts";

export interface PowerMeters {
  readonly site: readonly PointView[];
  readonly buildings: readonly PointView[];
}

export function powerMeters(state: Pick<LiveState, "points" | "spaces">): PowerMeters {
  const site: PointView[] = [];
  const buildings: PointView[] = [];
  for (const point of state.points.values()) {
    if (!point.point.endsWith(TOTAL_POWER)) continue;
    const space = state.spaces.get(point.space);
    if (space === undefined) continue;
    if (space.parent === undefined) site.push(point);
    else if (state.spaces.get(space.parent)?.parent === undefined) buildings.push(point);
  }
  return { site, buildings };
}
