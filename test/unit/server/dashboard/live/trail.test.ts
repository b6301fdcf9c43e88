import { expect, it } from "vitest";
import type { Instant } from "../../../../../core/time.ts";
import {
  extendTrail,
  TRAIL_STEPS_MAX,
  type Trail,
  trendOf,
} from "../../../../../server/dashboard/live/trail.ts";

const step = (seconds: number, value: number) => ({ time: (seconds * 1_000) as Instant, value });
const trail = (...steps: ReturnType<typeof step>[]): Trail =>
  steps.reduce(extendTrail, [] as Trail);

it("says the change over the last two minutes, not more", () => {
  expect(trendOf(trail(step(0, 99), step(60, 19), step(180, 31)))).toEqual({
    change: 12,
    over: 120_000,
  });
});

it("says nothing after less than 20 seconds", () => {
  expect(trendOf(trail(step(0, 1), step(19, 9)))).toBeUndefined();
  expect(trendOf(trail(step(0, 1), step(20, 9)))?.change).toBe(8);
  expect(trendOf([])).toBeUndefined();
});

it("grows only forward and never beyond its limit", () => {
  expect(trail(step(10, 1), step(5, 2), step(10, 3))).toEqual([step(10, 1)]);
  const long = trail(...Array.from({ length: 200 }, (_, i) => step(i, i)));
  expect(long).toHaveLength(TRAIL_STEPS_MAX);
  expect(long.at(-1)?.value).toBe(199);
});

it("forgets what is older than five minutes", () => {
  expect(trail(step(0, 1), step(301, 2))).toEqual([step(301, 2)]);
});
