/**
 * The words of a Modbus line that say where a value stands, and the lines that `repeat` makes of
 * one.
 */
import { z } from "zod";
import type { ModbusLine } from "./parse-modbus.ts";
import { MODBUS_TABLES, MODBUS_TYPES, MODBUS_WRITE_FUNCTIONS } from "./profile.ts";
import { numberedLabel } from "./standard-points.ts";

const order = z.enum(["big", "little"]);
export const orderShape = {
  words: order.optional().meta({ description: "which register comes first; big when absent" }),
  bytes: order.optional().meta({ description: "which byte of a register comes first" }),
} as const;

const wireAddress = z.int().min(0).max(65_535);
const bitNumber = z.int().min(0).max(31);
const maskShape = {
  bit: bitNumber.optional().meta({ description: "one bit, counted from 0, the lowest" }),
  bits: z.tuple([bitNumber, bitNumber]).optional().meta({ description: "lowest and highest bit" }),
} as const;

export const addressShape = {
  at: wireAddress.optional().meta({ description: "address on the wire, from 0" }),
  table: z.enum(MODBUS_TABLES).optional(),
  type: z.enum(MODBUS_TYPES).optional(),
  ...orderShape,
  length: z.int().min(1).max(125).optional().meta({ description: "registers of a string" }),
  charactersPerRegister: z.union([z.literal(1), z.literal(2)]).optional(),
  hex: z.boolean().optional().meta({ description: "a string of hexadecimal digits" }),
  model: z.int().min(1).max(65_534).optional().meta({ description: "SunSpec model" }),
  ...maskShape,
} as const;
const addressSchema = z.strictObject(addressShape);
export type AddressLine = z.infer<typeof addressSchema>;

export const writeShape = {
  function: z.enum(MODBUS_WRITE_FUNCTIONS).optional(),
  at: wireAddress.optional(),
  type: z.enum(MODBUS_TYPES).optional(),
  ...orderShape,
  ...maskShape,
} as const;
const writeSchema = z.strictObject(writeShape);
export type WriteLine = z.infer<typeof writeSchema>;

interface NamedLine {
  readonly name: string;
  readonly line: ModbusLine;
}

/** One line for each channel: `{n}` counts up, every address moves on by the step. */
export function repeatLines(
  pattern: string,
  line: ModbusLine,
  report: (message: string) => void,
): readonly NamedLine[] {
  const { repeat, ...rest } = line;
  if (repeat === undefined) {
    if (!pattern.includes("{n}")) return [{ name: pattern, line: rest }];
    report(`"${pattern}" needs repeat: for how many {n}?`);
    return [];
  }
  if (!pattern.includes("{n}")) {
    report(`repeat needs {n} in the name, as in "${pattern}_{n}"`);
    return [];
  }
  return Array.from({ length: repeat.count }, (_, index) => {
    const n = String(repeat.from + index);
    return {
      name: pattern.replaceAll("{n}", n),
      line: moved(rest, { by: index * repeat.step, n }),
    };
  });
}

function moved(line: ModbusLine, { by, n }: { by: number; n: string }): ModbusLine {
  const at = <T extends { readonly at?: number | undefined }>(part: T): T =>
    part.at === undefined ? part : { ...part, at: part.at + by };
  return {
    ...at(line),
    ...(line.label && { label: numberedLabel(line.label, n) }),
    ...(line.gate && { gate: { ...line.gate, point: line.gate.point.replaceAll("{n}", n) } }),
    ...(line.write && { write: at(line.write) }),
    ...(line.plus && { plus: line.plus.map(at) }),
    ...(line.exponentFrom && { exponentFrom: at(line.exponentFrom) }),
    ...(line.multiplyFrom && { multiplyFrom: line.multiplyFrom.map(at) }),
  };
}
