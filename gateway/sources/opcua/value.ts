/** What a server says of a variable, free of the library's classes: plain values that decode can judge. */
import type { Instant } from "../../../core/time.ts";

export interface OpcuaValue {
  /** A number, text, truth value or null; anything else is no value of a point. */
  readonly value: unknown;
  /** The 32 bits of the status code, unsigned; OPC UA Part 4 §7.38. */
  readonly status: number;
  readonly statusName: string;
  readonly sourceTime: Instant | undefined;
}

/** How a written number is sent. */
export type WriteType =
  | "Boolean"
  | "Byte"
  | "Int16"
  | "UInt16"
  | "Int32"
  | "UInt32"
  | "Float"
  | "Double";

export const RANGES: Readonly<
  Record<Exclude<WriteType, "Boolean" | "Float" | "Double">, readonly [number, number]>
> = {
  Byte: [0, 255],
  Int16: [-32_768, 32_767],
  UInt16: [0, 65_535],
  Int32: [-2_147_483_648, 2_147_483_647],
  UInt32: [0, 4_294_967_295],
};
