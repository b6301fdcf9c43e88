/**
 * What a point's line may say in every protocol and in `points.yaml` alike, and how the line and
 * the standard name together make a point.
 */
import { z } from "zod";
import { ENERGY_CATEGORIES, FALLBACK_PLACES, HAZARD_KINDS } from "../core/catalogue.ts";
import { labelSchema } from "../core/document.ts";
import { UNIT_CODES, type UnitCode } from "../core/quantity.ts";
import { POINT_KINDS } from "../core/sample.ts";
import { type Duration, parseDuration } from "../core/time.ts";
import { CONFIDENCES, POLL_CLASSES } from "./profile.ts";

/** `500ms`, `10s`, `15m` in the file. */
export const durationSchema = z
  .string()
  .transform((text, context): Duration => {
    const parsed = parseDuration(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.error });
    return z.NEVER;
  })
  .meta({ description: "a duration such as 500ms, 10s, 15m or 1h30m" });

const unitSchema = z.enum(UNIT_CODES as [UnitCode, ...UnitCode[]]);
/** The numbers a state can have, as keys: JSON has no others. */
const stateNumber = z.string().regex(/^-?\d+$/, "must be a whole number, the state's value");
export const stateLabels = z.record(stateNumber, labelSchema);

/** Shared by the groups of `points.yaml` and the lines of profiles. */
export const wordsShape = {
  unit: unitSchema.optional().meta({ description: "UCUM unit of the value after scaling" }),
  quantity: z.string().min(1).max(64).optional(),
  category: z.enum(ENERGY_CATEGORIES).optional(),
  subItem: z.string().min(1).max(64).optional().meta({ description: "分项 of the category" }),
  hazard: z.enum(HAZARD_KINDS).optional(),
  labels: stateLabels.optional().meta({ description: "what a state's numbers mean" }),
  poll: z.enum(POLL_CLASSES).optional(),
  deadband: z.number().min(0).optional(),
  heartbeat: durationSchema.optional(),
  personal: z.boolean().optional(),
  momentary: z.boolean().optional(),
  brick: z.string().optional(),
  haystack: z.string().optional(),
} as const;

export const kindSchema = z.enum(POINT_KINDS);

const commandSchema = z.strictObject({
  min: z.number().optional(),
  max: z.number().optional(),
  step: z.number().positive().optional(),
  values: z.array(z.number()).min(1).max(64).optional(),
  settle: durationSchema.optional(),
  proof: z.enum(["readBack", "none"]).optional(),
  tolerance: z.number().min(0).optional(),
  fallback: z.strictObject({ value: z.number(), place: z.enum(FALLBACK_PLACES) }).optional(),
  pauseMin: durationSchema.optional(),
});

const codesSchema = z.record(z.string().regex(/^-?\d+$/, "must be a whole number"), z.number());

/** What every line of a profile may say, whatever the protocol. */
export const lineShape = {
  ...wordsShape,
  label: labelSchema.optional(),
  scale: z.number().optional(),
  offset: z.number().optional(),
  sentinels: z.array(z.number()).max(32).optional(),
  codes: codesSchema.optional().meta({ description: "raw values → our numbers" }),
  range: z.tuple([z.number(), z.number()]).optional(),
  gate: z.strictObject({ point: z.string(), values: z.array(z.number()).min(1) }).optional(),
  command: commandSchema.optional(),
  wrapsAt: z.number().positive().optional(),
  stepBackMax: z.number().positive().optional(),
  confidence: z.enum(CONFIDENCES).optional(),
  note: z.string().optional(),
} as const;

const lineSchema = z.strictObject(lineShape);
export type PointLine = z.infer<typeof lineSchema>;

/** Profile-wide parts that all protocols have. */
export const headShape = {
  vendor: z.string().min(1),
  model: z.string().min(1),
  name: labelSchema,
  confirmed: z.boolean().meta({ description: "vectors from another source agree" }),
  confidence: z.enum(CONFIDENCES).optional(),
  sources: z.array(z.string()).min(1, "at least one source: where do the facts come from?"),
  notes: z.array(z.string()).default([]),
  disagreements: z.array(z.string()).optional(),
  variants: z.array(z.string()).optional(),
  settings: z
    .record(
      z.string(),
      z.strictObject({
        name: labelSchema,
        default: z.number().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
      }),
    )
    .default({}),
  factory: z
    .strictObject({
      confirmed: z.boolean(),
      unit: z.int().min(0).max(255).optional(),
      baud: z.int().positive().optional(),
      parity: z.enum(["none", "even", "odd"]).optional(),
      stopBits: z.union([z.literal(1), z.literal(2)]).optional(),
      port: z.int().min(1).max(65_535).optional(),
      transports: z.array(z.enum(["serial", "tcp", "udp"])).optional(),
      topic: z.string().optional(),
      note: z.string().optional(),
    })
    .optional(),
  liveness: z.strictObject({ point: z.string(), changesWithin: durationSchema }).optional(),
} as const;
