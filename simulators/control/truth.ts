/** The truth of the world as plain JSON, for acceptance tests and the control page. */
import { minuteOfDay } from "../world/calendar.ts";
import { isPowered, presentIn, type World } from "../world/state.ts";
import { lightShareOf } from "../world/step.ts";

export function truthOf(world: World): unknown {
  const { plan, registers } = world;
  const { campus } = plan;
  return {
    time: new Date(world.now).toISOString(),
    worldTime: new Date(world.time).toISOString(),
    minuteOfDay: Math.floor(minuteOfDay(world.time)),
    dayKind: world.dayKind,
    weather: world.weather,
    rooms: Object.fromEntries(campus.rooms.map(({ id }, i) => [id, roomTruth(world, i)])),
    gas: Object.fromEntries(world.gas),
    doors: Object.fromEntries(world.doors),
    hoods: Object.fromEntries(world.hoods),
    feeders: Object.fromEntries(
      campus.feeders.map(({ id, building }, i) => [
        id,
        {
          activeW: world.flows[i]?.activeW,
          reactiveVar: world.flows[i]?.reactiveVar,
          energyKwh: registers.energyKwh[i],
          powered: building === undefined || isPowered(world, building),
        },
      ]),
    ),
    water: Object.fromEntries(
      campus.water.map(({ id }, i) => [
        id,
        { litresPerHour: world.waterLPerH[i], volumeM3: registers.waterM3[i] },
      ]),
    ),
    heat: Object.fromEntries(
      campus.heat.map(({ id }, i) => [
        id,
        { powerW: world.heatW[i], energyKwh: registers.heatKwh[i] },
      ]),
    ),
    cut: [...world.cut],
  };
}

function roomTruth(world: World, i: number): unknown {
  const state = world.rooms[i];
  if (state === undefined) return undefined;
  return {
    people: presentIn(state),
    lightOn: state.lightOn,
    lightLevel: state.lightLevel,
    lightShare: lightShareOf(world, i),
    temperatureC: state.temperatureC,
    co2Ppm: state.co2Ppm,
  };
}
