/** What a device would say of one of its points, in a unit of our list; its profile converts and encodes. */
import { convert, type UnitCode } from "../../core/quantity.ts";

export interface Observed {
  readonly value: number | string;
  /** Absent for states, texts and bare numbers. */
  readonly unit?: UnitCode;
}

/** A device's answer for any point name at one moment; undefined when the world has no such quantity. */
export type Observer = (point: string) => Observed | undefined;

export const inUnit = (value: number, unit: UnitCode): Observed => ({ value, unit });
export const bare = (value: number | string): Observed => ({ value });
export const flag = (value: boolean): Observed => ({ value: value ? 1 : 0 });

/** The number in the unit the profile's point wants; a unit of another dimension is left as it is. */
export function valueIn(observed: Observed, unit: UnitCode): number | string {
  if (typeof observed.value === "string" || observed.unit === undefined) return observed.value;
  const converted = convert(observed.value, observed.unit, unit);
  return converted.ok ? converted.value : observed.value;
}
