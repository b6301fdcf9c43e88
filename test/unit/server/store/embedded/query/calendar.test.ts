import { describe, expect, it } from "vitest";
import { days, hours, instant, minutes, seconds, toIso } from "../../../../../../core/time.ts";
import { Calendar } from "../../../../../../server/store/embedded/query/calendar.ts";
import type { Bucket } from "../../../../../../server/store/store.ts";

const at = (text: string): number => Date.parse(text);

const table: readonly {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly bucket: Bucket;
  readonly starts: readonly string[];
}[] = [
  {
    name: "hours begin at full hours, the first before the range",
    from: "2026-11-23T08:30:00Z",
    to: "2026-11-23T10:00:00Z",
    bucket: { kind: "duration", length: hours(1) },
    starts: ["2026-11-23T08:00:00.000Z", "2026-11-23T09:00:00.000Z"],
  },
  {
    name: "days in Shanghai begin at 16:00 UTC",
    from: "2026-11-22T16:00:00Z",
    to: "2026-11-24T15:59:59.999Z",
    bucket: { kind: "day", zone: "Asia/Shanghai" },
    starts: ["2026-11-22T16:00:00.000Z", "2026-11-23T16:00:00.000Z"],
  },
  {
    name: "a day in spring has 23 hours",
    from: "2026-03-28T23:00:00Z",
    to: "2026-03-29T22:00:01Z",
    bucket: { kind: "day", zone: "Europe/Berlin" },
    starts: ["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"],
  },
  {
    name: "a day in autumn has 25 hours",
    from: "2026-10-24T22:00:00Z",
    to: "2026-10-25T23:00:01Z",
    bucket: { kind: "day", zone: "Europe/Berlin" },
    starts: ["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"],
  },
  {
    name: "a day whose midnight does not exist begins an hour later",
    from: "2024-03-31T00:00:00Z",
    to: "2024-03-31T12:00:00Z",
    bucket: { kind: "day", zone: "Asia/Beirut" },
    starts: ["2024-03-30T22:00:00.000Z"],
  },
  {
    name: "months are as long as they are, over the end of a year",
    from: "2026-12-15T00:00:00Z",
    to: "2027-02-28T16:00:01Z",
    bucket: { kind: "month", zone: "Asia/Shanghai" },
    starts: [
      "2026-11-30T16:00:00.000Z",
      "2026-12-31T16:00:00.000Z",
      "2027-01-31T16:00:00.000Z",
      "2027-02-28T16:00:00.000Z",
    ],
  },
];

describe("Calendar", () => {
  it.each(table)("$name", ({ from, to, bucket, starts }) => {
    const buckets = new Calendar().buckets({ from: at(from), to: at(to) }, bucket);
    expect(buckets.starts.map((start) => toIso(instant(start)))).toEqual(starts);
    expect(buckets.cuts).toEqual([at(from), ...buckets.starts.slice(1), at(to)]);
  });

  it.each([
    [seconds(0), "REQUEST_INVALID"],
    [seconds(-1), "REQUEST_INVALID"],
    [days(367), "REQUEST_INVALID"],
    [minutes(1), "RANGE_TOO_LARGE"],
  ])("refuses a year in buckets of %d ms", (length, code) => {
    const range = { from: 0, to: days(365) };
    expect(() => new Calendar().buckets(range, { kind: "duration", length })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("refuses a zone that does not exist", () => {
    const range = { from: 0, to: days(1) };
    expect(() => new Calendar().buckets(range, { kind: "day", zone: "Mars/Base" })).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  });
});
