/**
 * A profile's YAML text as a typed profile, or every problem at once with line, path and what was meant.
 * Pure: `library.ts` reads the files.
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
  const protocol = parseYaml(source.text, protocolSchema, source.file);
  if (!protocol.ok) return protocol;
  switch (protocol.value.value.protocol) {
    case "modbus":
      return build(source, modbusSchema, (d, context) => buildModbus(source.id, d, context));
    case "opcua":
      return build(source, opcuaSchema, (d, context) => buildOpcua(source.id, d, context));
    default:
      return build(source, mqttSchema, (d, context) => buildMqtt(source.id, d, context));
  }

  function build<D>(
    { text, file }: ProfileText,
    schema: z.ZodType<D>,
    make: (document: D, context: BuildContext) => Profile,
  ): Outcome<Profile, readonly Problem[]> {
    const parsed = parseYaml(text, schema, file);
    if (!parsed.ok) return parsed;
    return checked(parsed.value, make, standard);
  }
}

function checked<D>(
  { value, problemAt }: Parsed<D>,
  make: (document: D, context: BuildContext) => Profile,
  standard: StandardPoints,
): Outcome<Profile, readonly Problem[]> {
  const problems: Problem[] = [];
  const report: BuildContext["report"] = (path, message) => {
    problems.push(problemAt(path, message));
  };
  const profile = make(value, { standard, report });
  for (const { path, message } of profileProblems(profile, nearest)) report(path, message);
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
