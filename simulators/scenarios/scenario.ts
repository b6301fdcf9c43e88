/** A scenario file: a timeline in domain words with what must be seen, read and checked in one go. */
import { z } from "zod";
import { labelSchema, type Problem, parseYaml } from "../../core/document.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { actionSchema, durationText } from "./action.ts";
import { sightSchema } from "./sight.ts";

/** Longer timelines are several scenarios. */
export const STEPS_MAX = 200;

const parameter = z.union([z.string(), z.number(), z.boolean()]);
export type Parameter = z.infer<typeof parameter>;

const fileSchema = z.strictObject({
  name: labelSchema,
  what: labelSchema,
  parameters: z.record(z.string(), parameter).default({}),
  timeline: z
    .array(z.strictObject({ at: durationText, do: z.unknown() }))
    .min(1)
    .max(STEPS_MAX),
  lasts: durationText,
  /** Puts everything right, at the end and when it is stopped early. */
  afterwards: z.array(z.unknown()).max(STEPS_MAX).default([]),
  /** In the world, checked by whoever plays it. */
  seen: z
    .array(z.strictObject({ at: durationText, that: z.unknown(), text: labelSchema }))
    .default([]),
  /** On the platform's pages, for people and acceptance tests. */
  platform: z.array(labelSchema).default([]),
});

const resolvedSchema = z.object({
  timeline: z.array(z.object({ at: z.number(), do: actionSchema })),
  afterwards: z.array(actionSchema),
  seen: z.array(z.object({ at: z.number(), that: sightSchema, text: labelSchema })),
});

export type ScenarioFile = z.infer<typeof fileSchema> & { readonly id: string };
/** With its parameters put in. */
export type Scenario = z.infer<typeof resolvedSchema> & Pick<ScenarioFile, "id" | "lasts" | "name">;

export function parseScenario(
  id: string,
  text: string,
  file: string,
): Outcome<ScenarioFile, readonly Problem[]> {
  const parsed = parseYaml(text, fileSchema as z.ZodType<z.infer<typeof fileSchema>>, file);
  if (!parsed.ok) return parsed;
  const scenario = { id, ...parsed.value.value };
  const resolved = resolveScenario(scenario, {});
  if (resolved.ok) return success(scenario);
  return failure(resolved.error.map((message) => parsed.value.problemAt([], message)));
}

/** Puts the parameters into the timeline, `$room` for the value of `room`. */
export function resolveScenario(
  scenario: ScenarioFile,
  given: Readonly<Record<string, Parameter>>,
): Outcome<Scenario, readonly string[]> {
  const unknown = Object.keys(given).filter((name) => !(name in scenario.parameters));
  if (unknown.length > 0) {
    const known = Object.keys(scenario.parameters).join(", ") || "none";
    return failure(unknown.map((name) => `"${name}" is no parameter of ${scenario.id}: ${known}`));
  }
  const values = { ...scenario.parameters, ...given };
  const { timeline, afterwards, seen } = scenario;
  const parsed = resolvedSchema.safeParse(filled({ timeline, afterwards, seen }, values));
  if (!parsed.success) {
    return failure(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`));
  }
  return success({ ...parsed.data, id: scenario.id, lasts: scenario.lasts, name: scenario.name });
}

function filled(value: unknown, values: Readonly<Record<string, Parameter>>): unknown {
  if (typeof value === "string") {
    const whole = /^\$([a-zA-Z]+)$/.exec(value)?.[1];
    if (whole !== undefined && whole in values) return values[whole];
    return value.replace(/\$\{([a-zA-Z]+)\}/g, (text, name) => String(values[name] ?? text));
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filled(item, values)]),
  );
}
