/**
 * Chooses the lane of a sample. While the server has been away for longer than a short grace, everything
 * is back-fill: it will arrive late, and late samples must not look like something happening now.
 */
import type { Lane } from "../../core/batch.ts";
import { type Duration, seconds } from "../../core/time.ts";

/** A broker that restarts or a link that blinks is back within this; its samples still count as live. */
export const AWAY_GRACE = seconds(10);

export function chooseLane(isHazard: boolean, uplinkAwayFor: Duration): Lane {
  if (uplinkAwayFor > AWAY_GRACE) return "backfill";
  return isHazard ? "hazard" : "live";
}
