/** What is proven: hazard detectors that give valid values now, and how much of the campus is seen. */
import type { Instant } from "../../../core/time.ts";
import { instantOf } from "../format/instant.ts";
import { isExpected, isStale } from "../format/value.ts";
import type { LiveState } from "../live/state.ts";

export interface Proof {
  readonly hazardPoints: number;
  readonly hazardPointsGood: number;
  readonly points: number;
  readonly pointsGood: number;
  /** When the newest sample was taken. */
  readonly newest: Instant | undefined;
}

export function proofOf(state: Pick<LiveState, "points" | "latest">, now: Instant): Proof {
  let hazardPoints = 0;
  let hazardPointsGood = 0;
  let points = 0;
  let pointsGood = 0;
  let newest: Instant | undefined;
  for (const point of state.points.values()) {
    if (!isExpected(point)) continue;
    const latest = state.latest.get(point.point);
    points += 1;
    const good = latest !== undefined && latest.quality === "good" && !isStale(latest, point, now);
    if (point.hazard) {
      hazardPoints += 1;
      if (good) hazardPointsGood += 1;
    }
    if (good) pointsGood += 1;
    if (!latest) continue;
    const time = instantOf(latest.time);
    if (newest === undefined || time > newest) newest = time;
  }
  return { hazardPoints, hazardPointsGood, points, pointsGood, newest };
}
