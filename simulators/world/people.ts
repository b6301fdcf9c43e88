/** Where people are: the timetable decides for classrooms and laboratories, habits for the rest. */
import type { Day } from "./calendar.ts";
import { EVENING_LESSON, LESSONS, lessonAt } from "./calendar.ts";
import { chance, wander } from "./chance.ts";
import type { PlannedRoom } from "./plan.ts";

const LESSONS_PER_DAY = LESSONS.length;

/** Share of the places taken in hour 0 … 23 of a teaching day and of a day off. */
const DORMITORY = {
  off: [
    95, 97, 97, 97, 97, 96, 95, 92, 85, 75, 66, 58, 64, 66, 58, 50, 48, 52, 60, 68, 76, 84, 90, 94,
  ],
  busy: [
    95, 97, 97, 97, 97, 96, 88, 55, 18, 14, 14, 22, 52, 48, 16, 12, 14, 30, 42, 40, 48, 72, 88, 94,
  ],
} as const;
const DINING = {
  off: [0, 0, 0, 0, 0, 1, 6, 22, 24, 10, 5, 42, 55, 14, 3, 2, 8, 48, 44, 15, 6, 3, 1, 0],
  busy: [0, 0, 0, 0, 0, 2, 30, 62, 8, 4, 6, 58, 82, 16, 3, 3, 8, 66, 58, 14, 8, 5, 2, 0],
} as const;

/** Is there a class in this room in this lesson? */
export function attended(seed: number, room: PlannedRoom, day: Day, lesson: number): boolean {
  if (lesson < 0 || day.kind === "holiday") return false;
  const slot = day.number * LESSONS_PER_DAY + lesson;
  const likely = likelihoodOf(room, day, lesson);
  // The timetable repeats weekly; a class that moves or is cancelled is the second throw.
  const weekly = chance(seed, room.key, (day.number % 7) * LESSONS_PER_DAY + lesson) < likely;
  return weekly && chance(seed, room.key ^ 0x5bd1e995, slot) < 0.94;
}

function likelihoodOf({ room }: PlannedRoom, day: Day, lesson: number): number {
  const classroom = room.use === "classroom";
  if (day.kind === "weekend") return classroom ? 0.12 : 0.05;
  if (day.kind === "exam") return lesson === EVENING_LESSON ? 0.5 : 0.85;
  if (lesson === EVENING_LESSON) return classroom ? 0.42 : 0.1;
  return classroom ? 0.78 : 0.5;
}

export function expectedPeople(seed: number, room: PlannedRoom, day: Day, minute: number): number {
  switch (room.room.use) {
    case "classroom":
    case "laboratory":
      return inClass(seed, room, day, minute);
    case "dormitory":
      return livingIn(seed, room, day, minute, DORMITORY, 0.12);
    case "dining":
    case "kitchen":
      return livingIn(seed, room, day, minute, DINING, 0.04);
    case "corridor":
      return day.kind === "holiday" || minute < 420 || minute > 1_320
        ? 0
        : Math.round(room.room.seats * chance(seed, room.key, Math.floor(minute / 3)) * 0.6);
    default:
      return 0;
  }
}

function inClass(seed: number, room: PlannedRoom, day: Day, minute: number): number {
  const { index, running } = lessonAt(minute);
  if (!attended(seed, room, day, index)) return 0;
  const slot = day.number * LESSONS_PER_DAY + index;
  const share = 0.55 + 0.42 * chance(seed, room.key ^ 0x1b873593, slot);
  const present = Math.round(room.room.seats * share);
  if (running) return present;
  // The break: some stay when the same class goes on, nobody does over noon and at night.
  const next = LESSONS[index + 1];
  const lesson = LESSONS[index];
  if (next === undefined || lesson === undefined || next.from - lesson.to > 60) return 0;
  return attended(seed, room, day, index + 1) ? Math.round(present * 0.3) : 0;
}

function livingIn(
  seed: number,
  room: PlannedRoom,
  day: Day,
  minute: number,
  shares: { readonly off: readonly number[]; readonly busy: readonly number[] },
  onHoliday: number,
): number {
  const hours = day.kind === "weekend" || day.kind === "holiday" ? shares.off : shares.busy;
  const hour = Math.floor(minute / 60);
  const here = hours[hour] ?? 0;
  const next = hours[(hour + 1) % 24] ?? 0;
  const share = (here + ((next - here) * (minute % 60)) / 60) / 100;
  const mood = 1 + 0.06 * wander(seed, room.key, day.number * 48 + minute / 30);
  const left = day.kind === "holiday" ? onHoliday : 1;
  return Math.max(0, Math.round(room.room.seats * share * mood * left));
}

/** People who leave and forget the lamps: what a saving policy exists for. */
export const forgotten = (seed: number, room: PlannedRoom, day: Day, lesson: number): boolean =>
  chance(seed, room.key ^ 0x38b34ae5, day.number * LESSONS_PER_DAY + lesson) < 0.15;
