/** What sensors and lighting controllers show of a room. */

import { keyOf, wander } from "../world/chance.ts";
import { DAYLIGHT_FACTOR } from "../world/demand.ts";
import { isPowered, presentIn, type World } from "../world/state.ts";
import { lightShareOf } from "../world/step.ts";
import { bare, flag, inUnit, type Observed, type Observer } from "./observed.ts";

/** What the lamps of a well-lit room give on the desk. */
const LAMPS_LX = 420;

/** One indoor sensor's own noise: slow, small, and its own. */
const noise = (world: World, room: string, quantity: string): number =>
  wander(world.seed, keyOf(room + quantity), world.now / 45_000);

export function observeRoom(world: World, room: string): Observer {
  const position = world.plan.roomPositions.get(room) ?? -1;
  const state = world.rooms[position];
  const planned = world.plan.rooms[position];
  if (state === undefined || planned === undefined) return () => undefined;
  const outdoors = planned.room.use === "outdoor";
  const light = lightShareOf(world, position);
  const present = presentIn(state);
  const byPoint: Readonly<Record<string, () => Observed>> = {
    occupancy: () => flag(present > 0),
    motion: () => flag(present > 0),
    people_count: () => bare(present),
    motion_level: () => bare(Math.min(500, present * 12)),
    temperature: () => inUnit(state.temperatureC + 0.3 * noise(world, room, "t"), "Cel"),
    humidity: () =>
      inUnit(
        Math.max(15, Math.min(95, world.weather.humidityPercent * 0.62 + present * 0.2)) +
          1.5 * noise(world, room, "h"),
        "%{RH}",
      ),
    co2: () => inUnit(state.co2Ppm + 12 * noise(world, room, "c"), "[ppm]"),
    voc: () => inUnit(Math.max(5, 120 + present * 4 + 20 * noise(world, room, "v")), "[ppb]"),
    illuminance: () =>
      inUnit(world.weather.daylightLx * (outdoors ? 1 : DAYLIGHT_FACTOR) + light * LAMPS_LX, "lx"),
    sound_level: () => inUnit(34 + (present > 0 ? 18 : 0) + 3 * noise(world, room, "s"), "dB"),
    light_on: () => flag(state.lightOn && isPowered(world, planned.room.building)),
    light_level: () => inUnit(state.lightLevel, "%"),
    power_active: () => inUnit(planned.room.lightW * light, "W"),
    lamp_fault_1: () => flag(false),
    mode: () => bare(0),
  };
  return (point) => byPoint[point]?.();
}

/** Relays drive the lamps of the rooms wired to them; a spare relay drives nothing. */
export function observeRelayBoard(world: World, rooms: readonly (string | undefined)[]): Observer {
  return (point) => {
    const number = /^(?:relay|light_on|output)_(\d+)$/.exec(point)?.[1];
    const room = number === undefined ? undefined : rooms[Number(number) - 1];
    return room === undefined ? undefined : observeRoom(world, room)("light_on");
  };
}
