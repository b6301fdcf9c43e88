import { describe, expect, test } from "vitest";
import {
  days,
  formatDuration,
  hours,
  milliseconds,
  minutes,
  parseDuration,
  parseInstant,
  seconds,
} from "../../../core/time.ts";

describe("a duration", () => {
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5s", 1_500],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });
  test.each(["", "10", "s", "-5s", "10 s", "5x", "1h-30m", "١s"])("%j is refused", (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });
  test.each([
    [milliseconds(0), "0s"],
    [seconds(5), "5s"],
    [minutes(90), "1h30m"],
    [hours(25), "1d1h"],
    [days(-2), "-2d"],
    [milliseconds(1_001), "1s1ms"],
  ])("%d ms is written %s", (duration, text) => {
    expect(formatDuration(duration)).toBe(text);
  });
});

describe("an instant", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0],
    ["2026-11-23T16:00:00+08:00", Date.UTC(2026, 10, 23, 8)],
    ["2026-11-23T08:00:00.123456Z", Date.UTC(2026, 10, 23, 8, 0, 0, 123)],
    ["2024-02-29T00:00Z", Date.UTC(2024, 1, 29)],
  ])("%s", (text, ms) => {
    expect(parseInstant(text)).toEqual({ ok: true, value: ms });
  });
  test.each([
    ["without zone", "2026-11-23T08:00:00"],
    ["a date alone", "2026-11-23"],
    ["a month that does not exist", "2026-13-01T00:00:00Z"],
    ["before 1970", "1969-12-31T23:59:59Z"],
    ["after 2200", "2200-01-01T00:00:01Z"],
    ["words", "yesterday"],
  ])("%s is refused", (_name, text) => {
    expect(parseInstant(text).ok).toBe(false);
  });
});
