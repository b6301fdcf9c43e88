import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LevelsCondition } from "../../../core/condition.ts";
import {
  isQuiet,
  levelOf,
  levelsAfterSample,
  levelsAfterTick,
  quietLevels,
} from "../../../core/condition-levels.ts";
import type { Sample } from "../../../core/sample.ts";
import { instant, seconds } from "../../../core/time.ts";
import { bad, doubtful, good } from "../../support/campus.ts";

const gas: LevelsCondition = {
  kind: "levels",
  test: "atLeast",
  levels: [
    { limit: 25, onDelay: seconds(0) },
    { limit: 50, onDelay: seconds(0) },
  ],
  hysteresis: 5,
  offDelay: seconds(30),
  overRange: 100,
};
const hood: LevelsCondition = {
  kind: "levels",
  test: "below",
  levels: [
    { limit: 0.4, onDelay: seconds(30) },
    { limit: 0.3, onDelay: seconds(10) },
  ],
  hysteresis: 0.03,
  offDelay: seconds(10),
};
const button: LevelsCondition = {
  kind: "levels",
  test: "is",
  levels: [{ limit: 1, onDelay: seconds(0) }],
  hysteresis: 0,
  offDelay: seconds(0),
};

type Spoken = readonly [
  second: number,
  what: number | "fault" | "outOfRange" | `~${number}` | "tick",
];

/** Runs a shorthand series and gives back what happened, as "second kind level". */
function run(condition: LevelsCondition, series: readonly Spoken[]): readonly string[] {
  let state = quietLevels(condition);
  return series.flatMap(([second, what]) => {
    const time = instant(second * 1_000);
    const step =
      what === "tick"
        ? levelsAfterTick(condition, state, time)
        : levelsAfterSample(condition, state, { sample: spoken(time, what), heardAt: time });
    state = step.state;
    return step.transitions.map(
      (t) =>
        `${t.at / 1_000} ${t.kind}${"level" in t ? ` ${t.level}` : ""}${"flaps" in t ? ` after ${t.flaps} flaps` : ""}`,
    );
  });
}

function spoken(time: ReturnType<typeof instant>, what: Exclude<Spoken[1], "tick">): Sample {
  if (what === "fault") return bad("a/b", time, "sensorFault");
  if (what === "outOfRange") return bad("a/b", time, "outOfRange");
  if (typeof what === "string")
    return doubtful("a/b", time, Number(what.slice(1)), "deviceUncertain");
  return good("a/b", time, what);
}

