import { describe, expect, it } from "vitest";
import { gatewayId, type PointId } from "../../../../core/ids.ts";
import type { PointKind, Sample } from "../../../../core/sample.ts";
import { hours, type Instant, instant, milliseconds } from "../../../../core/time.ts";
import { AHEAD_MAX, admit, CLOCK_OFFSET_MAX } from "../../../../server/ingest/admission.ts";
import type { Standing } from "../../../../server/ingest/registry.ts";
import type { PlantPoint } from "../../../../server/plant.ts";

const NOW = instant(Date.UTC(2026, 10, 23, 8));
const sample = (
  value: number | string,
  time: Instant = NOW,
  by: "gateway" | "device" = "gateway",
) =>
  ({
    point: "a/x" as PointId,
    time,
    sequence: 0,
    timeSource: by,
    quality: "good",
    value,
  }) satisfies Sample;
const announced = (kind: PointKind): Standing => ({
  kind: "announced",
  // Only the kind of the point is looked at.
  point: { kind } as PlantPoint,
});
const judge = (one: Sample, standing: Standing = announced("gauge"), offsetMs = 0) =>
  admit([one], { standing: () => standing, now: NOW, clockOffset: milliseconds(offsetMs) });

describe("admit", () => {
  it.each([
    ["a number of a gauge", sample(1), announced("gauge"), undefined],
    ["a text of an event", sample("granted"), announced("event"), undefined],
    ["a text of a gauge", sample("1"), announced("gauge"), /a gauge has a number/],
    ["a number of a text", sample(1), announced("text"), /a text has a text/],
    ["a point of a former catalogue", sample(1), { kind: "retired" }, undefined],
    ["a point nobody announced", sample(1), { kind: "unknown" }, /never announced/],
    [
      "a point of another gateway",
      sample(1),
      { kind: "foreign", gateway: gatewayId("gw-2") },
      /"gw-2"/,
    ],
    ["a time just a day ahead", sample(1, instant(NOW + AHEAD_MAX)), announced("gauge"), undefined],
    ["a time further ahead", sample(1, instant(NOW + AHEAD_MAX + 1)), announced("gauge"), /ahead/],
  ] as const)("%s", (_name, one, standing, why) => {
    const { kept, refused } = judge(one, standing);
    if (why === undefined) expect([kept, refused]).toEqual([[one], []]);
    else {
      expect(kept).toEqual([]);
      expect(refused).toMatchObject([{ index: 0, point: "a/x", why: expect.stringMatching(why) }]);
    }
  });

  it("corrects the times of a gateway whose clock is wrong, and doubts the values", () => {
    const wrong = sample(1, instant(NOW - hours(1)));
    const { kept } = judge(wrong, announced("gauge"), -hours(1));
    expect(kept).toEqual([{ ...wrong, time: NOW, quality: "uncertain", doubt: "clockCorrected" }]);
  });

  it("leaves alone a small difference, and what the device's own clock said", () => {
    const one = sample(1);
    expect(judge(one, announced("gauge"), CLOCK_OFFSET_MAX).kept).toEqual([one]);
    const device = sample(1, NOW, "device");
    expect(judge(device, announced("gauge"), hours(1)).kept).toEqual([device]);
  });
});
