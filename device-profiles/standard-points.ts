/**
 * The standard names of points (`points.yaml`): what a name means is written once, so that a
 * profile's line only says where the value stands. `{n}` in a name stands for a number.
 */
import { z } from "zod";
import type { EnergyCategory, HazardKind } from "../core/catalogue.ts";
import { nearest, type Problem, parseYaml } from "../core/document.ts";
import { isPointName } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import type { UnitCode } from "../core/quantity.ts";
import type { PointKind } from "../core/sample.ts";
import type { Duration } from "../core/time.ts";
import { kindSchema, wordsShape } from "./point-line.ts";
import type { PollClass } from "./profile.ts";

export interface StandardPoint {
  /** With `{n}` where a number stands. */
  readonly pattern: string;
  readonly kind: PointKind;
  readonly unit: UnitCode;
  readonly quantity: string;
  readonly label: Label;
  readonly poll: PollClass;
  readonly deadband: number;
  readonly momentary: boolean;
  readonly personal: boolean;
  readonly heartbeat?: Duration;
  readonly category?: EnergyCategory;
  readonly subItem?: string;
  readonly hazard?: HazardKind;
  readonly labels?: Readonly<Record<string, Label>>;
  readonly brick?: string;
  readonly haystack?: string;
}

export interface StandardPoints {
  /** The standard point of a name, with the number put into its labels. */
  readonly find: (name: string) => StandardPoint | undefined;
  /** The name that was probably meant. */
  readonly near: (name: string) => string | undefined;
  readonly all: readonly StandardPoint[];
}

const words = { ...wordsShape, kind: kindSchema.optional() };
const lineSchema = z.strictObject({ ...words, zh: z.string().min(1), en: z.string().min(1) });
const schema = z.strictObject({
  groups: z
    .array(z.strictObject({ all: z.strictObject(words), points: z.record(z.string(), lineSchema) }))
    .min(1),
});
type Line = z.infer<typeof lineSchema>;
type Group = z.infer<typeof schema>["groups"][number];

export function parseStandardPoints(
  text: string,
  file: string,
): Outcome<StandardPoints, readonly Problem[]> {
  const parsed = parseYaml(text, schema, file);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  const points = new Map<string, StandardPoint>();
  parsed.value.value.groups.forEach((group, index) => {
    for (const [pattern, line] of Object.entries(group.points)) {
      const path = ["groups", index, "points", pattern];
      const problem = problemOf(pattern, group, line, points);
      if (problem !== undefined) problems.push(parsed.value.problemAt(path, problem));
      else points.set(pattern, standardPoint(pattern, group, line));
    }
  });
  return problems.length > 0 ? failure(problems) : success(lookup([...points.values()]));
}

function problemOf(
  pattern: string,
  { all }: Group,
  line: Line,
  points: ReadonlyMap<string, StandardPoint>,
): string | undefined {
  if (!isPointName(pattern.replace("{n}", "1"))) return `"${pattern}" is not a point name`;
  if (points.has(pattern)) return `"${pattern}" is there twice`;
  const missing = (["kind", "unit", "quantity", "poll"] as const).filter(
    (key) => line[key] === undefined && all[key] === undefined,
  );
  return missing.length === 0 ? undefined : `has no ${missing.join(", ")}, nor has its group`;
}

function standardPoint(pattern: string, { all }: Group, line: Line): StandardPoint {
  const { zh, en, ...own } = line;
  const { kind = "gauge", unit = "1", quantity = "", poll = "slow", ...rest } = { ...all, ...own };
  const { deadband = 0, momentary = kind === "event", personal = false, ...optional } = rest;
  const fixed = { pattern, kind, unit, quantity, poll, deadband, momentary, personal };
  return { ...fixed, ...withoutUndefined(optional), label: { zh, en } };
}

/** Optional keys that are absent rather than undefined. */
export function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function lookup(all: readonly StandardPoint[]): StandardPoints {
  const exact = new Map(all.map((point) => [point.pattern, point]));
  const numbered = all
    .filter((point) => point.pattern.includes("{n}"))
    .map((point) => ({ point, match: new RegExp(`^${point.pattern.replace("{n}", "(\\d+)")}$`) }));
  const find = (name: string): StandardPoint | undefined => {
    const found = exact.get(name);
    if (found !== undefined) return found.pattern.includes("{n}") ? undefined : found;
    for (const { point, match } of numbered) {
      const n = match.exec(name)?.[1];
      if (n !== undefined) return { ...point, label: numberedLabel(point.label, n) };
    }
    return undefined;
  };
  const near = (name: string): string | undefined => {
    const digits = /\d+/.exec(name)?.[0] ?? "1";
    return nearest(
      name,
      all.map((point) => point.pattern.replace("{n}", digits)),
    );
  };
  return { find, near, all };
}

export const numberedLabel = (label: Label, n: string): Label => ({
  zh: label.zh.replaceAll("{n}", n),
  en: label.en.replaceAll("{n}", n),
});
