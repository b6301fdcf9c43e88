/** The months of a store as one sequence of windows for a series. */

import type { Window } from "../query/walk.ts";
import type { Grid } from "./grid.ts";
import type { MonthFile } from "./month-file.ts";

export interface MonthSource {
  /** In order: "2026-10", "2026-11". */
  readonly names: readonly string[];
  readonly grid: Grid;
  open(month: string): MonthFile;
}

export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Windows that have a part in the range, in order. */
export function* windowsIn(
  months: MonthSource,
  series: number,
  { from, to }: TimeRange,
): Generator<Window> {
  const { grid } = months;
  const firstHour = grid.dayHour(grid.dayOf(from));
  const endHour = grid.dayHour(grid.dayOf(to - 1) + 1);
  for (const name of months.names) {
    const { first, end } = grid.monthHours(name);
    if (end <= firstHour || first >= endHour) continue;
    const file = months.open(name);
    const windows = file.windows(series, Math.max(first, firstHour), Math.min(end, endHour));
    for (const window of windows) if (window.end > from && window.start < to) yield window;
  }
}

/** Windows that end after `time`, oldest first. */
export function* windowsFrom(months: MonthSource, series: number, time: number): Generator<Window> {
  const { grid } = months;
  const hour = grid.dayHour(grid.dayOf(time));
  for (const name of months.names) {
    const { first, end } = grid.monthHours(name);
    if (end <= hour) continue;
    const windows = months.open(name).windowsFrom(series, Math.max(first, hour), end);
    for (const window of windows) if (window.end > time) yield window;
  }
}

/** Windows that begin before `time`, newest first. */
export function* windowsBefore(
  months: MonthSource,
  series: number,
  time: number,
): Generator<Window> {
  const { grid } = months;
  const hour = grid.dayHour(grid.dayOf(time) + 1);
  for (const name of months.names.toReversed()) {
    const { first, end } = grid.monthHours(name);
    if (first >= hour) continue;
    const windows = months.open(name).windowsBefore(series, Math.min(end, hour), first);
    for (const window of windows) if (window.start < time) yield window;
  }
}
