/** What gas detectors, fume hoods and door panels show. */
import { keyOf, wander } from "../world/chance.ts";
import type { GasState, World } from "../world/state.ts";
import { bare, flag, inUnit, type Observed, type Observer } from "./observed.ts";
import { observeRoom } from "./room-devices.ts";

const SENSOR_NORMAL = 1;
/** GB/T 50493 first and second level. */
const LEL_LEVELS = [25, 50] as const;
const OXYGEN_PERCENT = 20.9;

/** Position 0 hangs beside the source, 1 across the room. */
export function observeLabSensor(world: World, room: string, position: 0 | 1): Observer {
  const gas = world.gas.get(room);
  const inRoom = observeRoom(world, room);
  if (gas === undefined) return inRoom;
  const lel = position === 0 ? gas.nearLel : gas.farLel;
  const byPoint = gasPoints(world, `${room}/${position}`, gas, lel);
  return (point) => byPoint[point]?.() ?? inRoom(point);
}

function gasPoints(
  world: World,
  detector: string,
  gas: GasState,
  lel: number,
): Readonly<Record<string, () => Observed>> {
  const drift = 0.15 * (1 + wander(world.seed, keyOf(detector), world.now / 120_000));
  const shown = Math.min(100, lel + drift);
  return {
    gas_lel: () => inUnit(shown, "%{LEL}"),
    gas_toxic: () => inUnit(Math.max(0, drift * 2), "[ppm]"),
    // Methane at 100 %LEL is 5 % by volume and displaces as much air.
    oxygen: () => inUnit(OXYGEN_PERCENT * (1 - (shown / 100) * 0.05), "%{vol}"),
    gas_alarm: () => flag(shown >= LEL_LEVELS[0]),
    gas_alarm_1: () => flag(shown >= LEL_LEVELS[0]),
    gas_alarm_2: () => flag(shown >= LEL_LEVELS[1]),
    smoke: () => flag(gas.smoke),
    water_leak: () => flag(false),
    sensor_state: () => bare(SENSOR_NORMAL),
    fault: () => flag(false),
    battery: () => inUnit(100, "%"),
    sensor_life: () => inUnit(412, "d"),
  };
}

const FACE_VELOCITY = { low: 0.3, high: 0.7 } as const;

export function observeFumeHood(world: World, hood: string): Observer {
  const state = world.hoods.get(hood);
  if (state === undefined) return () => undefined;
  const velocity =
    state.faceVelocityMs + 0.012 * wander(world.seed, keyOf(hood), world.now / 4_000);
  const byPoint: Readonly<Record<string, () => Observed>> = {
    face_velocity: () => inUnit(Math.max(0, velocity), "m/s"),
    face_velocity_low_limit: () => inUnit(FACE_VELOCITY.low, "m/s"),
    face_velocity_high_limit: () => inUnit(FACE_VELOCITY.high, "m/s"),
    airflow_state: () =>
      bare(velocity < FACE_VELOCITY.low ? 1 : velocity > FACE_VELOCITY.high ? 2 : 0),
    sash_height: () => inUnit(state.sashMm, "mm"),
    fan_on: () => flag(state.fanOn),
    fan_speed: () => bare(state.fanOn ? 1_430 : 0),
    fault: () => flag(false),
  };
  return (point) => byPoint[point]?.();
}

export function observeDoorPanel(world: World, door: string): Observer {
  const state = world.doors.get(door);
  if (state === undefined) return () => undefined;
  const byPoint: Readonly<Record<string, () => Observed>> = {
    door_open: () => flag(state.open),
    locked: () => flag(state.locked && !state.open),
    bolt_open: () => flag(!state.locked),
    tamper: () => flag(false),
    battery: () => inUnit(97, "%"),
    fault: () => flag(false),
  };
  return (point) => byPoint[point]?.();
}
