/**
 * Everything that is true in the simulated campus at one moment. It is changed in place, by `step` and by
 * `act` only; nothing in this folder knows a clock or a socket, so seed and actions decide all of it.
 */
import { type Instant, instant } from "../../core/time.ts";
import { type Registers, registersAt } from "./baseline.ts";
import { type DayKind, dayNumberOf, dayOf, minuteOfDay } from "./calendar.ts";
import { expectedLight, habitWants } from "./demand.ts";
import type { FeederFlow } from "./electricity.ts";
import { expectedPeople } from "./people.ts";
import type { Plan } from "./plan.ts";
import { type Weather, weatherAt } from "./weather.ts";

/** Access events kept for those who have not yet read them. */
export const ACCESS_EVENTS_MAX = 1_000;

export interface RoomState {
  people: number;
  /** Set while somebody else than the timetable decides who is here. */
  peopleWanted?: number | undefined;
  lightOn: boolean;
  lightLevel: number;
  /** What habit asked for at the last step: lamps follow its changes, not its state. */
  habit: boolean;
  temperatureC: number;
  co2Ppm: number;
}

export interface GasState {
  /** %LEL beside the source and in the rest of the room. */
  nearLel: number;
  farLel: number;
  leak?: { readonly targetLel: number; readonly riseS: number } | undefined;
  purging: boolean;
  smoke: boolean;
}

export interface DoorState {
  open: boolean;
  /** World time at which it falls shut by itself. */
  closesAt: number;
  locked: boolean;
  heldOpen: boolean;
}

export interface AccessEvent {
  readonly number: number;
  readonly door: string;
  /** Wall time. */
  readonly time: Instant;
  readonly kind: "granted" | "denied" | "forced" | "held";
  readonly card: string;
  readonly direction: "in" | "out";
}

export interface HoodState {
  sashMm: number;
  fanOn: boolean;
  faceVelocityMs: number;
}

export interface World {
  readonly plan: Plan;
  readonly seed: number;
  /** Wall time of the last step: what devices stamp. */
  now: Instant;
  /** Time on the campus's own clock: the wall clock plus an offset, for schedule and sun. */
  time: Instant;
  readonly offsetMs: number;
  weather: Weather;
  dayKind?: DayKind | undefined;
  readonly rooms: readonly RoomState[];
  readonly flows: readonly FeederFlow[];
  readonly registers: Registers;
  /** Highest 15-minute mean since the start, and the running mean it comes from. */
  readonly demandW: Float64Array;
  readonly demandMaxW: Float64Array;
  readonly waterLPerH: Float64Array;
  readonly burstLPerH: Float64Array;
  readonly heatW: Float64Array;
  readonly cut: Set<string>;
  readonly gas: Map<string, GasState>;
  readonly doors: Map<string, DoorState>;
  readonly hoods: Map<string, HoodState>;
  readonly events: AccessEvent[];
  eventNumber: number;
}

export const isPowered = (world: World, building: string): boolean => !world.cut.has(building);

/** Whole people; somebody half through the door is still in. */
export const presentIn = (state: RoomState): number => Math.ceil(state.people - 1e-9);

export interface WorldOptions {
  /** Schedule and sun run this much ahead of the wall clock. */
  readonly offsetMs: number;
  /** Where the registers stood when the world was last seen; expected ones when left out. */
  readonly registers?: Registers;
}

/** The world as it would be found at `now` by somebody who walks in. */
export function createWorld(
  plan: Plan,
  seed: number,
  now: Instant,
  options: WorldOptions = { offsetMs: 0 },
): World {
  const { campus } = plan;
  const time = instant(now + options.offsetMs);
  const weather = weatherAt(seed, time);
  const laboratories = campus.rooms.filter((room) => room.use === "laboratory");
  return {
    plan,
    seed,
    now,
    time,
    offsetMs: options.offsetMs,
    weather,
    rooms: roomsAt(plan, seed, time, weather),
    flows: campus.feeders.map(() => ({ activeW: 0, reactiveVar: 0 })),
    registers: options.registers ?? registersAt(plan, seed, now),
    demandW: new Float64Array(campus.feeders.length),
    demandMaxW: new Float64Array(campus.feeders.length),
    waterLPerH: new Float64Array(campus.water.length),
    burstLPerH: new Float64Array(campus.water.length),
    heatW: new Float64Array(campus.heat.length),
    cut: new Set(),
    gas: new Map(
      laboratories.map(({ id }) => [id, { nearLel: 0, farLel: 0, purging: false, smoke: false }]),
    ),
    doors: new Map(
      campus.doors.map(({ id, locked }) => [
        id,
        { open: false, closesAt: 0, locked, heldOpen: false },
      ]),
    ),
    hoods: new Map(
      campus.hoods.map(({ id }) => [id, { sashMm: 350, fanOn: true, faceVelocityMs: 0.5 }]),
    ),
    events: [],
    eventNumber: 0,
  };
}

function roomsAt(plan: Plan, seed: number, time: Instant, weather: Weather): readonly RoomState[] {
  const day = dayOf(dayNumberOf(time));
  const minute = minuteOfDay(time);
  return plan.rooms.map((room) => {
    const people = expectedPeople(seed, room, day, minute);
    const light = expectedLight(seed, room, people, day, minute, weather);
    return {
      people,
      lightOn: light > 0,
      lightLevel: 100,
      habit: habitWants(room, people, day, minute, weather),
      temperatureC: weather.heating ? 19.5 : Math.max(weather.outdoorC + 2, 18),
      co2Ppm: people > 0 ? 850 : 480,
    };
  });
}
