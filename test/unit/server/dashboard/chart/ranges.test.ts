import { expect, it } from "vitest";
import { planFor } from "../../../../../server/dashboard/chart/ranges.ts";
import { RANGES } from "../../../../../server/dashboard/routes.ts";

/** More steps than pixels would be drawn for nothing. */
const STEPS_MAX = 1_000;

it.each(RANGES)("over %s no chart has more buckets than it can show", (range) => {
  for (const kind of ["gauge", "counter", "state"] as const) {
    const { span, bucket } = planFor({ kind }, range);
    if (bucket) expect(span / bucket.longest).toBeLessThanOrEqual(STEPS_MAX);
  }
});

it("an hour is shown sample by sample, except for counters", () => {
  expect(planFor({ kind: "gauge" }, "1h").bucket).toBeUndefined();
  expect(planFor({ kind: "counter" }, "1h").bucket?.name).toBe("5m");
});
