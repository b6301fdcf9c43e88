/** What people, accidents and devices do to the world. Each returns false when there is no such thing. */
import type { DayKind } from "./calendar.ts";
import { recordAccess } from "./doors.ts";
import type { DoorState, GasState, HoodState, RoomState, World } from "./state.ts";

export function roomOf(world: World, room: string): RoomState | undefined {
  const position = world.plan.roomPositions.get(room);
  return position === undefined ? undefined : world.rooms[position];
}

/** The wall switch, a relay or a lighting controller: all move the same contact. */
export function switchLight(world: World, room: string, on: boolean): boolean {
  const state = roomOf(world, room);
  if (state === undefined) return false;
  state.lightOn = on;
  return true;
}

export function dimLight(world: World, room: string, level: number): boolean {
  const state = roomOf(world, room);
  if (state === undefined) return false;
  state.lightLevel = Math.max(0, Math.min(100, level));
  return true;
}

/** Holds a room at this many people until `undefined` gives it back to the timetable. */
export function setPeople(world: World, room: string, people: number | undefined): boolean {
  const state = roomOf(world, room);
  if (state === undefined) return false;
  state.peopleWanted = people;
  return true;
}

export function startLeak(world: World, room: string, targetLel: number, riseS: number): boolean {
  return withGas(world, room, (gas) => {
    gas.leak = { targetLel, riseS };
    gas.purging = false;
  });
}

export const stopLeak = (world: World, room: string): boolean =>
  withGas(world, room, (gas) => {
    gas.leak = undefined;
  });

export const setPurge = (world: World, room: string, on: boolean): boolean =>
  withGas(world, room, (gas) => {
    gas.purging = on;
  });

export const setSmoke = (world: World, room: string, on: boolean): boolean =>
  withGas(world, room, (gas) => {
    gas.smoke = on;
  });

function withGas(world: World, room: string, change: (gas: GasState) => void): boolean {
  const gas = world.gas.get(room);
  if (gas === undefined) return false;
  change(gas);
  return true;
}

export function cutPower(world: World, building: string): boolean {
  if (!world.plan.buildings.has(building)) return false;
  world.cut.add(building);
  return true;
}

/** Lamps stay off: relays open when their coil loses power. */
export const restorePower = (world: World, building: string): boolean => world.cut.delete(building);

export function burstPipe(world: World, building: string, litresPerHour: number): boolean {
  const position = world.plan.campus.water.findIndex((w) => w.building === building);
  if (position < 0) return false;
  world.burstLPerH[position] = litresPerHour;
  return true;
}

export function forceDoor(world: World, door: string): boolean {
  return withDoor(world, door, (state) => {
    state.open = true;
    state.heldOpen = true;
    recordAccess(world, door, "forced", "", "in");
  });
}

export function holdDoor(world: World, door: string): boolean {
  return withDoor(world, door, (state) => {
    state.open = true;
    state.heldOpen = true;
    recordAccess(world, door, "held", "", "out");
  });
}

export const shutDoor = (world: World, door: string): boolean =>
  withDoor(world, door, (state) => {
    state.open = false;
    state.heldOpen = false;
  });

export const lockDoor = (world: World, door: string, locked: boolean): boolean =>
  withDoor(world, door, (state) => {
    state.locked = locked;
  });

function withDoor(world: World, door: string, change: (state: DoorState) => void): boolean {
  const state = world.doors.get(door);
  if (state === undefined) return false;
  change(state);
  return true;
}

export function setHood(world: World, hood: string, change: Partial<HoodState>): boolean {
  const state = world.hoods.get(hood);
  if (state === undefined) return false;
  Object.assign(state, change);
  return true;
}

/** Plays another kind of day than the calendar's, until `undefined`. */
export function setDayKind(world: World, kind: DayKind | undefined): void {
  world.dayKind = kind;
}
