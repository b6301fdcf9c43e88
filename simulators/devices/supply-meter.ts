/** What water and heat meters show of the supply they sit on. */
import { COMMISSIONED } from "../world/baseline.ts";
import type { World } from "../world/state.ts";
import { bare, inUnit, type Observer } from "./observed.ts";

export function observeWaterMeter(world: World, supply: string): Observer {
  const i = world.plan.campus.water.findIndex(({ id }) => id === supply);
  const volume = world.registers.waterM3[i] ?? 0;
  return (point) => {
    switch (point) {
      case "flow":
        return inUnit((world.waterLPerH[i] ?? 0) / 1_000, "m3/h");
      case "volume":
        return inUnit(volume, "m3");
      // Meters that keep cubic metres and the rest in two registers.
      case "volume_whole":
        return inUnit(Math.floor(volume), "m3");
      case "volume_fraction":
        return inUnit(volume - Math.floor(volume), "m3");
      case "volume_reverse":
      case "volume_reverse_whole":
      case "volume_reverse_fraction":
        return inUnit(0, "m3");
      case "run_time":
        return inUnit((world.now - COMMISSIONED) / 3_600_000, "h");
      case "fault_time":
        return inUnit(0, "h");
      case "battery_voltage":
        return inUnit(3.61, "V");
      case "fault_code":
        return bare(0);
      default:
        return undefined;
    }
  };
}

const WATER_KWH_PER_M3_K = 1.163;

export function observeHeatMeter(world: World, supply: string): Observer {
  const i = world.plan.campus.heat.findIndex(({ id }) => id === supply);
  const powerW = world.heatW[i] ?? 0;
  // District heating raises its flow temperature when it is cold outside.
  const flowC = powerW > 0 ? 68 - world.weather.outdoorC * 1.2 : 24;
  const dropK = powerW > 0 ? 18 : 0;
  const flowM3H = powerW > 0 ? powerW / 1_000 / (WATER_KWH_PER_M3_K * dropK) : 0;
  const energyKwh = world.registers.heatKwh[i] ?? 0;
  return (point) => {
    switch (point) {
      case "heat_power":
        return inUnit(powerW / 1_000, "kW");
      case "heat_energy":
        return inUnit(energyKwh, "kW.h");
      case "cold_energy":
        return inUnit(0, "kW.h");
      case "run_time":
        return inUnit((world.now - COMMISSIONED) / 3_600_000, "h");
      case "fault_time":
        return inUnit(0, "h");
      case "heat_volume":
        return inUnit(energyKwh / (WATER_KWH_PER_M3_K * 18), "m3");
      case "flow":
      case "flow_1":
        return inUnit(flowM3H, "m3/h");
      case "flow_2":
        return inUnit(0, "m3/h");
      case "temperature_flow":
        return inUnit(flowC, "Cel");
      case "temperature_return":
        return inUnit(flowC - dropK, "Cel");
      case "temperature_difference":
        return inUnit(dropK, "K");
      case "temperature_3":
      case "temperature_4":
        return inUnit(21, "Cel");
      default:
        return undefined;
    }
  };
}
