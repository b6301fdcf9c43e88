/**
 * The power meters a person looks at first: those of the site itself and of its buildings. They are listed
 * one by one and never added up: a sum of meters that overlap would be a number nobody can trust.
 */
import type { PointView } from "../../api/contract.ts";
import type { LiveState } from "../live/state.ts";

/** The standard name of a meter's total active power; its phases have names of their own. */
const TOTAL_POWER = "/power_active";

export interface PowerMeters {
  readonly site: readonly PointView[];
  readonly buildings: readonly PointView[];
}

export function powerMeters(state: Pick<LiveState, "points" | "spaces">): PowerMeters {
  const site: PointView[] = [];
  const buildings: PointView[] = [];
  for (const point of state.points.values()) {
    if (!point.point.endsWith(TOTAL_POWER)) continue;
    const kind = state.spaces.get(point.space)?.kind;
    if (kind === "site") site.push(point);
    if (kind === "building" || kind === "outdoor") buildings.push(point);
  }
  return { site, buildings };
}
