/**
 * Modbus profiles: the file's lines and what becomes of them. `each` holds for every line that
 * does not say otherwise; `repeat` writes a line for many channels at once.
 */
import { z } from "zod";
import type { DocumentPath } from "../core/document.ts";
import { milliseconds, seconds } from "../core/time.ts";
import { type BuildContext, buildPoint } from "./build-point.ts";
import { modbusAddress, modbusWrite, wordsOf } from "./modbus-address.ts";
import { addressShape, orderShape, repeatLines, writeShape } from "./modbus-line.ts";
import { durationSchema, headShape, lineShape } from "./point-line.ts";
import type { ModbusPoint, ModbusProfile } from "./profile.ts";
import { MODBUS_TABLES, MODBUS_TYPES } from "./profile.ts";
import { withoutUndefined } from "./standard-points.ts";

/** Modbus Application Protocol V1.1b3 §6.3 and §6.1. */
export const REGISTERS_MAX = 125;
export const COILS_MAX = 2_000;
export const PROFILE_POINTS_MAX = 5_000;

const address = z.strictObject(addressShape);
const write = z.strictObject(writeShape);
const factor = z.strictObject({
  ...addressShape,
  scale: z.number().optional(),
  values: z.record(z.string(), z.number()).optional(),
});
const range = z.strictObject({
  table: z.enum(MODBUS_TABLES),
  from: z.int().min(0).max(65_535),
  through: z.int().min(0).max(65_535),
});

export const modbusLine = z.strictObject({
  ...lineShape,
  ...addressShape,
  exponentFrom: address.optional(),
  multiplyBy: z.array(z.string()).optional(),
  multiplyFrom: z.array(factor).max(4).optional(),
  plus: z
    .array(z.strictObject({ ...addressShape, scale: z.number().default(1) }))
    .max(4)
    .optional(),
  alone: z.boolean().optional(),
  writeOnly: z.boolean().optional(),
  handshake: z
    .strictObject({
      ready: address,
      values: z.array(z.number()).min(1),
      clear: z.strictObject({ ...writeShape, at: z.int(), value: z.number() }),
    })
    .optional(),
  write: write.optional(),
  repeat: z
    .strictObject({
      count: z.int().min(1).max(1_000),
      step: z.int().min(1).default(1),
      from: z.int().min(0).default(1),
    })
    .optional(),
});
export type ModbusLine = z.infer<typeof modbusLine>;

const each = z.strictObject({
  table: z.enum(MODBUS_TABLES).optional(),
  type: z.enum(MODBUS_TYPES).optional(),
  ...orderShape,
  scale: z.number().optional(),
  model: z.int().optional(),
  exponentFrom: address.optional(),
});

const limits = z.strictObject({
  registersMax: z.int().min(1).max(REGISTERS_MAX).default(REGISTERS_MAX),
  coilsMax: z.int().min(1).max(COILS_MAX).default(COILS_MAX),
  readAlone: z.array(range).default([]),
  prohibited: z.array(range).default([]),
  gapMax: z.int().min(0).max(REGISTERS_MAX).default(0),
  pauseAfterConnect: durationSchema.default(milliseconds(0)),
  pauseBetween: durationSchema.default(milliseconds(0)),
  answerWithin: durationSchema.default(seconds(1)),
});

export const modbusSchema = z.strictObject({
  protocol: z.literal("modbus"),
  ...headShape,
  limits: limits.prefault({}),
  each: each.prefault({}),
  sentinels: z.partialRecord(z.enum(MODBUS_TYPES), z.array(z.number())).optional(),
  ratios: z
    .record(z.string(), factor)
    .optional()
    .meta({ description: "registers that multiplyBy may name like a setting" }),
  shiftBy: z.string().optional(),
  sunspec: z
    .strictObject({
      bases: z.array(z.int().min(0).max(65_535)).min(1),
      models: z.array(z.int().min(1)).min(1),
      deviceBy: z.string().optional(),
    })
    .optional(),
  fingerprint: z
    .array(
      z.strictObject({
        ...addressShape,
        values: z.array(z.union([z.number(), z.string()])).min(1),
        alone: z.boolean().default(false),
      }),
    )
    .optional(),
  keepAlive: z
    .strictObject({
      write: z.strictObject({ ...writeShape, at: z.int() }),
      values: z.array(z.number()).min(1),
      every: durationSchema,
    })
    .optional(),
  points: z.record(z.string(), modbusLine),
});
type Document = z.infer<typeof modbusSchema>;

