/**
 * Tests of rules as data (`*.test.yaml` beside the rules): points, what they say, and which alarms must
 * stand at which time. `lamplighter check` and our own tests run them; they document the rules as well.
 */
import { z } from "zod";
import { HAZARD_KINDS } from "../../../core/catalogue.ts";
import { type Parsed, type Problem, parseYaml } from "../../../core/document.ts";
import { deviceOf, gatewayId, type PointId, parsePointId, spaceId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import { POINT_KINDS, type Sample } from "../../../core/sample.ts";
import { type Instant, instant, later, milliseconds, seconds } from "../../../core/time.ts";
import type { Alarm } from "../../alarms/alarm.ts";
import { ALARM_PRIORITIES, ALARM_STATES, ROOM_USES } from "../../api/contract.ts";
import type { PlantPoint } from "../../plant.ts";
import { createSpaces } from "../../spaces.ts";
import { isAlarmRule, type Rule } from "../rule.ts";
import { durationSchema, unitSchema } from "../rule-schema.ts";
import { RuleTrial } from "./rule-trial.ts";
import { parseSeries, type SpokenSample } from "./series-shorthand.ts";

/** Any moment will do: tests are about what lies between. */
const START = instant(Date.UTC(2026, 0, 1));
const PERIODS_PER_TEST_MAX = 100_000;

const pointName = z
  .string()
  .refine((text) => parsePointId(text).ok, "is no point like lab/gas_lel");

const expectedAlarm = z.strictObject({
  rule: z.string(),
  point: pointName.optional(),
  priority: z.enum(ALARM_PRIORITIES).optional(),
  state: z.enum(ALARM_STATES).optional(),
  foundLate: z.boolean().optional(),
  /** The rule's latch: fallen back is not recovered. */
  overRange: z.boolean().optional(),
});

const testSchema = z.strictObject({
  every: durationSchema.default(seconds(1)),
  points: z.record(
    pointName,
    z.strictObject({
      kind: z.enum(POINT_KINDS).default("gauge"),
      quantity: z.string(),
      unit: unitSchema.default("1"),
      hazard: z.enum(HAZARD_KINDS).optional(),
      use: z.enum(ROOM_USES).default("laboratory"),
      expectEvery: durationSchema.default(seconds(10)),
      series: z.string(),
    }),
  ),
  /** At each time all alarms that are not closed, and no others. */
  expect: z
    .array(z.strictObject({ at: durationSchema, alarms: z.array(expectedAlarm) }))
    .min(1)
    .max(1_000),
});
const fileSchema = z.strictObject({ tests: z.record(z.string(), testSchema) });
type TestFile = z.infer<typeof fileSchema>;
type RuleTest = z.infer<typeof testSchema>;

/** Runs every test of a file against the rules; the failures are problems with the line they stand on. */
export function runRuleTests(
  text: string,
  file: string,
  rules: readonly Rule[],
): Outcome<number, readonly Problem[]> {
  const parsed = parseYaml(text, fileSchema as z.ZodType<TestFile>, file);
  if (!parsed.ok) return parsed;
  const problems: Problem[] = [];
  for (const [name, test] of Object.entries(parsed.value.value.tests)) {
    problems.push(...runOne(name, test, rules, parsed.value));
  }
  if (problems.length > 0) return failure(problems);
  return success(Object.keys(parsed.value.value.tests).length);
}

function runOne(
  name: string,
  test: RuleTest,
  rules: readonly Rule[],
  { problemAt }: Parsed<TestFile>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const series = new Map<PointId, readonly SpokenSample[]>();
  const points: PlantPoint[] = [];
  for (const [text, what] of Object.entries(test.points)) {
    const id = parsePointId(text);
    const spoken = parseSeries(what.series);
    if (!spoken.ok)
      problems.push(problemAt(["tests", name, "points", text, "series"], spoken.error));
    if (!id.ok || !spoken.ok) continue;
    series.set(id.value, spoken.value);
    points.push(pointOf(id.value, what));
  }
  const known = new Set<string>(rules.map((rule) => rule.id));
  test.expect.forEach(({ alarms }, i) => {
    alarms.forEach(({ rule }, k) => {
      if (known.has(rule)) return;
      const path = ["tests", name, "expect", i, "alarms", k, "rule"];
      problems.push(problemAt(path, `no rule is called "${rule}"`));
    });
  });
  if (problems.length > 0) return problems;
  const spaces = createSpaces(
    points.map((p) => ({
      id: p.space,
      kind: "room" as const,
      use: test.points[p.point]?.use ?? "laboratory",
      name: p.name,
    })),
  );
  const trial = new RuleTrial(rules.filter(isAlarmRule), { points, spaces }, START);
  return play(test, series, trial).flatMap(({ index, why }) =>
    problemAt(["tests", name, "expect", index], why),
  );
}

interface Miss {
  readonly index: number;
  readonly why: string;
}

function play(
  test: RuleTest,
  series: ReadonlyMap<PointId, readonly SpokenSample[]>,
  trial: RuleTrial,
): readonly Miss[] {
  const misses: Miss[] = [];
  const order = test.expect
    .map((expected, index) => ({ ...expected, index }))
    .sort((a, b) => a.at - b.at);
  const end = order.at(-1)?.at ?? 0;
  let next = 0;
  for (let period = 0; period <= PERIODS_PER_TEST_MAX; period++) {
    const offset = milliseconds(period * test.every);
    if (offset > end) break;
    const now = later(START, offset);
    for (const [point, spoken] of series) {
      const said = spoken[period];
      if (said !== undefined && said.kind !== "silence") {
        trial.take(sampleOf(point, said, now), said.kind === "good" && said.late);
      }
    }
    trial.tick(now);
    for (; order[next] !== undefined && (order[next]?.at ?? 0) <= offset; next++) {
      const expected = order[next];
      const why = expected === undefined ? undefined : difference(expected.alarms, trial.alarms());
      if (expected !== undefined && why !== undefined) misses.push({ index: expected.index, why });
    }
  }
  return misses;
}

type ExpectedAlarm = z.infer<typeof expectedAlarm>;

function difference(expected: readonly ExpectedAlarm[], all: readonly Alarm[]): string | undefined {
  const rest = all.filter((alarm) => alarm.state !== "closed");
  const absent: ExpectedAlarm[] = [];
  for (const one of expected) {
    const found = rest.findIndex((alarm) =>
      Object.entries(one).every(([key, value]) =>
        Object.entries(alarm).some(([k, v]) => k === key && v === value),
      ),
    );
    if (found === -1) absent.push(one);
    else rest.splice(found, 1);
  }
  if (absent.length === 0 && rest.length === 0) return undefined;
  const missing = absent.map((a) => JSON.stringify(a)).join(", ");
  const extra = rest.map((a) => `${a.rule} on ${a.point} (${a.priority}, ${a.state})`).join(", ");
  return [
    ...(missing === "" ? [] : [`did not find ${missing}`]),
    ...(extra === "" ? [] : [`stands but was not expected: ${extra}`]),
  ].join("; ");
}

function pointOf(point: PointId, what: RuleTest["points"][string]): PlantPoint {
  const { kind, quantity, unit, hazard, expectEvery } = what;
  return {
    point,
    device: deviceOf(point),
    kind,
    unit,
    quantity,
    name: { zh: point, en: point },
    ...(hazard === undefined ? {} : { hazard }),
    expectEvery,
    gateway: gatewayId("test"),
    space: spaceId(`room-of-${deviceOf(point)}`),
  };
}

function sampleOf(
  point: PointId,
  said: Exclude<SpokenSample, { readonly kind: "silence" }>,
  time: Instant,
): Sample {
  const stamp = { point, time, sequence: 0, timeSource: "gateway" } as const;
  switch (said.kind) {
    case "good":
      return { ...stamp, quality: "good", value: said.value };
    case "doubtful":
      return { ...stamp, quality: "uncertain", value: said.value, doubt: said.doubt };
    case "bad":
      return { ...stamp, quality: "bad", reason: said.reason };
  }
}
