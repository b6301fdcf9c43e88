import { describe, expect, it } from "vitest";
import { INSTANT_MAX } from "../../../../../../core/time.ts";
import {
  Grid,
  hourOf,
  hourOfRow,
  rowOf,
  seriesOfRow,
  shiftHoursOf,
} from "../../../../../../server/store/embedded/chunks/grid.ts";

describe("the grid of chunks", () => {
  it.each([
    ["Asia/Shanghai", 8],
    ["UTC", 0],
    ["Asia/Kolkata", 5],
    ["America/New_York", -5],
    ["Europe/Berlin", 1],
  ])("of a site in %s begins its days %d hours before UTC's", (zone, shift) => {
    expect(shiftHoursOf(zone)).toBe(shift);
  });

  it("has Shanghai's days begin and end at its midnight, each in the file of its month", () => {
    const grid = new Grid(8);
    const midnight = Date.parse("2026-10-31T16:00:00Z");
    const day = grid.dayOf(midnight);
    expect(grid.dayStartMs(day)).toBe(midnight);
    expect(grid.dayOf(midnight - 1)).toBe(day - 1);
    expect(grid.monthOf(day)).toBe("2026-11");
    expect(grid.monthOf(day - 1)).toBe("2026-10");
    expect(grid.monthHours("2026-10").end).toBe(grid.dayHour(day));
    expect(grid.monthHours("2026-11").first).toBe(grid.dayHour(day));
  });

  it.each([
    [1, -14],
    [1, 0],
    [2 ** 20, hourOf(INSTANT_MAX)],
  ])("finds series %d and hour %d in their row number again", (series, hour) => {
    const row = rowOf(series, hour);
    expect(Number.isSafeInteger(row)).toBe(true);
    expect(seriesOfRow(row)).toBe(series);
    expect(hourOfRow(row, series)).toBe(hour);
  });
});
