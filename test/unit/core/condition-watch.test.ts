import fc from "fast-check";
import { expect, test } from "vitest";
import type { LevelsCondition } from "../../../core/condition.ts";
import { levelOf } from "../../../core/condition-levels.ts";
import { type LevelsWatch, quietWatch, watchSample } from "../../../core/condition-watch.ts";
import { instant, seconds } from "../../../core/time.ts";
import { good } from "../../support/campus.ts";

const gas: LevelsCondition = {
  kind: "levels",
  test: "atLeast",
  levels: [
    { limit: 25, onDelay: seconds(0) },
    { limit: 50, onDelay: seconds(0) },
  ],
  hysteresis: 5,
  offDelay: seconds(0),
};

interface Heard {
  readonly second: number;
  readonly value: number;
  readonly heard: number;
  readonly late?: boolean;
}

function run(series: readonly Heard[]): { happened: readonly string[]; watch: LevelsWatch } {
  let watch = quietWatch(gas);
  const happened = series.flatMap(({ second, value, heard, late = false }) => {
    const sample = good("a/b", instant(second * 1_000), value);
    const step = watchSample(gas, watch, { sample, heardAt: instant(heard * 1_000), late });
    watch = step.watch;
    return step.transitions.map((t) => `${t.at / 1_000} ${t.kind}`);
  });
  return { happened, watch };
}

test("back-filled samples are found late, once per run, and leave the live state alone", () => {
  const { happened, watch } = run([
    { second: 100, value: 3, heard: 100 },
    { second: 10, value: 30, heard: 101, late: true },
    { second: 11, value: 31, heard: 101, late: true },
    { second: 12, value: 3, heard: 101, late: true },
    { second: 101, value: 4, heard: 101 },
    { second: 20, value: 60, heard: 102, late: true },
  ]);
  expect(happened).toEqual(["10 foundLate", "20 foundLate"]);
  expect(levelOf(watch.live)).toBe(0);
});

test("late samples within a live alarm that began before them are no finding", () => {
  const { happened } = run([
    { second: 100, value: 30, heard: 100 },
    { second: 101, value: 31, heard: 200, late: true },
  ]);
  expect(happened).toEqual(["100 raised"]);
});

test("a straggler neither raises nor resets", () => {
  const { happened } = run([
    { second: 100, value: 30, heard: 100 },
    { second: 90, value: 0, heard: 101 },
    { second: 102, value: 31, heard: 102 },
  ]);
  expect(happened).toEqual(["100 raised"]);
});

test("the same sample twice is once", () => {
  const { happened } = run([
    { second: 1, value: 30, heard: 1 },
    { second: 1, value: 30, heard: 2 },
  ]);
  expect(happened).toEqual(["1 raised"]);
});

test("a clock set back by an hour is believed at the third sample", () => {
  const { happened } = run([
    { second: 3_700, value: 3, heard: 100 },
    { second: 101, value: 3, heard: 101 },
    { second: 102, value: 3, heard: 102 },
    { second: 103, value: 3, heard: 103 },
    { second: 104, value: 30, heard: 104 },
  ]);
  expect(happened).toEqual(["104 raised"]);
});

test("a history uploaded in one go is not a clock set back", () => {
  const history = Array.from({ length: 50 }, (_, i) => ({
    second: 100 + i * 60,
    value: i === 40 ? 60 : 3,
    heard: 4_000,
  }));
  const { happened } = run([{ second: 3_900, value: 3, heard: 3_900 }, ...history]);
  expect(happened).toEqual(["2500 foundLate"]);
});

test("whatever arrives late in whatever order, the live transitions are those of the live samples", () => {
  const value = fc.integer({ min: 0, max: 80 });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 30 }),
      fc.array(fc.tuple(fc.nat(5_000), value, fc.nat(30)), { maxLength: 30 }),
      (live, late) => {
        const series: Heard[] = live.map((v, i) => ({
          second: 10_000 + i,
          value: v,
          heard: 10_000 + i,
        }));
        const alone = run(series).happened;
        for (const [second, v, at] of late) {
          series.splice(at % (series.length + 1), 0, {
            second,
            value: v,
            heard: 10_000,
            late: true,
          });
        }
        expect(run(series).happened.filter((h) => !h.endsWith("foundLate"))).toEqual(alone);
      },
    ),
  );
});
