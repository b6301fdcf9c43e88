import { expect, it } from "vitest";
import { roundDuration } from "../../../../../server/dashboard/format/duration.ts";
import { DAY, HOUR, MINUTE, ms, SECOND } from "../../../../../server/dashboard/format/instant.ts";

it.each([
  [ms(-5_000), "seconds", 0],
  [ms(59_999), "seconds", 59],
  [MINUTE, "minutes", 1],
  [ms(HOUR - SECOND), "minutes", 59],
  [HOUR, "hours", 1],
  [ms(2 * DAY - 1), "hours", 47],
  [ms(2 * DAY), "days", 2],
] as const)("%d ms is said in %s as %d, never older than it is", (duration, unit, count) => {
  expect(roundDuration(duration)).toEqual({ unit, count });
});
