/** Doors follow people: more walk through when lessons begin and end, hardly anybody at night. */
import type { Instant } from "../../core/time.ts";
import { type Day, LESSONS, minuteOfDay } from "./calendar.ts";
import type { Door } from "./campus.ts";
import { chance, keyOf } from "./chance.ts";
import { ACCESS_EVENTS_MAX, type AccessEvent, type DoorState, type World } from "./state.ts";

const OPEN_MS = 4_000;
const DENIED_SHARE = 0.03;
const CARDS = 400;

export function stepDoors(world: World, day: Day, dtS: number): void {
  const minute = minuteOfDay(world.time);
  for (const door of world.plan.campus.doors) {
    const state = world.doors.get(door.id);
    if (state === undefined) continue;
    if (state.open && !state.heldOpen && world.now >= state.closesAt) state.open = false;
    const rate = (door.passagesPerHour * rushAt(day, minute)) / 3_600;
    const key = keyOf(door.id);
    // One throw per step; its index is the time, so the same walk gives the same people.
    if (!state.open && chance(world.seed, key, world.now) < rate * dtS) walk(world, door, state);
  }
}

function rushAt(day: Day, minute: number): number {
  if (minute < 360 || minute > 1_380) return 0.03;
  if (day.kind === "holiday") return 0.1;
  const change = LESSONS.some(
    ({ from, to }) => Math.abs(minute - from) < 12 || Math.abs(minute - to) < 12,
  );
  const base = day.kind === "weekend" ? 0.35 : 0.6;
  return change ? base * 3 : base;
}

function walk(world: World, door: Door, state: DoorState): void {
  const key = keyOf(door.id);
  const card = cardOf(Math.floor(chance(world.seed, key ^ 1, world.now) * CARDS));
  const denied = chance(world.seed, key ^ 2, world.now) < DENIED_SHARE;
  const direction = chance(world.seed, key ^ 3, world.now) < 0.5 ? "in" : "out";
  recordAccess(world, door.id, denied ? "denied" : "granted", card, direction);
  if (denied) return;
  state.open = true;
  state.closesAt = world.now + OPEN_MS;
}

/** A made-up card number, eight hexadecimal digits. */
export const cardOf = (n: number): string =>
  (0x4a00_0000 + ((n * 2_654_435) % 0xff_ffff)).toString(16).toUpperCase().padStart(8, "0");

export function recordAccess(
  world: World,
  door: string,
  kind: AccessEvent["kind"],
  card: string,
  direction: AccessEvent["direction"],
): AccessEvent {
  const time: Instant = world.now;
  world.eventNumber++;
  const event = { number: world.eventNumber, door, time, kind, card, direction };
  world.events.push(event);
  if (world.events.length > ACCESS_EVENTS_MAX) world.events.shift();
  return event;
}
