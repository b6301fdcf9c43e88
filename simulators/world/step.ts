/** Moves the world forward: people, then lamps, air, gas, doors, water, and last the power they add up to. */
import { type Duration, type Instant, instant } from "../../core/time.ts";
import { stepAir } from "./air.ts";
import { integrate } from "./baseline.ts";
import { type Day, dayNumberOf, dayOf, lessonAt, minuteOfDay } from "./calendar.ts";
import {
  addBaseLoad,
  addRoomLoad,
  dormitoryLight,
  habitWants,
  heatDemand,
  OPEN_UNTIL,
  waterDraw,
} from "./demand.ts";
import { stepDoors } from "./doors.ts";
import { sumUp } from "./electricity.ts";
import { expectedPeople, forgotten } from "./people.ts";
import type { PlannedRoom } from "./plan.ts";
import { isPowered, presentIn, type RoomState, type World } from "./state.ts";
import { weatherAt } from "./weather.ts";

/** People through a door per second when a room fills or empties. */
const PEOPLE_PER_S = 2;
/** A larger jump (a suspended machine) is taken as one step of this length and a leap of the registers. */
export const STEP_MS_MAX = 5_000;
const DEMAND_WINDOW_S = 900;

/** `now` is wall time; a step backwards or of nothing changes nothing. */
export function step(world: World, now: Instant): void {
  const elapsedMs = now - world.now;
  if (elapsedMs <= 0) {
    world.now = now;
    return;
  }
  const dtS = Math.min(elapsedMs, STEP_MS_MAX) / 1_000;
  const minuteBefore = minuteOfDay(world.time);
  world.now = now;
  world.time = instant(now + world.offsetMs);
  world.weather = weatherAt(world.seed, world.time);
  const calendarDay = dayOf(dayNumberOf(world.time));
  const day = world.dayKind ? { ...calendarDay, kind: world.dayKind } : calendarDay;
  stepRooms(world, day, dtS);
  if (minuteBefore < OPEN_UNTIL && minuteOfDay(world.time) >= OPEN_UNTIL) closeUp(world);
  stepAir(world, dtS);
  stepDoors(world, day, dtS);
  stepSupplies(world, day);
  stepPower(world, dtS);
  integrate(world.registers, { ...world, feeders: world.flows }, elapsedMs / 3_600_000);
}

function stepRooms(world: World, day: Day, dtS: number): void {
  const minute = minuteOfDay(world.time);
  world.plan.rooms.forEach((room, i) => {
    const state = world.rooms[i];
    if (state === undefined) return;
    const wanted = state.peopleWanted ?? expectedPeople(world.seed, room, day, minute);
    const move = PEOPLE_PER_S * dtS;
    state.people += Math.max(-move, Math.min(move, wanted - state.people));
    if (Math.abs(state.people - wanted) < 0.05) state.people = wanted;
    stepLamps(world, room, state, day, minute);
  });
}

function stepLamps(
  world: World,
  room: PlannedRoom,
  state: RoomState,
  day: Day,
  minute: number,
): void {
  if (!isPowered(world, room.room.building)) {
    state.lightOn = false;
    state.habit = false;
    return;
  }
  const wants = habitWants(room, presentIn(state), day, minute, world.weather);
  if (wants === state.habit) return;
  state.habit = wants;
  const { index } = lessonAt(minute);
  const leaves = !wants && room.room.lightHabit === "people" && presentIn(state) === 0;
  if (leaves && forgotten(world.seed, room, day, index)) return;
  // Nobody walks to the switch because the sun came out.
  if (!wants && room.room.lightHabit === "people" && presentIn(state) > 0) return;
  state.lightOn = wants;
}

/** The caretaker's round at closing time: what was forgotten is switched off, as history assumes. */
function closeUp(world: World): void {
  world.plan.rooms.forEach(({ room }, i) => {
    const state = world.rooms[i];
    if (state && room.lightHabit === "people" && presentIn(state) === 0) state.lightOn = false;
  });
}

/** Share of the lamps that burn, 0 to 1. */
export function lightShareOf(world: World, i: number): number {
  const room = world.plan.rooms[i];
  const state = world.rooms[i];
  if (room === undefined || state === undefined) return 0;
  if (!isPowered(world, room.room.building)) return 0;
  if (room.room.use === "dormitory") {
    return dormitoryLight(room, state.people, minuteOfDay(world.time), world.weather);
  }
  return state.lightOn ? state.lightLevel / 100 : 0;
}

function stepSupplies(world: World, day: Day): void {
  const { campus } = world.plan;
  const minute = minuteOfDay(world.time);
  campus.water.forEach((supply, i) => {
    let litres = 6 + (world.burstLPerH[i] ?? 0);
    for (const position of world.plan.buildings.get(supply.building) ?? []) {
      const room = world.plan.rooms[position];
      if (room) litres += waterDraw(room, world.rooms[position]?.people ?? 0);
    }
    world.waterLPerH[i] = litres;
  });
  campus.heat.forEach((supply, i) => {
    // The circulation pump stands still without power.
    world.heatW[i] = isPowered(world, supply.building)
      ? heatDemand(supply.lossWPerK, day, minute, world.weather)
      : 0;
  });
}

function stepPower(world: World, dtS: number): void {
  const { plan, flows } = world;
  plan.feeders.forEach(({ feeder, key }, i) => {
    const flow = flows[i];
    if (flow === undefined) return;
    flow.activeW = 0;
    flow.reactiveVar = 0;
    if (feeder.building !== undefined && !isPowered(world, feeder.building)) return;
    addBaseLoad(flow, feeder.baseW, world.seed, key, world.time / 3_600_000);
  });
  plan.rooms.forEach((room, i) => {
    const flow = flows[room.feeder];
    const state = world.rooms[i];
    if (flow === undefined || state === undefined) return;
    if (!isPowered(world, room.room.building)) return;
    addRoomLoad(flow, room, state.people, lightShareOf(world, i), world.weather.outdoorC);
  });
  sumUp(plan, flows);
  const weight = Math.min(1, dtS / DEMAND_WINDOW_S);
  flows.forEach(({ activeW }, i) => {
    const before = world.demandW[i] ?? 0;
    const mean = before === 0 ? activeW : before + (activeW - before) * weight;
    world.demandW[i] = mean;
    world.demandMaxW[i] = Math.max(world.demandMaxW[i] ?? 0, mean);
  });
}

/** Steps of at most `by` from the world's time to `to`, for tests and for waking from sleep. */
export function run(world: World, to: Instant, by: Duration): void {
  while (world.now < to) step(world, instant(Math.min(to, world.now + by)));
}
