import { describe, expect, it } from "vitest";
import { planFor } from "../../../../../server/dashboard/chart/ranges.ts";
import { chartRows, summaryOf } from "../../../../../server/dashboard/chart/rows.ts";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { at, pointView } from "../../../../support/views.ts";

const FIVE_MINUTES_S = 300;
const bucket = (step: number, last: number) => ({
  time: at(step * FIVE_MINUTES_S),
  count: 10,
  min: last - 1,
  mean: last - 0.5,
  max: last + 1,
  last,
});
const valuesOf = (rows: ReturnType<typeof chartRows>) => rows.map(({ value }) => value);

describe("buckets of a gauge", () => {
  const gauge = pointView();
  const plan = planFor(gauge, "24h");

  it("keep their mean and their peaks", () => {
    expect(chartRows(gauge, [bucket(0, 5)], plan)).toEqual([
      { time: instantOf(at(0)), value: 4.5, min: 4, max: 6, count: 10 },
    ]);
  });

  it("show a gap as one row without a value", () => {
    const rows = chartRows(gauge, [bucket(0, 5), bucket(1, 6), bucket(5, 7)], plan);
    expect(valuesOf(rows)).toEqual([4.5, 5.5, undefined, 6.5]);
    expect(rows[2]?.time).toBe(instantOf(at(2 * FIVE_MINUTES_S)));
  });
});

it("a state shows its last value: half a lamp is never on", () => {
  const door = pointView({ kind: "state" });
  expect(valuesOf(chartRows(door, [bucket(0, 1)], planFor(door, "24h")))).toEqual([1]);
});

describe("a counter", () => {
  const counter = pointView({ kind: "counter" });
  const plan = planFor(counter, "1h");

  it("becomes the amount of each bucket", () => {
    const rows = chartRows(counter, [bucket(0, 100), bucket(1, 103), bucket(2, 103)], plan);
    expect(valuesOf(rows)).toEqual([3, 0]);
  });

  it("that was exchanged has an unknown amount, not a negative one", () => {
    const rows = chartRows(counter, [bucket(0, 100), bucket(1, 2), bucket(2, 5)], plan);
    expect(valuesOf(rows)).toEqual([undefined, 3]);
  });

  it("does not heap the amount of a gap on the bucket after it", () => {
    const rows = chartRows(
      counter,
      [bucket(0, 100), bucket(1, 101), bucket(9, 900), bucket(10, 901)],
      plan,
    );
    expect(valuesOf(rows)).toEqual([1, undefined, 1]);
  });
});

describe("raw samples", () => {
  const gauge = pointView({ expectEveryMs: 15_000 });
  const plan = planFor(gauge, "1h");
  const raw = (seconds: number, value?: number) =>
    value === undefined
      ? ({ time: at(seconds), quality: "bad", reason: "timeout", timeSource: "gateway" } as const)
      : ({ time: at(seconds), quality: "good", value, timeSource: "gateway" } as const);

  it("that are bad are gaps with their cause", () => {
    const rows = chartRows(gauge, [raw(0, 1), raw(10), raw(20, 2)], plan);
    expect(rows[1]).toEqual({ time: instantOf(at(10)), reason: "timeout" });
  });

  it("that stay away longer than expected leave a gap", () => {
    expect(valuesOf(chartRows(gauge, [raw(0, 1), raw(45, 2)], plan))).toEqual([1, 2]);
    expect(valuesOf(chartRows(gauge, [raw(0, 1), raw(46, 2)], plan))).toEqual([1, undefined, 2]);
  });
});

it("the summary counts runs of missing rows once and knows when there is nothing", () => {
  const time = instantOf(at(0));
  const rows = [{ time, value: 1 }, { time }, { time }, { time, value: 5, min: 2, max: 9 }];
  expect(summaryOf(rows)).toEqual({ min: 1, max: 9, total: 6, gaps: 1 });
  expect(summaryOf([{ time }])).toBeUndefined();
});
