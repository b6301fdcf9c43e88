/** The form of a rule file for the validator; what each field means is told in `rule.ts`. */
import { z } from "zod";
import { HAZARD_KINDS } from "../../core/catalogue.ts";
import { LEVEL_TESTS } from "../../core/condition.ts";
import { DERIVATIONS } from "../../core/condition-derived.ts";
import { labelSchema } from "../../core/document.ts";
import { parseRuleId, parseSpaceId } from "../../core/ids.ts";
import type { Outcome } from "../../core/outcome.ts";
import { UNIT_CODES, type UnitCode } from "../../core/quantity.ts";
import { type Duration, parseDuration, seconds } from "../../core/time.ts";
import { ALARM_PRIORITIES, ROOM_USES } from "../api/contract.ts";
import { POLICY_MODES } from "./rule.ts";

export const LEVELS_MAX = 4;

const NONE = seconds(0);

/** `500ms`, `10s`, `15m`, `1h30m`. */
export const durationSchema = z.string().transform((text, context): Duration => {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: "custom", message: parsed.error });
  return NONE;
});

function named(parse: (text: string) => Outcome<unknown, string>) {
  return z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
  });
}

/** A point's name in which `*` stands for any part of it. */
const pattern = z
  .string()
  .max(130)
  .regex(/^[a-z0-9._*-]+\/[a-z0-9_*]+$/, "is no point like a1-main/power_active or lab-*/gas_lel");

const selection = z
  .strictObject({
    points: z.array(pattern).min(1).max(1_000).optional(),
    hazards: z.array(z.enum(HAZARD_KINDS)).min(1).optional(),
    quantities: z.array(z.string().min(1).max(64)).min(1).max(100).optional(),
    spaces: z.array(named(parseSpaceId)).min(1).max(1_000).optional(),
    uses: z.array(z.enum(ROOM_USES)).min(1).optional(),
  })
  .refine((s) => s.points ?? s.hazards ?? s.quantities, {
    message: "must name points, hazards or quantities: a rule for everything is a rule for nothing",
  });

const header = {
  rule: named(parseRuleId),
  version: z.int().min(1).default(1),
  name: labelSchema,
  author: z.string().min(1).max(100),
  owner: z.string().min(1).max(100),
  source: z.string().min(1).max(200).optional(),
  effective: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/, "must be a date like 2020-01-01")
    .optional(),
  applies: selection,
};

const derived = z
  .strictObject({
    riseOver: durationSchema.optional(),
    fallOver: durationSchema.optional(),
    changesIn: durationSchema.optional(),
  })
  .refine((of) => DERIVATIONS.filter((what) => of[what] !== undefined).length === 1, {
    message: `must have exactly one of ${DERIVATIONS.join(", ")}`,
  });

const level = z.strictObject({
  limit: z.number(),
  priority: z.enum(ALARM_PRIORITIES),
  onDelay: durationSchema.default(NONE),
});
const levels = z.array(level).min(1).max(LEVELS_MAX);

export const levelsWhen = z
  .strictObject({
    atLeast: levels.optional(),
    below: levels.optional(),
    is: levels.optional(),
    of: derived.optional(),
    hysteresis: z.number().min(0).default(0),
    offDelay: durationSchema.default(NONE),
    overRange: z.number().optional(),
  })
  .refine((when) => LEVEL_TESTS.filter((test) => when[test] !== undefined).length === 1, {
    message: `must have exactly one of ${LEVEL_TESTS.join(", ")}`,
  });

const notProvenWhen = z.strictObject({
  notProven: z.strictObject({ after: durationSchema, priority: z.enum(ALARM_PRIORITIES) }),
});

/** The list of units is not empty, which its type does not say. */
export const unitSchema = z.enum(UNIT_CODES as [UnitCode, ...UnitCode[]]);

const alarmSchema = z.strictObject({
  ...header,
  kind: z.literal("alarm"),
  unit: unitSchema.optional(),
  when: z.union([levelsWhen, notProvenWhen]),
  about: z.enum(["plant", "sensor"]).default("plant"),
  freezes: z.boolean().default(false),
  closedBy: z.enum(["desk", "return"]).default("return"),
  response: labelSchema.optional(),
});

const policySchema = z.strictObject({
  ...header,
  kind: z.literal("policy"),
  policy: z.literal("emptyRoom"),
  mode: z.enum(POLICY_MODES),
  emptyFor: durationSchema,
  value: z.number().default(0),
  lease: durationSchema,
});

export const ruleSchema = z.discriminatedUnion("kind", [alarmSchema, policySchema]);
export type RuleDocument = z.infer<typeof ruleSchema>;
export type AlarmDocument = z.infer<typeof alarmSchema>;
export type LevelsDocument = z.infer<typeof levelsWhen>;