describe("levels", () => {
  test.each<[string, LevelsCondition, readonly Spoken[], readonly string[]]>([
    ["just below the limit is normal", gas, [[1, 24.999]], []],
    ["the limit itself raises", gas, [[1, 25]], ["1 raised 1"]],
    ["both limits at once raise once, at the graver level", gas, [[1, 50]], ["1 raised 2"]],
    [
      "rising through both",
      gas,
      [
        [1, 30],
        [2, 51],
      ],
      ["1 raised 1", "2 levelRose 2"],
    ],
    [
      "falling by a level needs hysteresis and the off-delay",
      gas,
      [
        [1, 60],
        [2, 46],
        [40, 46],
        [41, 45],
        [70, 45],
        [71, 45],
      ],
      ["1 raised 2", "71 levelFell 1"],
    ],
    [
      "a return must be proven for the whole off-delay",
      gas,
      [
        [1, 30],
        [2, 3],
        [20, 22],
        [21, 3],
        [50, 3],
        [51, 3],
      ],
      ["1 raised 1", "51 returned"],
    ],
    [
      "a tick never returns",
      gas,
      [
        [1, 30],
        [2, 3],
        [500, "tick"],
      ],
      ["1 raised 1"],
    ],
    [
      "a fault in between starts the proof of return anew",
      gas,
      [
        [1, 30],
        [2, 3],
        [31, "fault"],
        [33, 3],
        [62, 3],
        [63, 3],
      ],
      ["1 raised 1", "63 returned"],
    ],
    ["a doubtful value may raise", gas, [[1, "~30"]], ["1 raised 1"]],
    [
      "but calms nothing",
      gas,
      [
        [1, 30],
        [2, "~0"],
        [90, "~0"],
      ],
      ["1 raised 1"],
    ],
    [
      "over range stays, and says when it fell back",
      gas,
      [
        [1, 100],
        [2, 0],
        [90, 0],
      ],
      ["1 raised 2", "1 overRange", "2 fellBack"],
    ],
    [
      "a refused value counts as over range on the way up",
      gas,
      [
        [1, 60],
        [2, "outOfRange"],
        [3, 0],
      ],
      ["1 raised 2", "2 overRange", "3 fellBack"],
    ],
    [
      "a refused value out of nothing does not",
      gas,
      [
        [1, 3],
        [2, "outOfRange"],
      ],
      [],
    ],
    [
      "each level has its own on-delay",
      hood,
      [
        [0, 0.25],
        [9, 0.25],
        [10, 0.25],
        [30, 0.25],
      ],
      ["10 raised 2"],
    ],
    [
      "a dip shorter than the delay is nothing",
      hood,
      [
        [0, 0.35],
        [29, 0.45],
        [60, "tick"],
      ],
      [],
    ],
    [
      "a tick completes a raise",
      hood,
      [
        [0, 0.35],
        [31, "tick"],
      ],
      ["30 raised 1"],
    ],
    [
      "without a tick the next sample completes it, at the same time",
      hood,
      [
        [0, 0.35],
        [45, 0.5],
        [55, 0.5],
      ],
      ["30 raised 1", "55 returned"],
    ],
    [
      "a fault does not stop a pending raise",
      hood,
      [
        [0, 0.35],
        [10, "fault"],
        [31, "tick"],
      ],
      ["30 raised 1"],
    ],
    [
      "a state equals or does not",
      button,
      [
        [1, 0],
        [2, 1],
        [3, 0],
      ],
      ["2 raised 1", "3 returned"],
    ],
  ])("%s", (_, condition, series, expected) => {
    expect(run(condition, series)).toEqual(expected);
  });

  const anySeries = fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.oneof(
        fc.integer({ min: 0, max: 110 }),
        fc.constant("fault" as const),
        fc.integer({ min: 0, max: 110 }).map((n) => `~${n}` as const),
      ),
    ),
    { maxLength: 40 },
  );

  test("ticks at any time change nothing that samples decide", () => {
    const delayed = { ...gas, levels: gas.levels.map((l) => ({ ...l, onDelay: seconds(7) })) };
    fc.assert(
      fc.property(anySeries, fc.array(fc.nat(60)), (gaps, extra) => {
        const series = atTimes(gaps);
        const end = series.at(-1)?.[0] ?? 0;
        const ticks = extra.map((t): Spoken => [t % (end + 1), "tick"]);
        const mixed = [...series, ...ticks].sort((a, b) => a[0] - b[0]);
        expect(run(delayed, mixed)).toEqual(run(delayed, series));
      }),
    );
  });

  test("raised and returned take turns, and levels stay within the condition", () => {
    fc.assert(
      fc.property(anySeries, (gaps) => {
        let active = false;
        for (const line of run(gas, atTimes(gaps))) {
          const [, kind] = line.split(" ");
          if (kind === "raised") {
            expect(active).toBe(false);
            active = true;
          } else {
            expect(active).toBe(true);
            if (kind === "returned") active = false;
          }
        }
      }),
    );
  });

  test("a quiet state has level 0 and forgets nothing that matters", () => {
    const state = quietLevels(gas);
    expect(isQuiet(state)).toBe(true);
    expect(levelOf(state)).toBe(0);
  });
});

/** Gaps between samples become their times. */
function atTimes(gaps: readonly (readonly [number, Spoken[1]])[]): readonly Spoken[] {
  let second = 0;
  return gaps.map(([gap, what]): Spoken => {
    second += gap;
    return [second, what];
  });
}
