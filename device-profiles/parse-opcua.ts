/** OPC UA profiles: the file's lines and what becomes of them. */
import { z } from "zod";
import type { DocumentPath } from "../core/document.ts";
import { type BuildContext, buildPoint } from "./build-point.ts";
import { headShape, lineShape } from "./point-line.ts";
import type { OpcuaPoint, OpcuaProfile } from "./profile.ts";
import { withoutUndefined } from "./standard-points.ts";

const browseName = z
  .string()
  .regex(/^[^:]+:.+$/, "must be <namespace alias>:<name>, as in device:light_on");
const oneOrMore = z.union([browseName.transform((name) => [name]), z.array(browseName).min(1)]);

export const opcuaLine = z.strictObject({
  ...lineShape,
  path: oneOrMore.optional().meta({ description: "browse names below the device's object" }),
  writeType: z
    .enum(["Boolean", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Float", "Double"])
    .optional(),
  words: z.record(z.string(), z.number()).optional(),
  eventType: browseName.optional(),
  fields: z
    .record(z.string(), z.strictObject({ path: oneOrMore, personal: z.boolean().default(false) }))
    .optional(),
});
type OpcuaLine = z.infer<typeof opcuaLine>;

export const opcuaSchema = z.strictObject({
  protocol: z.literal("opcua"),
  ...headShape,
  namespaces: z.record(z.string(), z.string().min(1)),
  points: z.record(z.string(), opcuaLine),
});
type Document = z.infer<typeof opcuaSchema>;

export function buildOpcua(id: string, document: Document, context: BuildContext): OpcuaProfile {
  const { points: lines, ...head } = document;
  const aliases = new Set(Object.keys(head.namespaces));
  const points: OpcuaPoint[] = [];
  for (const [name, line] of Object.entries(lines)) {
    const path = ["points", name];
    for (const browse of line.path ?? []) {
      const alias = browse.slice(0, browse.indexOf(":"));
      if (!aliases.has(alias)) {
        const known = [...aliases].join(", ");
        context.report([...path, "path"], `unknown namespace "${alias}" (there are: ${known})`);
      }
    }
    const point = buildOpcuaPoint(name, line, path, context);
    points.push(point);
  }
  return withoutUndefined({ ...head, id, points }) as OpcuaProfile;
}

function buildOpcuaPoint(
  name: string,
  line: OpcuaLine,
  path: DocumentPath,
  context: BuildContext,
): OpcuaPoint {
  const base = buildPoint(name, line, path, context);
  if (line.path === undefined && line.eventType === undefined) {
    context.report(path, "is missing path: the browse names below the device's object");
  }
  if (line.eventType !== undefined && base.kind !== "event") {
    context.report([...path, "eventType"], `"${name}" is a ${base.kind}, not an event`);
  }
  if (line.command !== undefined && line.writeType === undefined) {
    context.report(path, "is missing writeType: what does the device want written?");
  }
  const { writeType, words, eventType, fields } = line;
  const optional = withoutUndefined({ writeType, words, eventType, fields });
  return { ...base, path: line.path ?? [], ...optional };
}
