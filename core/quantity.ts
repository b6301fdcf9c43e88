/**
 * The closed list of units. A point declares its unit in UCUM; nothing guesses a unit from a name. A
 * unit converts only within its dimension.
 * Source of the codes: The Unified Code for Units of Measure 2.2.
 */
import { failure, type Outcome, success } from "./outcome.ts";

interface Unit {
  readonly dimension: string;
  /** value in the dimension's base unit = value × factor + offset */
  readonly factor: number;
  readonly offset?: number;
  /** What people read. */
  readonly symbol: string;
}

const table = {
  "1": { dimension: "none", factor: 1, symbol: "" },
  "%": { dimension: "none", factor: 0.01, symbol: "%" },
  "[ppm]": { dimension: "none", factor: 1e-6, symbol: "ppm" },
  "[ppb]": { dimension: "none", factor: 1e-9, symbol: "ppb" },
  "%{LEL}": { dimension: "explosiveLimit", factor: 1, symbol: "%LEL" },
  "%{vol}": { dimension: "volumeFraction", factor: 1, symbol: "%vol" },
  "%{RH}": { dimension: "relativeHumidity", factor: 1, symbol: "%RH" },
  W: { dimension: "power", factor: 1, symbol: "W" },
  kW: { dimension: "power", factor: 1e3, symbol: "kW" },
  MW: { dimension: "power", factor: 1e6, symbol: "MW" },
  "V.A": { dimension: "apparentPower", factor: 1, symbol: "VA" },
  "kV.A": { dimension: "apparentPower", factor: 1e3, symbol: "kVA" },
  var: { dimension: "reactivePower", factor: 1, symbol: "var" },
  kvar: { dimension: "reactivePower", factor: 1e3, symbol: "kvar" },
  "W.h": { dimension: "energy", factor: 3_600, symbol: "Wh" },
  "kW.h": { dimension: "energy", factor: 3.6e6, symbol: "kWh" },
  "MW.h": { dimension: "energy", factor: 3.6e9, symbol: "MWh" },
  J: { dimension: "energy", factor: 1, symbol: "J" },
  kJ: { dimension: "energy", factor: 1e3, symbol: "kJ" },
  MJ: { dimension: "energy", factor: 1e6, symbol: "MJ" },
  GJ: { dimension: "energy", factor: 1e9, symbol: "GJ" },
  "A.h": { dimension: "charge", factor: 3_600, symbol: "Ah" },
  "kvar.h": { dimension: "reactiveEnergy", factor: 1e3, symbol: "kvarh" },
  "kV.A.h": { dimension: "apparentEnergy", factor: 1e3, symbol: "kVAh" },
  V: { dimension: "voltage", factor: 1, symbol: "V" },
  mV: { dimension: "voltage", factor: 1e-3, symbol: "mV" },
  kV: { dimension: "voltage", factor: 1e3, symbol: "kV" },
  A: { dimension: "current", factor: 1, symbol: "A" },
  mA: { dimension: "current", factor: 1e-3, symbol: "mA" },
  Ohm: { dimension: "resistance", factor: 1, symbol: "Ω" },
  Hz: { dimension: "frequency", factor: 1, symbol: "Hz" },
  deg: { dimension: "angle", factor: 1, symbol: "°" },
  Cel: { dimension: "temperature", factor: 1, offset: 273.15, symbol: "°C" },
  K: { dimension: "temperature", factor: 1, symbol: "K" },
  m3: { dimension: "volume", factor: 1, symbol: "m³" },
  L: { dimension: "volume", factor: 1e-3, symbol: "L" },
  "m3/h": { dimension: "volumeFlow", factor: 1 / 3_600, symbol: "m³/h" },
  "L/min": { dimension: "volumeFlow", factor: 1e-3 / 60, symbol: "L/min" },
  "m/s": { dimension: "speed", factor: 1, symbol: "m/s" },
  Pa: { dimension: "pressure", factor: 1, symbol: "Pa" },
  kPa: { dimension: "pressure", factor: 1e3, symbol: "kPa" },
  bar: { dimension: "pressure", factor: 1e5, symbol: "bar" },
  lx: { dimension: "illuminance", factor: 1, symbol: "lx" },
  "mg/m3": { dimension: "massConcentration", factor: 1e-6, symbol: "mg/m³" },
  "g/m3": { dimension: "massConcentration", factor: 1e-3, symbol: "g/m³" },
  "ug/m3": { dimension: "massConcentration", factor: 1e-9, symbol: "µg/m³" },
  s: { dimension: "time", factor: 1, symbol: "s" },
  ms: { dimension: "time", factor: 1e-3, symbol: "ms" },
  min: { dimension: "time", factor: 60, symbol: "min" },
  h: { dimension: "time", factor: 3_600, symbol: "h" },
  d: { dimension: "time", factor: 86_400, symbol: "d" },
  kg: { dimension: "mass", factor: 1, symbol: "kg" },
  m: { dimension: "length", factor: 1, symbol: "m" },
  mm: { dimension: "length", factor: 1e-3, symbol: "mm" },
  m2: { dimension: "area", factor: 1, symbol: "m²" },
  "/min": { dimension: "rotationalSpeed", factor: 1 / 60, symbol: "1/min" },
  "MK-1": { dimension: "reciprocalTemperature", factor: 1, symbol: "mired" },
  dBm: { dimension: "signal", factor: 1, symbol: "dBm" },
  dB: { dimension: "level", factor: 1, symbol: "dB" },
} as const satisfies Record<string, Unit>;

export type UnitCode = keyof typeof table;
export const UNIT_CODES = Object.keys(table) as readonly UnitCode[];
const units: Readonly<Record<UnitCode, Unit>> = table;

export const isUnit = (text: string): text is UnitCode => Object.hasOwn(table, text);
export const symbolOf = (code: UnitCode): string => units[code].symbol;
export const dimensionOf = (code: UnitCode): string => units[code].dimension;

/** Converts a value between two units of one dimension; the failure says why it cannot. */
export function convert(value: number, from: UnitCode, to: UnitCode): Outcome<number, string> {
  if (from === to) return success(value);
  const source = units[from];
  const target = units[to];
  if (source.dimension !== target.dimension) {
    return failure(`${from} (${source.dimension}) does not convert to ${to} (${target.dimension})`);
  }
  const base = value * source.factor + (source.offset ?? 0);
  return success((base - (target.offset ?? 0)) / target.factor);
}
