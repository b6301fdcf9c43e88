/**
 * A profile's YAML text as a typed profile, or every problem at once with line, path and what
 * was meant. Pure: `library.ts` reads the files.
 */
import { z } from "zod";
import { nearest, type Parsed, type Problem, parseYaml } from "../core/document.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import type { BuildContext } from "./build-point.ts";
import { profileProblems } from "./cross-check.ts";
import { buildModbus, modbusSchema, PROFILE_POINTS_MAX } from "./parse-modbus.ts";
import { buildMqtt, mqttSchema } from "./parse-mqtt.ts";
import { buildOpcua, opcuaSchema } from "./parse-opcua.ts";
import type { Profile } from "./profile.ts";
import type { StandardPoints } from "./standard-points.ts";

export const PROTOCOLS = ["modbus", "opcua", "mqtt"] as const;
const protocolSchema = z.looseObject({ protocol: z.enum(PROTOCOLS) });

/** Of every profile file, for editors: `profile.schema.json` is made from it. */
export const profileSchema = z.discriminatedUnion("protocol", [
  modbusSchema,
  opcuaSchema,
  mqttSchema,
]);

export interface ProfileText {
  /** `<vendor>/<model>` */
  readonly id: string;
  readonly text: string;
  /** For messages. */
  readonly file: string;
}

export function parseProfile(
  source: ProfileText,
  standard: StandardPoints,
): Outcome<Profile, readonly Problem[]> {
  const protocol = protocolOf(source);
  if (!protocol.ok) return protocol;
  const { id } = source;
  switch (protocol.value) {
    case "modbus":
      return build(source, standard, modbusSchema, (d, context) => buildModbus(id, d, context));
    case "opcua":
      return build(source, standard, opcuaSchema, (d, context) => buildOpcua(id, d, context));
    case "mqtt":
      return build(source, standard, mqttSchema, (d, context) => buildMqtt(id, d, context));
  }
}

type Protocol = (typeof PROTOCOLS)[number];

/** By the line that nearly every file has, else by parsing: a library is parsed at every start. */
function protocolOf({ text, file }: ProfileText): Outcome<Protocol, readonly Problem[]> {
  const word = /^protocol: (\w+)$/m.exec(text)?.[1];
  const plain = PROTOCOLS.find((protocol) => protocol === word);
  if (plain !== undefined) return success(plain);
  const parsed = parseYaml(text, protocolSchema, file);
  return parsed.ok ? success(parsed.value.value.protocol) : parsed;
}

type Make<D> = (document: D, context: BuildContext) => Profile;

function build<D>(
  { text, file }: ProfileText,
  standard: StandardPoints,
  schema: z.ZodType<D>,
  make: Make<D>,
): Outcome<Profile, readonly Problem[]> {
  const parsed = parseYaml(text, schema, file);
  if (parsed.ok) return checked(parsed.value, make, standard, []);
  const rest = withoutBroken(text, file, schema, parsed.error);
  const more = rest && checked(rest.parsed, make, standard, rest.broken);
  return failure(unique([...parsed.error, ...(more?.ok === false ? more.error : [])]));
}

const documentSchema = z.looseObject({ points: z.record(z.string(), z.unknown()).default({}) });

/**
 * The document less the points and keys that are wrong, so that the rest is checked in the same
 * run.
 */
function withoutBroken<D>(
  text: string,
  file: string,
  schema: z.ZodType<D>,
  problems: readonly Problem[],
): { readonly parsed: Parsed<D>; readonly broken: readonly string[] } | undefined {
  const whole = parseYaml(text, documentSchema, file);
  if (!whole.ok) return undefined;
  const { points, ...head } = whole.value.value;
  const isWrong = (path: string): boolean =>
    problems.some((problem) => problem.path === path || problem.path.startsWith(`${path}.`));
  const broken = Object.keys(points).filter((name) => isWrong(`points.${name}`));
  const kept = Object.entries(points).filter(([name]) => !broken.includes(name));
  const keptHead = Object.entries(head).filter(([key]) => !isWrong(key));
  const document = { ...Object.fromEntries(keptHead), points: Object.fromEntries(kept) };
  const again = schema.safeParse(document);
  if (!again.success) return undefined;
  return { parsed: { value: again.data, problemAt: whole.value.problemAt }, broken };
}

function checked<D>(
  { value, problemAt }: Parsed<D>,
  make: Make<D>,
  standard: StandardPoints,
  broken: readonly string[],
): Outcome<Profile, readonly Problem[]> {
  const problems: Problem[] = [];
  const report: BuildContext["report"] = (path, message) => {
    problems.push(problemAt(path, message));
  };
  const profile = make(value, { standard, report });
  for (const { path, message } of profileProblems(profile, nearest, broken)) report(path, message);
  if (profile.points.length > PROFILE_POINTS_MAX) {
    report(["points"], `${profile.points.length} points, allowed are ${PROFILE_POINTS_MAX}`);
  }
  return problems.length > 0 ? failure(unique(problems)) : success(profile);
}

/** A repeated line has the same problem for each channel; once is enough. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map(problems.map((p) => [`${p.line} ${p.path} ${p.message}`, p]));
  return [...seen.values()].sort((a, b) => a.line - b.line);
}
