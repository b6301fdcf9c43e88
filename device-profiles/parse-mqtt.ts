/** MQTT profiles: the file's lines and what becomes of them. */
import { z } from "zod";
import type { DocumentPath } from "../core/document.ts";
import { type BuildContext, buildPoint } from "./build-point.ts";
import { durationSchema, headShape, lineShape } from "./point-line.ts";
import type { MqttPoint, MqttProfile } from "./profile.ts";
import { withoutUndefined } from "./standard-points.ts";

/** `ENERGY.Power`, `data.0.value`, or a list where a key has a dot or space in it. */
const jsonPath = z.union([
  z
    .string()
    .min(1)
    .transform((text): (string | number)[] =>
      text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    ),
  z.array(z.union([z.string(), z.int().min(0)])).min(1),
]);

export const mqttLine = z.strictObject({
  ...lineShape,
  topic: z.string().optional(),
  path: jsonPath.optional(),
  words: z.record(z.string(), z.number()).optional(),
  ignore: z.array(z.string()).optional(),
  when: z
    .array(
      z.strictObject({
        path: jsonPath,
        values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
      }),
    )
    .optional(),
  also: z.array(z.strictObject({ topic: z.string(), path: jsonPath.optional() })).optional(),
  partial: z.boolean().optional(),
  fields: z
    .record(z.string(), z.strictObject({ path: jsonPath, personal: z.boolean().default(false) }))
    .optional(),
  write: z.strictObject({ topic: z.string(), payload: z.string() }).optional(),
});
type MqttLine = z.infer<typeof mqttLine>;

export const mqttSchema = z.strictObject({
  protocol: z.literal("mqtt"),
  ...headShape,
  time: z
    .strictObject({
      path: jsonPath,
      format: z.enum(["iso", "seconds", "milliseconds"]),
      zone: z.literal("site").optional(),
    })
    .optional(),
  availability: z
    .strictObject({
      topic: z.string(),
      path: jsonPath.optional(),
      online: z.string(),
      offline: z.string(),
    })
    .optional(),
  silentAfter: durationSchema,
  topics: z.enum(["below", "whole"]).optional(),
  serialAt: jsonPath.optional(),
  each: z
    .strictObject({
      topic: z.string().optional(),
      partial: z.boolean().optional(),
      also: z.array(z.strictObject({ topic: z.string(), under: jsonPath.optional() })).optional(),
    })
    .prefault({}),
  points: z.record(z.string(), mqttLine),
});
type Document = z.infer<typeof mqttSchema>;

export function buildMqtt(id: string, document: Document, context: BuildContext): MqttProfile {
  const { points: lines, each, ...head } = document;
  const points: MqttPoint[] = [];
  for (const [name, line] of Object.entries(lines)) {
    const { also, ...common } = each;
    const elsewhere = also?.map(({ topic, under }) => ({
      topic,
      path: [...(under ?? []), ...(line.path ?? [])],
    }));
    const ofLine = withoutUndefined(line);
    const whole = { ...common, ...(line.path && { also: elsewhere }), ...ofLine };
    const point = buildMqttPoint(name, whole, ["points", name], context);
    points.push(point);
  }
  return withoutUndefined({ ...head, id, points }) as MqttProfile;
}

function buildMqttPoint(
  name: string,
  line: MqttLine,
  path: DocumentPath,
  context: BuildContext,
): MqttPoint {
  const base = buildPoint(name, line, path, context);
  if (line.topic === undefined) context.report(path, 'is missing topic ("" for the base topic)');
  if (/[+#]/.test(line.topic ?? "")) {
    context.report([...path, "topic"], "must be one topic: + and # are not allowed");
  }
  if (line.fields !== undefined && base.kind !== "event") {
    context.report([...path, "fields"], `only events have fields, "${name}" is a ${base.kind}`);
  }
  if (line.command !== undefined && line.write === undefined) {
    context.report(path, "is missing write: where is the command published, and what?");
  }
  if (line.write !== undefined && !line.write.payload.includes("{value}")) {
    context.report([...path, "write"], "the payload has no {value} in it");
  }
  const { words, ignore, when, also, partial, fields, write } = line;
  return {
    ...base,
    topic: line.topic ?? "",
    ...withoutUndefined({ path: line.path, words, ignore, when, partial, fields, write }),
    ...(also && { also: also.map(withoutUndefined) }),
  };
}
