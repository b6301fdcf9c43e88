/**
 * Past energy data of the campus, fast: what the meters would have recorded, one row per step. Rows share
 * one buffer; whoever keeps a row copies it.
 */
import { type Duration, type Instant, instant } from "../../core/time.ts";
import {
  advanceRegisters,
  baselineOf,
  COMMISSIONED,
  type Registers,
  registersAtStart,
  type Snapshot,
} from "./baseline.ts";
import type { Campus, CampusDevice } from "./campus.ts";
import { planOf } from "./plan.ts";

export interface HistoryRow {
  readonly time: Instant;
  /** One value per entry of `historyPoints`, in the unit given there; overwritten by the next row. */
  readonly values: Float64Array;
}

export interface HistoryPoint {
  /** `<device>/<point>`. */
  readonly point: string;
  readonly unit: "kW.h" | "kW" | "W" | "m3" | "m3/h";
}

type Reader = (registers: Registers, snapshot: Snapshot) => number;

interface Column extends HistoryPoint {
  readonly read: Reader;
}

/** Meters keep single precision floats: a past value must not lie above the register read next. */
const register = Math.fround;

function columnsOf(campus: Campus): readonly Column[] {
  return campus.devices.flatMap((device) => columnsOfDevice(campus, device));
}

/** The Kamstrup datagram has no energy register: what no gateway can read has no past either. */
const WITHOUT_HEAT_ENERGY = "kamstrup/multical-hc003-67";

function columnsOfDevice(campus: Campus, { id, role, profile }: CampusDevice): readonly Column[] {
  switch (role.kind) {
    case "electricityMeter": {
      const i = campus.feeders.findIndex((f) => f.id === role.feeder);
      return [
        {
          point: `${id}/energy_import`,
          unit: "kW.h",
          read: (r) => register(r.energyKwh[i] ?? 0),
        },
        { point: `${id}/power_active`, unit: "W", read: (_, s) => s.feeders[i]?.activeW ?? 0 },
      ];
    }
    case "waterMeter": {
      const i = campus.water.findIndex((w) => w.id === role.supply);
      return [
        { point: `${id}/volume`, unit: "m3", read: (r) => r.waterM3[i] ?? 0 },
        { point: `${id}/flow`, unit: "m3/h", read: (_, s) => (s.waterLPerH[i] ?? 0) / 1_000 },
      ];
    }
    case "heatMeter": {
      const i = campus.heat.findIndex((h) => h.id === role.supply);
      const power: Column = {
        point: `${id}/heat_power`,
        unit: "kW",
        read: (_, s) => (s.heatW[i] ?? 0) / 1_000,
      };
      if (profile === WITHOUT_HEAT_ENERGY) return [power];
      const energy: Column = {
        point: `${id}/heat_energy`,
        unit: "kW.h",
        read: (r) => register(r.heatKwh[i] ?? 0),
      };
      return [energy, power];
    }
    default:
      return [];
  }
}

export const historyPoints = (campus: Campus): readonly HistoryPoint[] =>
  columnsOf(campus).map(({ point, unit }) => ({ point, unit }));

/** Rows at `from`, `from + step` … below `to`; never before the meters were commissioned. */
export function* history(
  campus: Campus,
  seed: number,
  from: Instant,
  to: Instant,
  stepMs: Duration,
): Generator<HistoryRow> {
  const plan = planOf(campus);
  const columns = columnsOf(campus);
  const values = new Float64Array(columns.length);
  const baseline = baselineOf(plan, seed);
  const registers = registersAtStart(plan);
  let at = COMMISSIONED;
  for (let time: number = from; time < to; time += stepMs) {
    if (time < COMMISSIONED) continue;
    advanceRegisters(baseline, registers, at, instant(time));
    at = instant(time);
    const snapshot = baseline(at);
    for (let i = 0; i < columns.length; i++) {
      values[i] = columns[i]?.read(registers, snapshot) ?? 0;
    }
    yield { time: at, values };
  }
}
