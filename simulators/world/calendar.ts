/**
 * The school's year and day: which days are taught, when lessons are, what the clock on the wall shows.
 * China has kept one offset since 1991, so local time is plain arithmetic here and a year stays cheap.
 */
import type { Instant } from "../../core/time.ts";

export const ZONE_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

export const DAY_KINDS = ["teaching", "exam", "weekend", "holiday"] as const;
export type DayKind = (typeof DAY_KINDS)[number];

export interface Day {
  /** Days since 1970-01-01, local. */
  readonly number: number;
  /** 0 = 1 January. */
  readonly ofYear: number;
  readonly kind: DayKind;
}

/** Minutes after midnight; double lessons with breaks between, and an evening of self-study. */
export const LESSONS = [
  { from: 480, to: 580 },
  { from: 600, to: 700 },
  { from: 840, to: 940 },
  { from: 960, to: 1_060 },
  { from: 1_140, to: 1_240 },
] as const;
export const EVENING_LESSON = 4;

/** Month × 100 + day, both ends included. Spring Festival falls inside the winter break every year. */
const HOLIDAYS: readonly (readonly [number, number])[] = [
  [101, 101],
  [120, 225],
  [404, 405],
  [501, 505],
  [712, 831],
  [1001, 1007],
];
const EXAMS: readonly (readonly [number, number])[] = [
  [108, 119],
  [628, 711],
];

const within = (ranges: readonly (readonly [number, number])[], monthDay: number): boolean =>
  ranges.some(([from, to]) => monthDay >= from && monthDay <= to);

export const dayNumberOf = (time: Instant): number => Math.floor((time + ZONE_OFFSET_MS) / DAY_MS);

/** Minutes since local midnight, with fraction. */
export const minuteOfDay = (time: Instant): number => {
  const local = time + ZONE_OFFSET_MS;
  return (local - Math.floor(local / DAY_MS) * DAY_MS) / 60_000;
};

export function dayOf(number: number): Day {
  const date = new Date(number * DAY_MS);
  const monthDay = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  const ofYear = number - Math.floor(Date.UTC(date.getUTCFullYear(), 0, 1) / DAY_MS);
  const weekday = date.getUTCDay();
  if (within(HOLIDAYS, monthDay)) return { number, ofYear, kind: "holiday" };
  if (weekday === 0 || weekday === 6) return { number, ofYear, kind: "weekend" };
  return { number, ofYear, kind: within(EXAMS, monthDay) ? "exam" : "teaching" };
}

/** The lesson under way at a minute, or the one just over during the break after it. */
export function lessonAt(minute: number): { readonly index: number; readonly running: boolean } {
  let index = -1;
  for (let i = 0; i < LESSONS.length; i++) {
    const lesson = LESSONS[i];
    if (lesson !== undefined && minute >= lesson.from) index = i;
  }
  const lesson = LESSONS[index];
  return { index, running: lesson !== undefined && minute < lesson.to };
}

/**
 * How far the world's schedule runs from the wall clock so that it is `minute` o'clock on a day with
 * lessons now. Looks forward at most through a summer break.
 */
export function offsetToTeachingDay(now: Instant, minute: number): number {
  const today = dayNumberOf(now);
  for (let ahead = 0; ahead < 90; ahead++) {
    if (dayOf(today + ahead).kind !== "teaching") continue;
    return (today + ahead) * DAY_MS - ZONE_OFFSET_MS + minute * 60_000 - now;
  }
  return 0;
}
