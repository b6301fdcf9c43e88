/**
 * What rooms draw: lamps, sockets and cooling from people, daylight and weather. Used alike by the live
 * world (with its true lamps and people) and by history (with the expected ones).
 */
import type { Day } from "./calendar.ts";
import { lessonAt } from "./calendar.ts";
import { wander } from "./chance.ts";
import { attended, forgotten } from "./people.ts";
import type { PlannedRoom } from "./plan.ts";
import type { Weather } from "./weather.ts";

/** Share of the outdoor light that reaches a desk in a side-lit room. */
export const DAYLIGHT_FACTOR = 0.012;
/** GB 50034: 300 lx on the desk. People switch on below this. */
const DESK_LX_WANTED = 300;
const DUSK_LX = 40;
/** Doors of buildings stand open from 06:30 to 22:30. */
const OPEN_FROM = 390;
export const OPEN_UNTIL = 1_350;
/** tan φ of LED drivers, of electronics and of compressors. */
const TAN = { light: 0.29, socket: 0.2, cooling: 0.46, base: 0.55 } as const;
const COOLING_FROM_C = 26;

/** What the lamps of a room would be if nobody forgot or commanded anything. */
export function habitWants(
  room: PlannedRoom,
  people: number,
  day: Day,
  minute: number,
  weather: Weather,
): boolean {
  const deskLx = weather.daylightLx * DAYLIGHT_FACTOR;
  switch (room.room.lightHabit) {
    case "people":
      return people > 0 && (deskLx < DESK_LX_WANTED * 2 || room.room.use === "laboratory");
    case "opening":
      return day.kind !== "holiday" && minute >= OPEN_FROM && minute < OPEN_UNTIL && deskLx < 900;
    case "dusk":
      return weather.daylightLx < DUSK_LX;
  }
}

/** Expected share of lamps burning, 0 to 1, for a time at which nobody has looked. */
export function expectedLight(
  seed: number,
  room: PlannedRoom,
  people: number,
  day: Day,
  minute: number,
  weather: Weather,
): number {
  if (room.room.use === "dormitory") return dormitoryLight(room, people, minute, weather);
  if (habitWants(room, people, day, minute, weather)) return 1;
  if (room.room.lightHabit !== "people" || minute >= OPEN_UNTIL) return 0;
  const { index } = lessonAt(minute);
  return attended(seed, room, day, index) && forgotten(seed, room, day, index) ? 1 : 0;
}

/** A floor of dormitory rooms is many lamps: a share of them burns; lights-out is at 23:00. */
export function dormitoryLight(
  { room }: PlannedRoom,
  people: number,
  minute: number,
  weather: Weather,
): number {
  if (minute < OPEN_FROM || minute >= 1_380) return 0.03;
  const dark = weather.daylightLx * DAYLIGHT_FACTOR < DESK_LX_WANTED;
  return (dark ? 0.8 : 0.15) * (people / Math.max(1, room.seats));
}

export function coolingShare(room: PlannedRoom, people: number, outdoorC: number): number {
  if (room.room.coolingW === 0 || outdoorC <= COOLING_FROM_C || people === 0) return 0;
  return Math.min(1, 0.35 + (outdoorC - COOLING_FROM_C) / 12);
}

export interface Load {
  activeW: number;
  reactiveVar: number;
}

/** Adds a room's draw to `into`; written in place because history calls it millions of times. */
export function addRoomLoad(
  into: Load,
  room: PlannedRoom,
  people: number,
  light: number,
  outdoorC: number,
): void {
  const lightW = room.room.lightW * light;
  const socketW = room.room.socketBaseW + room.room.socketPerPersonW * people;
  const coolingW = room.room.coolingW * coolingShare(room, people, outdoorC);
  into.activeW += lightW + socketW + coolingW;
  into.reactiveVar += lightW * TAN.light + socketW * TAN.socket + coolingW * TAN.cooling;
}

/** Pumps, network and lifts breathe a little. */
export function addBaseLoad(
  into: Load,
  baseW: number,
  seed: number,
  key: number,
  hour: number,
): void {
  const watts = baseW * (1 + 0.12 * wander(seed, key, hour * 2));
  into.activeW += watts;
  into.reactiveVar += watts * TAN.base;
}

/** Litres per hour for the people in a room; taps are in use only while somebody is there. */
export const waterDraw = (room: PlannedRoom, people: number): number =>
  room.room.waterLPerPersonH * people;

/** Watts of district heat a building takes: what it loses at the temperature it is kept at. */
export function heatDemand(lossWPerK: number, day: Day, minute: number, weather: Weather): number {
  if (!weather.heating) return 0;
  const setback = day.kind === "holiday" || minute < 330 || minute > 1_380;
  return Math.max(0, lossWPerK * ((setback ? 12 : 19.5) - weather.outdoorC));
}
