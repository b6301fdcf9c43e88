import { describe, expect, it } from "vitest";
import { type Instant, parseInstant } from "../../../../core/time.ts";
import {
  dayNumberOf,
  dayOf,
  lessonAt,
  minuteOfDay,
  offsetToTeachingDay,
} from "../../../../simulators/world/calendar.ts";

const at = (text: string): Instant => {
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe("dayOf", () => {
  it.each([
    ["2026-11-24T10:00:00+08:00", "teaching"],
    ["2026-11-22T10:00:00+08:00", "weekend"],
    // The local day counts: in Greenwich it is still Sunday.
    ["2026-11-23T01:00:00+08:00", "teaching"],
    ["2026-10-01T10:00:00+08:00", "holiday"],
    ["2026-10-07T23:59:00+08:00", "holiday"],
    ["2026-10-08T00:00:00+08:00", "teaching"],
    // Spring Festival of 2027.
    ["2027-02-06T10:00:00+08:00", "holiday"],
    ["2027-01-11T10:00:00+08:00", "exam"],
  ])("%s is a day of kind %s", (text, kind) => {
    expect(dayOf(dayNumberOf(at(text))).kind).toBe(kind);
  });
});

describe("lessonAt", () => {
  it.each([
    [479, -1, false],
    [480, 0, true],
    [579, 0, true],
    [580, 0, false],
    [600, 1, true],
    [1_239, 4, true],
    [1_240, 4, false],
  ])("minute %i: lesson %i, running %s", (minute, index, running) => {
    expect(lessonAt(minute)).toEqual({ index, running });
  });
});

describe("offsetToTeachingDay", () => {
  it.each(["2026-11-24T03:12:45Z", "2026-11-21T20:00:00Z", "2026-07-30T00:00:00Z"])(
    "opened at %s the campus stands at 10:15 of a day with lessons",
    (text) => {
      const now = at(text);
      const world = (now + offsetToTeachingDay(now, 615)) as Instant;
      expect(minuteOfDay(world)).toBeCloseTo(615, 6);
      expect(dayOf(dayNumberOf(world)).kind).toBe("teaching");
    },
  );
});
