import { expect, it } from "vitest";
import { milliseconds } from "../../../../core/time.ts";
import { AWAY_GRACE, chooseLane } from "../../../../gateway/pipeline/lane.ts";

it.each([
  ["hazards have their own lane", true, 0, "hazard"],
  ["everything else is live", false, 0, "live"],
  ["a blink of the link changes nothing", true, AWAY_GRACE, "hazard"],
  ["after the grace even a hazard is back-fill", true, AWAY_GRACE + 1, "backfill"],
  ["and everything else", false, AWAY_GRACE + 1, "backfill"],
] as const)("%s", (_name, isHazard, away, lane) => {
  expect(chooseLane(isHazard, milliseconds(away))).toBe(lane);
});