export function buildModbus(id: string, document: Document, context: BuildContext): ModbusProfile {
  const { each: common, points: lines, sentinels, ratios, ...others } = document;
  const { fingerprint, keepAlive, ...head } = others;
  const points: ModbusPoint[] = [];
  for (const [pattern, line] of Object.entries(lines)) {
    const path = ["points", pattern];
    const shared = { ...common, ...withoutUndefined(withRatios(line, ratios ?? {})) };
    for (const one of repeatLines(pattern, shared, (m) => context.report(path, m))) {
      const point = buildModbusPoint(one.name, one.line, path, context);
      const ofType = line.sentinels ?? sentinels?.[point.read.type] ?? [];
      points.push({ ...point, sentinels: ofType });
    }
  }
  const found = fingerprint?.map(({ values, alone, ...read }, i) => ({
    read: modbusAddress({ ...common, ...read }, ["fingerprint", i], context),
    values,
    alone,
  }));
  const alive = keepAlive && {
    write: modbusWrite(
      keepAlive.write,
      { ...common, at: keepAlive.write.at },
      ["keepAlive"],
      context,
    ),
    values: keepAlive.values,
    every: keepAlive.every,
  };
  const profile = { ...head, id, points, fingerprint: found, keepAlive: alive };
  return withoutUndefined(profile) as ModbusProfile;
}

/** A name in `multiplyBy` that is a register becomes a factor read along with the point. */
function withRatios(line: ModbusLine, ratios: NonNullable<Document["ratios"]>): ModbusLine {
  const registers = (line.multiplyBy ?? []).flatMap((name) => ratios[name] ?? []);
  if (registers.length === 0) return line;
  return {
    ...line,
    multiplyBy: line.multiplyBy?.filter((name) => ratios[name] === undefined),
    multiplyFrom: [...(line.multiplyFrom ?? []), ...registers],
  };
}

function buildModbusPoint(
  name: string,
  line: ModbusLine,
  path: DocumentPath,
  context: BuildContext,
): ModbusPoint {
  const base = buildPoint(name, line, path, context);
  const read = modbusAddress(line, path, context);
  const writes = line.command !== undefined || line.write !== undefined;
  if (line.write !== undefined && line.command === undefined) {
    context.report([...path, "write"], "needs a command: what may be written?");
  }
  if (line.writeOnly === true && line.command?.proof !== "none") {
    context.report(path, "is never read, so its command needs proof: none");
  }
  if (line.handshake !== undefined && base.kind !== "event") {
    context.report([...path, "handshake"], `only events are taken, "${name}" is a ${base.kind}`);
  }
  if (read.type === "string" && base.kind !== "text" && base.kind !== "event") {
    context.report([...path, "type"], `a string cannot be a ${base.kind}`);
  }
  return {
    ...base,
    read,
    multiplyBy: line.multiplyBy ?? [],
    ...withoutUndefined({
      exponentFrom:
        line.exponentFrom && modbusAddress(inherit(line.exponentFrom, line), path, context),
      multiplyFrom: line.multiplyFrom?.map(({ scale, values, ...from }) => ({
        read: modbusAddress(inherit(from, line), path, context),
        ...withoutUndefined({ scale, values }),
      })),
      plus: line.plus?.map(({ scale, ...from }) => ({
        read: modbusAddress({ ...wordsOf(line), type: line.type, ...from }, path, context),
        scale,
      })),
      alone: line.alone,
      writeOnly: line.writeOnly,
      handshake: line.handshake && {
        ready: modbusAddress(line.handshake.ready, [...path, "handshake", "ready"], context),
        values: line.handshake.values,
        clear: {
          ...modbusWrite(line.handshake.clear, line, [...path, "handshake", "clear"], context),
          value: line.handshake.clear.value,
        },
      },
      write: writes ? modbusWrite(line.write ?? {}, line, [...path, "write"], context) : undefined,
    }),
  };
}

/**
 * A companion register stands in the same table and block, is one word unless said, in the same
 * order.
 */
const inherit = <T extends { readonly type?: unknown }>(from: T, line: ModbusLine) => ({
  ...wordsOf(line),
  type: "int16" as const,
  ...withoutUndefined(from),
});
