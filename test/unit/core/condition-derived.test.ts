import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Derivation,
  derive,
  emptyWindow,
  WINDOW_SAMPLES_MAX,
} from "../../../core/condition-derived.ts";
import { instant, minutes, seconds } from "../../../core/time.ts";
import { bad, good } from "../../support/campus.ts";

function run(what: Derivation, series: readonly (readonly [number, number])[]) {
  let state = emptyWindow;
  const values = series.map(([second, value]) => {
    const step = derive(
      { what, window: minutes(1) },
      state,
      good("a/b", instant(second * 1_000), value),
    );
    state = step.state;
    return step.sample?.quality === "good" ? step.sample.value : undefined;
  });
  return { values, kept: state.kept.length };
}

describe("derived values", () => {
  test("a rise over a minute, from what was there a minute ago", () => {
    const series = [
      [0, 20],
      [30, 24],
      [60, 28],
      [90, 28],
      [120, 28],
      [150, 27],
    ] as const;
    expect(run("riseOver", series).values).toEqual([0, 4, 8, 4, 0, -1]);
    expect(run("fallOver", series).values).toEqual([0, -4, -8, -4, 0, 1].map((v) => v + 0));
  });

  test("changes within a minute", () => {
    const series = [0, 10, 20, 30, 40, 75, 85, 200].map((s, i) => [s, i % 2] as const);
    expect(run("changesIn", series).values).toEqual([0, 1, 2, 3, 4, 4, 4, 1]);
    expect(
      run("changesIn", [
        [0, 1],
        [1, 1],
        [2, 1],
      ]).values,
    ).toEqual([0, 0, 0]);
  });

  test("a sample out of order says nothing, a bad one passes as it is", () => {
    const first = derive(
      { what: "riseOver", window: minutes(1) },
      emptyWindow,
      good("a/b", instant(5), 1),
    );
    const older = derive(
      { what: "riseOver", window: minutes(1) },
      first.state,
      good("a/b", instant(4), 9),
    );
    expect(older).toEqual({ state: first.state, sample: undefined });
    const fault = bad("a/b", instant(6), "timeout");
    expect(derive({ what: "riseOver", window: minutes(1) }, first.state, fault).sample).toBe(fault);
  });

  test("the window is bounded however dense the series, and close to the truth", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 3_000 }), (gaps) => {
        let ms = 0;
        const series = gaps.map((gap) => {
          ms += gap;
          return [ms / 1_000, ms] as const;
        });
        const { kept, values } = run("riseOver", series);
        expect(kept).toBeLessThanOrEqual(WINDOW_SAMPLES_MAX + 1);
        const span = Math.min(ms - (gaps[0] ?? 0), seconds(60));
        const rise = Number(values.at(-1) ?? 0);
        expect(Math.abs(rise - span)).toBeLessThanOrEqual(250);
      }),
      { numRuns: 30 },
    );
  });
});
