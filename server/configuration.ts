/**
 * The server's files: `site.yaml` (the campus) and `server.yaml` (the process). Rules are read by
 * `rules/`. Read, parse, defaults.
 */
import { z } from "zod";
import { labelSchema, type Parsed, type Problem, parseYaml } from "../core/document.ts";
import { parseGatewayId, parseSiteId, parseSpaceId } from "../core/ids.ts";
import { failure, type Outcome } from "../core/outcome.ts";
import { ROOM_USES, SPACE_KINDS } from "./api/contract.ts";

function named(parse: (text: string) => Outcome<unknown, string>) {
  return z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
  });
}

const port = z.int().min(0).max(65_535);

const zone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}, "is no IANA time zone like Asia/Shanghai");

const siteSchema = z.strictObject({
  site: z.strictObject({
    id: named(parseSiteId),
    name: labelSchema,
    zone: zone.default("Asia/Shanghai"),
    demo: z.boolean().default(false),
  }),
  spaces: z
    .array(
      z.strictObject({
        id: named(parseSpaceId),
        parent: z.string().optional(),
        kind: z.enum(SPACE_KINDS),
        use: z.enum(ROOM_USES).optional(),
        name: labelSchema,
        areaM2: z.number().positive().optional(),
        /** GB/T 31190 laboratory level Ⅰ (highest) to Ⅳ. */
        laboratoryLevel: z.int().min(1).max(4).optional(),
      }),
    )
    .min(1)
    .max(50_000),
});

const serverSchema = z.strictObject({
  http: z
    .strictObject({ host: z.string().default("127.0.0.1"), port: port.default(8_080) })
    .prefault({}),
  broker: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("embedded"),
        host: z.string().default("127.0.0.1"),
        port: port.default(1_883),
      }),
      z.strictObject({
        kind: z.literal("external"),
        url: z.string().regex(/^mqtts?:\/\//, "must begin with mqtt:// or mqtts://"),
        username: z.string().optional(),
        passwordFile: z.string().optional(),
        caFile: z.string().optional(),
      }),
    ])
    .prefault({ kind: "embedded" }),
  store: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("embedded") }),
      z.strictObject({
        kind: z.literal("influxdb"),
        url: z.string().regex(/^https?:\/\//, "must begin with http:// or https://"),
        /** In 2.x and 3 the database that is mapped to the bucket. */
        database: z.string().min(1).max(64).default("lamplighter"),
        username: z.string().optional(),
        passwordFile: z.string().optional(),
        /** Of 2.x and 3, in place of user and password. */
        tokenFile: z.string().optional(),
      }),
    ])
    .prefault({ kind: "embedded" }),
  /** Who may connect to the embedded broker; the file holds the password in its first line. */
  gateways: z
    .array(z.strictObject({ id: named(parseGatewayId), passwordFile: z.string() }))
    .max(1_000)
    .default([]),
  notifications: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        kind: z.literal("webhook"),
        url: z.string().regex(/^https?:\/\//, "must begin with http:// or https://"),
        /** Lowest priority that is told. */
        from: z.enum(["emergency", "high", "medium", "low"]).default("low"),
      }),
    )
    .max(20)
    .default([]),
});

export type SiteConfiguration = z.infer<typeof siteSchema>;
export type SpaceConfiguration = SiteConfiguration["spaces"][number];
export type ServerConfiguration = z.infer<typeof serverSchema>;
export type BrokerConfiguration = ServerConfiguration["broker"];
export type StoreConfiguration = ServerConfiguration["store"];
export type WebhookConfiguration = ServerConfiguration["notifications"][number];

export const parseServerConfiguration = (
  text: string,
  file: string,
): Outcome<Parsed<ServerConfiguration>, readonly Problem[]> =>
  parseYaml(text, serverSchema as z.ZodType<ServerConfiguration>, file);

/** Also refuses doubled spaces, parents that do not exist and trees that bite their tail. */
export function parseSiteConfiguration(
  text: string,
  file: string,
): Outcome<Parsed<SiteConfiguration>, readonly Problem[]> {
  const parsed = parseYaml(text, siteSchema as z.ZodType<SiteConfiguration>, file);
  if (!parsed.ok) return parsed;
  const problems = crossCheckSpaces(parsed.value);
  return problems.length === 0 ? parsed : failure(problems);
}

function crossCheckSpaces({ value, problemAt }: Parsed<SiteConfiguration>): readonly Problem[] {
  const problems: Problem[] = [];
  const parents = new Map<string, string | undefined>();
  value.spaces.forEach((space, i) => {
    if (parents.has(space.id)) {
      problems.push(problemAt(["spaces", i, "id"], `"${space.id}" is there twice`));
    }
    parents.set(space.id, space.parent);
  });
  value.spaces.forEach((space, i) => {
    if (space.parent !== undefined && !parents.has(space.parent)) {
      problems.push(problemAt(["spaces", i, "parent"], `no space is called "${space.parent}"`));
    }
    const seen = new Set([space.id]);
    for (let up = space.parent; up !== undefined; up = parents.get(up)) {
      if (seen.has(up)) {
        problems.push(problemAt(["spaces", i, "parent"], `the path upwards runs in a circle`));
        break;
      }
      seen.add(up);
    }
  });
  return problems;
}
