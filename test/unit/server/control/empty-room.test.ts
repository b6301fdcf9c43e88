import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instant, instant, seconds } from "../../../../core/time.ts";
import { decideEmptyRoom, type Room } from "../../../../server/control/empty-room.ts";
import {
  emptySince,
  type OccupancyEvidence,
  type OutputEvidence,
  occupancyAfter,
  outputAfter,
} from "../../../../server/control/occupancy.ts";
import { bad, good, pid } from "../../../support/campus.ts";

const T = (second: number): Instant => instant(second * 1_000);
const expectEvery = seconds(60);
const terms = { emptyFor: seconds(300), value: 0, retryAfter: seconds(300) };

function sensed(
  series: readonly (readonly [number, number | "bad"])[],
): OccupancyEvidence | undefined {
  let evidence: OccupancyEvidence | undefined;
  for (const [second, value] of series) {
    const sample =
      value === "bad"
        ? bad("r/occupancy", T(second), "timeout")
        : good("r/occupancy", T(second), value);
    evidence = occupancyAfter(evidence, { sample, heardAt: T(second), expectEvery });
  }
  return evidence;
}

describe("occupancy", () => {
  test.each<[string, readonly (readonly [number, number | "bad"])[], number, number | undefined]>([
    ["never heard", [], 10, undefined],
    ["says somebody", [[0, 1]], 10, undefined],
    [
      "says nobody since its first word",
      [
        [0, 0],
        [50, 0],
      ],
      60,
      0,
    ],
    ["fresh until its time is over", [[0, 0]], 60, 0],
    ["then stale", [[0, 0]], 60.001, undefined],
    [
      "a gap begins anew",
      [
        [0, 0],
        [61, 0],
      ],
      70,
      61,
    ],
    [
      "a bad sample ends the run",
      [
        [0, 0],
        [30, "bad"],
      ],
      31,
      undefined,
    ],
    [
      "which begins anew",
      [
        [0, 0],
        [30, "bad"],
        [60, 0],
      ],
      70,
      60,
    ],
  ])("%s", (_, series, now, since) => {
    expect(emptySince(sensed(series), T(now), expectEvery)).toBe(
      since === undefined ? undefined : T(since),
    );
  });
});

describe("an output", () => {
  test("a bad sample between off and on hides no hand at the switch", () => {
    let shown: OutputEvidence | undefined;
    for (const sample of [
      good("r/l", T(0), 0),
      bad("r/l", T(1), "timeout"),
      good("r/l", T(2), 1),
    ]) {
      shown = outputAfter(shown, { sample, heardAt: sample.time });
    }
    expect(shown).toMatchObject({ value: 1, switchedOnAt: T(2) });
  });
});

describe("the decision", () => {
  const room = (change: Partial<Room> = {}): Room => ({
    frozen: false,
    sensors: [
      { point: pid("r/occupancy"), expectEvery, evidence: { heardAt: T(300), emptySince: T(0) } },
    ],
    outputs: [
      {
        point: pid("r/l"),
        expectEvery,
        evidence: { heardAt: T(300), value: 1 },
        heldBy: undefined,
        triedAt: undefined,
      },
    ],
    ...change,
  });
  const reason = (r: Room, now = 300) => decideEmptyRoom(terms, r, T(now))[0]?.reason;

  test("at five minutes, not before", () => {
    expect(reason(room(), 299.999)).toBe("notEmptyLongEnough");
    expect(reason(room())).toBe("empty");
  });

  test("a room without a sensor is occupied for ever", () => {
    expect(reason(room({ sensors: [] }))).toBe("noSensor");
  });

  test("it never acts unless every sensor has said 0 for the whole time", () => {
    const evidence = fc.option(
      fc.record({
        heardAt: fc.integer({ min: 0, max: 600 }).map(T),
        emptySince: fc.integer({ min: 0, max: 600 }).map(T),
      }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.array(evidence, { maxLength: 4 }),
        fc.integer({ min: 0, max: 700 }),
        (list, s) => {
          const now = T(s);
          const sensors = list.map((e) => ({ point: pid("r/o"), expectEvery, evidence: e }));
          const [decision] = decideEmptyRoom(terms, room({ sensors }), now);
          if (decision?.reason !== "empty") return;
          expect(list.length).toBeGreaterThan(0);
          for (const e of list) {
            expect(now - e!.heardAt).toBeLessThanOrEqual(expectEvery);
            expect(now - e!.emptySince).toBeGreaterThanOrEqual(terms.emptyFor);
          }
        },
      ),
    );
  });
});
