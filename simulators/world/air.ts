/**
 * The air in rooms. People breathe out CO₂ and warm it; in laboratories gas leaks beside its source, mixes
 * into the room and is carried out by ventilation. Two well-mixed zones per laboratory are enough for two
 * detectors to disagree as real ones do.
 */
import { type GasState, isPowered, type World } from "./state.ts";

const OUTDOOR_CO2_PPM = 420;
/** 18 L of CO₂ per person and hour. */
const CO2_M3_PER_PERSON_S = 0.018 / 3_600;
const AIR_CHANGES_PER_S = { room: 3 / 3_600, laboratory: 6 / 3_600, purge: 90 / 3_600 } as const;
const MIXING_PER_S = 0.02;
const ROOM_TAU_S = 3_600;
const LEL_MAX = 100;

export function stepAir(world: World, dtS: number): void {
  world.plan.rooms.forEach(({ room }, i) => {
    const state = world.rooms[i];
    if (state === undefined) return;
    const gas = world.gas.get(room.id);
    const changes = exchangeOf(world, room.building, gas);
    const volume = Math.max(20, room.areaM2 * room.heightM);
    const breath = (state.people * CO2_M3_PER_PERSON_S * 1e6) / volume;
    state.co2Ppm += (breath - changes * (state.co2Ppm - OUTDOOR_CO2_PPM)) * dtS;
    const kept = world.weather.heating ? 19.5 : Math.max(18, Math.min(28, world.weather.outdoorC));
    const crowd = (state.people / Math.max(1, room.seats)) * 2;
    state.temperatureC += ((kept + crowd - state.temperatureC) * dtS) / ROOM_TAU_S;
    if (gas) stepGas(gas, changes, dtS);
  });
  for (const [id, hood] of world.hoods) {
    const place = world.plan.campus.hoods.find((h) => h.id === id);
    const room = world.plan.campus.rooms.find((r) => r.id === place?.room);
    const runs = hood.fanOn && room !== undefined && isPowered(world, room.building);
    // The same air through a wider gap is slower: 0.5 m/s at 350 mm.
    const target = runs ? Math.min(1.2, 175 / Math.max(120, hood.sashMm)) : 0.03;
    hood.faceVelocityMs += (target - hood.faceVelocityMs) * Math.min(1, dtS / 3);
  }
}

function exchangeOf(world: World, building: string, gas: GasState | undefined): number {
  if (gas === undefined) return AIR_CHANGES_PER_S.room;
  if (gas.purging) return AIR_CHANGES_PER_S.purge;
  // Without power only the cracks are left.
  return isPowered(world, building) ? AIR_CHANGES_PER_S.laboratory : AIR_CHANGES_PER_S.room / 4;
}

function stepGas(gas: GasState, changes: number, dtS: number): void {
  const { leak } = gas;
  // The source feeds its corner until the mixture there stands at the target.
  const fed = leak ? Math.max(0, leak.targetLel - gas.nearLel) / leak.riseS : 0;
  const mixed = MIXING_PER_S * (gas.nearLel - gas.farLel);
  const near = leak ? Math.max(0, fed) : -mixed - changes * gas.nearLel;
  const far = mixed - changes * gas.farLel;
  gas.nearLel = settle(gas.nearLel + near * dtS);
  gas.farLel = settle(gas.farLel + far * dtS);
}

const settle = (lel: number): number => (lel < 0.01 ? 0 : Math.min(LEL_MAX, lel));
