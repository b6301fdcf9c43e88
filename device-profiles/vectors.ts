/**
 * Vectors: what a device sent or must be sent, and the values it stands for, from a source other
 * than the profile's own map. They live beside the profile as `<model>.vectors.yaml`; `computed`
 * ones were made from the map and prove nothing about the device.
 */
import { z } from "zod";
import { type Problem, parseYaml } from "../core/document.ts";
import { type Outcome, success } from "../core/outcome.ts";
import { MODBUS_TABLES } from "./profile.ts";

export const VECTOR_ORIGINS = ["published", "capture", "computed"] as const;

const bytes = z.string().regex(/^([0-9A-F]{2}( |$))+$/, "must be bytes in spaced hex: 01 04 00 FF");
const words = z
  .string()
  .regex(/^([0-9A-F]{4}( |$))+$/, "must be registers in spaced hex: 08D1 006C");

/** A number or text; a list of fields for an event; null where there is no value. */
const expected = z.record(
  z.string(),
  z.union([
    z.number(),
    z.string(),
    z.null(),
    z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  ]),
);

const origin = {
  source: z.string().min(1),
  origin: z.enum(VECTOR_ORIGINS),
  note: z.string().optional(),
  settings: z.record(z.string(), z.number()).default({}),
};

/** Whole RTU frames with unit and checksum. */
const exchange = z.strictObject({ ...origin, request: bytes, answer: bytes, expect: expected });
const registers = z.strictObject({
  ...origin,
  registers: z.array(z.strictObject({ table: z.enum(MODBUS_TABLES), at: z.int(), words })).min(1),
  expect: expected,
});
const command = z.strictObject({
  ...origin,
  command: z.strictObject({ point: z.string(), value: z.number() }),
  frame: bytes,
});
const messages = z.strictObject({
  ...origin,
  messages: z.array(z.strictObject({ topic: z.string(), payload: z.string() })).min(1),
  serial: z.string().optional(),
  expect: expected,
});

const schema = z.strictObject({
  vectors: z.array(z.union([exchange, registers, command, messages])).min(1),
});
export type Vector = z.infer<typeof schema>["vectors"][number];
export type Vectors = readonly Vector[];

export function parseVectors(text: string, file: string): Outcome<Vectors, readonly Problem[]> {
  const parsed = parseYaml(text, schema as z.ZodType<z.infer<typeof schema>>, file);
  return parsed.ok ? success(parsed.value.value.vectors) : parsed;
}

/** Those that count for `confirmed`: said or heard by somebody else. */
export const outsideVectors = (vectors: Vectors): Vectors =>
  vectors.filter((vector) => vector.origin !== "computed");
