/**
 * The campus as it is expected to run, evaluated at any time without walking there: the source of history
 * and of the registers a meter shows when the live world starts.
 */
import { type Instant, instant } from "../../core/time.ts";
import { type Day, dayNumberOf, dayOf, minuteOfDay } from "./calendar.ts";
import { addBaseLoad, addRoomLoad, expectedLight, heatDemand, waterDraw } from "./demand.ts";
import { type FeederFlow, sumUp } from "./electricity.ts";
import { expectedPeople } from "./people.ts";
import type { Plan } from "./plan.ts";
import { livelinessOf, type Weather, weatherAt } from "./weather.ts";

/** The meters were sealed and set to work on this day; before it there is nothing to show. */
export const COMMISSIONED: Instant = instant(Date.UTC(2025, 7, 31, 16, 0, 0));
/** Registers are always integrated on this grid, so that every caller finds the same values. */
export const GRID_MS = 900_000;

export interface Snapshot {
  time: Instant;
  readonly feeders: readonly FeederFlow[];
  /** Litres per hour, by position of the supply. */
  readonly waterLPerH: Float64Array;
  readonly heatW: Float64Array;
  weather: Weather;
}

export interface Registers {
  readonly energyKwh: Float64Array;
  readonly reactiveKvarh: Float64Array;
  readonly waterM3: Float64Array;
  readonly heatKwh: Float64Array;
}

/** Evaluates one time after another into the same buffers. */
export function baselineOf(plan: Plan, seed: number): (time: Instant) => Snapshot {
  const { campus } = plan;
  const snapshot: Snapshot = {
    time: COMMISSIONED,
    feeders: plan.feeders.map(() => ({ activeW: 0, reactiveVar: 0 })),
    waterLPerH: new Float64Array(campus.water.length),
    heatW: new Float64Array(campus.heat.length),
    weather: weatherAt(seed, COMMISSIONED),
  };
  let day: Day = dayOf(dayNumberOf(COMMISSIONED));
  const waterOf = new Map(campus.water.map((supply, i) => [supply.building, i]));
  const waterOfRoom = campus.rooms.map((room) => waterOf.get(room.building) ?? -1);
  return (time) => {
    const number = dayNumberOf(time);
    if (number !== day.number) day = dayOf(number);
    const weather = weatherAt(seed, time);
    snapshot.time = time;
    snapshot.weather = weather;
    fillBase(plan, seed, snapshot.feeders, time);
    snapshot.waterLPerH.fill(6);
    fillRooms(plan, seed, day, snapshot, waterOfRoom);
    sumUp(plan, snapshot.feeders);
    campus.heat.forEach((supply, i) => {
      snapshot.heatW[i] = heatDemand(supply.lossWPerK, day, minuteOfDay(time), weather);
    });
    return snapshot;
  };
}

function fillBase(plan: Plan, seed: number, flows: readonly FeederFlow[], time: Instant): void {
  for (let i = 0; i < flows.length; i++) {
    const flow = flows[i];
    const planned = plan.feeders[i];
    if (flow === undefined || planned === undefined) continue;
    flow.activeW = 0;
    flow.reactiveVar = 0;
    addBaseLoad(flow, planned.feeder.baseW, seed, planned.key, time / 3_600_000);
  }
}

function fillRooms(
  plan: Plan,
  seed: number,
  day: Day,
  snapshot: Snapshot,
  waterOfRoom: readonly number[],
): void {
  const minute = minuteOfDay(snapshot.time);
  const lively = livelinessOf(seed, day.number);
  for (let i = 0; i < plan.rooms.length; i++) {
    const room = plan.rooms[i];
    const flow = room && snapshot.feeders[room.feeder];
    if (room === undefined || flow === undefined) continue;
    const people = expectedPeople(seed, room, day, minute);
    const light = expectedLight(seed, room, people, day, minute, snapshot.weather);
    addRoomLoad(flow, room, people * lively, light, snapshot.weather.outdoorC);
    const supply = waterOfRoom[i] ?? -1;
    if (supply >= 0) {
      snapshot.waterLPerH[supply] = (snapshot.waterLPerH[supply] ?? 0) + waterDraw(room, people);
    }
  }
}

export function registersAtStart({ campus }: Plan): Registers {
  return {
    energyKwh: Float64Array.from(campus.feeders, (f) => f.energyAtStartKwh),
    reactiveKvarh: Float64Array.from(campus.feeders, (f) => f.energyAtStartKwh * 0.31),
    waterM3: Float64Array.from(campus.water, (w) => w.volumeAtStartM3),
    heatKwh: Float64Array.from(campus.heat, (h) => h.energyAtStartKwh),
  };
}

/** Adds what flows during `hours` at the snapshot's rates. */
export function integrate(registers: Registers, snapshot: Snapshot, hours: number): void {
  const { energyKwh, reactiveKvarh, waterM3, heatKwh } = registers;
  for (let i = 0; i < snapshot.feeders.length; i++) {
    const flow = snapshot.feeders[i];
    if (flow === undefined) continue;
    energyKwh[i] = (energyKwh[i] ?? 0) + (flow.activeW * hours) / 1_000;
    reactiveKvarh[i] = (reactiveKvarh[i] ?? 0) + (flow.reactiveVar * hours) / 1_000;
  }
  for (let i = 0; i < waterM3.length; i++) {
    waterM3[i] = (waterM3[i] ?? 0) + ((snapshot.waterLPerH[i] ?? 0) * hours) / 1_000;
  }
  for (let i = 0; i < heatKwh.length; i++) {
    heatKwh[i] = (heatKwh[i] ?? 0) + ((snapshot.heatW[i] ?? 0) * hours) / 1_000;
  }
}

/** Registers as they stand at `time`, whoever asks. */
export function registersAt(plan: Plan, seed: number, time: Instant): Registers {
  const registers = registersAtStart(plan);
  advanceRegisters(baselineOf(plan, seed), registers, COMMISSIONED, time);
  return registers;
}

/** Walks the grid from `from` (which the registers stand at) to `to`. */
export function advanceRegisters(
  baseline: (time: Instant) => Snapshot,
  registers: Registers,
  from: Instant,
  to: Instant,
): void {
  let at: number = from;
  while (at < to) {
    const cell = Math.floor(at / GRID_MS) * GRID_MS;
    const end = Math.min(cell + GRID_MS, to);
    integrate(registers, baseline(instant(cell)), (end - at) / 3_600_000);
    at = end;
  }
}
