/**
 * The grid on which series are cut into chunks: hours, and days of 24 of them. The days of a store begin at
 * the midnight its site had when the store was made, as far as whole hours go; they never move again. Pure.
 */
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const DAY_MS = DAY_HOURS * HOUR_MS;

/** Row numbers are `series * 2^22 + hour`: hours reach to the year 2448, series to 2^31. */
const HOURS = 2 ** 22;

export const rowOf = (series: number, hour: number): number => series * HOURS + hour;
/** Hours may be a little below zero: days that begin before 1970. */
export const seriesOfRow = (row: number): number => Math.floor((row + DAY_HOURS) / HOURS);
export const hourOfRow = (row: number, series: number): number => row - series * HOURS;

export const hourMs = (hour: number): number => hour * HOUR_MS;
export const hourOf = (timeMs: number): number => Math.floor(timeMs / HOUR_MS);

export class Grid {
  /** By how many hours the store's days begin before those of UTC. */
  readonly #shiftHours: number;

  constructor(shiftHours: number) {
    this.#shiftHours = shiftHours;
  }

  /** Days since 1970-01-01 as the store counts them. */
  dayOf(timeMs: number): number {
    return Math.floor((timeMs + this.#shiftHours * HOUR_MS) / DAY_MS);
  }

  dayHour(day: number): number {
    return day * DAY_HOURS - this.#shiftHours;
  }

  dayStartMs(day: number): number {
    return this.dayHour(day) * HOUR_MS;
  }

  /** The file that holds a day: "2026-11". */
  monthOf(day: number): string {
    return new Date(day * DAY_MS).toISOString().slice(0, 7);
  }

  /** The hours of the days in a month's file; `end` is the first after them. */
  monthHours(month: string): { readonly first: number; readonly end: number } {
    const year = Number(month.slice(0, 4));
    const index = Number(month.slice(5, 7));
    return {
      first: this.dayHour(Date.UTC(year, index - 1, 1) / DAY_MS),
      end: this.dayHour(Date.UTC(year, index, 1) / DAY_MS),
    };
  }
}

/** Whole hours by which days in `zone` begin before those of UTC in winter and summer alike, if they can. */
export function shiftHoursOf(zone: string): number {
  const january = Temporal.Instant.from("2026-01-15T00:00:00Z").toZonedDateTimeISO(zone);
  return Math.floor(january.offsetNanoseconds / 1e9 / 3600);
}
