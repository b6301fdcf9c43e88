import { describe, expect, it } from "vitest";
import type { Instant } from "../../../../../core/time.ts";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import {
  formatMoment,
  formatTime,
  isoInZone,
  zoneOffsetMs,
} from "../../../../../server/dashboard/format/time.ts";

const shanghai = { zone: "Asia/Shanghai", language: "zh" } as const;

it("tells the site's time of day, whatever the browser's zone", () => {
  expect(formatTime(instantOf("2026-11-23T16:30:05Z"), "time", shanghai)).toBe("00:30:05");
  const kathmandu = { zone: "Asia/Kathmandu", language: "en" } as const;
  expect(formatTime(instantOf("2026-11-23T16:30:05Z"), "time", kathmandu)).toBe("22:15:05");
});

it("adds the date to every day but today, by the site's midnight", () => {
  const now = instantOf("2026-11-23T16:30:00Z");
  expect(formatMoment(instantOf("2026-11-23T16:00:00Z"), now, shanghai)).toBe("00:00:00");
  expect(formatMoment(instantOf("2026-11-23T15:59:00Z"), now, shanghai)).toBe("11/23 23:59");
});

it("writes nothing for a time that is none", () => {
  expect(formatTime(Number.NaN as Instant, "time", shanghai)).toBe("");
});

describe("the zone's offset", () => {
  it.each([
    ["Asia/Shanghai", "2026-07-01T00:00:00Z", 8 * 60],
    ["Asia/Kathmandu", "2026-07-01T00:00:00Z", 5 * 60 + 45],
    ["America/St_Johns", "2026-01-01T00:00:00Z", -(3 * 60 + 30)],
    ["UTC", "2026-01-01T00:00:00Z", 0],
    // Central European summer time began on 2026-03-29 at 01:00 UTC.
    ["Europe/Berlin", "2026-03-29T00:59:59Z", 60],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", 120],
  ])("of %s at %s is %d minutes", (zone, time, minutes) => {
    expect(zoneOffsetMs(instantOf(time), zone)).toBe(minutes * 60_000);
  });
});

it("writes times for spreadsheets with the offset of their moment", () => {
  expect(isoInZone(instantOf("2026-11-23T16:30:05Z"), "Asia/Shanghai")).toBe(
    "2026-11-24T00:30:05+08:00",
  );
  expect(isoInZone(instantOf("2026-01-01T00:00:00.250Z"), "America/St_Johns")).toBe(
    "2025-12-31T20:30:00.250-03:30",
  );
});
