/**
 * A gateway's file: what it connects to, which devices hang there, and where its server is. Read, parse
 * and defaults; checking against the profiles is in `plant.ts`.
 */
import { z } from "zod";
import { labelSchema, type Parsed, type Problem, parseYaml } from "../core/document.ts";
import {
  parseConnectionId,
  parseDeviceId,
  parseGatewayId,
  parseSiteId,
  parseSpaceId,
} from "../core/ids.ts";
import { failure, type Outcome } from "../core/outcome.ts";
import { parseDuration } from "../core/time.ts";

export const DEVICES_MAX = 20_000;

function named(parse: (text: string) => Outcome<unknown, string>) {
  return z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
  });
}

/** A duration as text in the file, milliseconds inside. */
const duration = z.string().transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: "custom", message: parsed.error });
  return z.NEVER;
});

const zone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}, "is no IANA time zone like Asia/Shanghai");

const port = z.int().min(1).max(65_535);

const brokerClient = z.strictObject({
  url: z.string().regex(/^mqtts?:\/\//, "must begin with mqtt:// or mqtts://"),
  username: z.string().optional(),
  /** A file with the password in its first line, beside this file or absolute. */
  passwordFile: z.string().optional(),
  /** Trusted certificate authority for mqtts. */
  caFile: z.string().optional(),
});

const modbusTcp = z.strictObject({
  id: named(parseConnectionId),
  protocol: z.literal("modbus"),
  transport: z.enum(["tcp", "rtu-over-tcp"]).default("tcp"),
  host: z.string(),
  port: port.default(502),
});

const modbusSerial = z.strictObject({
  id: named(parseConnectionId),
  protocol: z.literal("modbus"),
  transport: z.literal("serial"),
  path: z.string(),
  baud: z.int().min(300).max(921_600).default(9_600),
  parity: z.enum(["none", "even", "odd"]).default("none"),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
});

const opcua = z.strictObject({
  id: named(parseConnectionId),
  protocol: z.literal("opcua"),
  endpoint: z.string().regex(/^opc\.tcp:\/\//, "must begin with opc.tcp://"),
  /** Named on purpose: an unsecured connection is a decision, not a default. */
  security: z
    .enum(["None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"])
    .default("Basic256Sha256"),
  mode: z.enum(["Sign", "SignAndEncrypt"]).default("SignAndEncrypt"),
  username: z.string().optional(),
  passwordFile: z.string().optional(),
});

const mqttEmbedded = z.strictObject({
  id: named(parseConnectionId),
  protocol: z.literal("mqtt"),
  broker: z.literal("embedded"),
});

const mqttExternal = z.strictObject({
  id: named(parseConnectionId),
  protocol: z.literal("mqtt"),
  broker: brokerClient,
});

const device = z.strictObject({
  id: named(parseDeviceId),
  name: labelSchema,
  profile: z.string(),
  connection: z.string(),
  space: named(parseSpaceId),
  /** Modbus unit id. */
  unit: z.int().min(0).max(255).optional(),
  /** MQTT base topic. */
  topic: z.string().max(256).optional(),
  /** OPC UA: browse path of the device's object below Objects, `<namespace URI>#<name>` each. */
  object: z.array(z.string()).optional(),
  serial: z.string().max(128).optional(),
  /** Values for the profile's settings: `ct: 40`. */
  settings: z.record(z.string(), z.number()).default({}),
  /** Points that act or measure elsewhere than the device hangs: a relay board's lamps. */
  points: z
    .record(
      z.string(),
      z.strictObject({ space: named(parseSpaceId).optional(), name: labelSchema.optional() }),
    )
    .default({}),
});

const schema = z.strictObject({
  gateway: named(parseGatewayId),
  site: named(parseSiteId),
  /** Of devices that write local times without saying so. */
  zone: zone.default("Asia/Shanghai"),
  server: brokerClient,
  /** The gateway's own broker for devices that should have no other. */
  broker: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: port.default(1884),
      /** Device user → file with its password; a user may publish and read below its own topics only. */
      users: z.record(
        z.string(),
        z.strictObject({ passwordFile: z.string(), topics: z.array(z.string()).min(1) }),
      ),
    })
    .optional(),
  buffer: z
    .strictObject({
      bytesMax: z.int().min(1_000_000).default(2_000_000_000),
      keep: duration.default((30 * 86_400_000) as never),
    })
    .prefault({}),
  connections: z
    .array(z.union([modbusTcp, modbusSerial, opcua, mqttEmbedded, mqttExternal]))
    .max(2_000),
  devices: z.array(device).max(DEVICES_MAX),
});

export type GatewayConfiguration = z.infer<typeof schema>;
export type ConnectionConfiguration = GatewayConfiguration["connections"][number];
export type ModbusConnection = Extract<ConnectionConfiguration, { protocol: "modbus" }>;
export type OpcuaConnection = Extract<ConnectionConfiguration, { protocol: "opcua" }>;
export type MqttConnection = Extract<ConnectionConfiguration, { protocol: "mqtt" }>;
export type DeviceConfiguration = GatewayConfiguration["devices"][number];
export type BrokerClientConfiguration = z.infer<typeof brokerClient>;

/** Every problem of the file at once; names that point nowhere or stand twice are problems too. */
export function parseGatewayConfiguration(
  text: string,
  file: string,
): Outcome<Parsed<GatewayConfiguration>, readonly Problem[]> {
  const parsed = parseYaml(text, schema as z.ZodType<GatewayConfiguration>, file);
  if (!parsed.ok) return parsed;
  const problems = crossCheck(parsed.value);
  return problems.length === 0 ? parsed : failure(problems);
}

function crossCheck({ value, problemAt }: Parsed<GatewayConfiguration>): readonly Problem[] {
  const problems: Problem[] = [];
  const connections = new Map<string, ConnectionConfiguration>();
  value.connections.forEach((connection, i) => {
    if (connections.has(connection.id)) {
      problems.push(problemAt(["connections", i, "id"], `"${connection.id}" is there twice`));
    }
    connections.set(connection.id, connection);
    if (connection.protocol === "mqtt" && connection.broker === "embedded" && !value.broker) {
      problems.push(problemAt(["connections", i, "broker"], "this file has no broker: section"));
    }
  });
  const devices = new Set<string>();
  value.devices.forEach((entry, i) => {
    if (devices.has(entry.id)) {
      problems.push(problemAt(["devices", i, "id"], `"${entry.id}" is there twice`));
    }
    devices.add(entry.id);
    const connection = connections.get(entry.connection);
    if (connection === undefined) {
      problems.push(
        problemAt(["devices", i, "connection"], `no connection is called "${entry.connection}"`),
      );
      return;
    }
    const needed = ({ modbus: "unit", opcua: "object", mqtt: "topic" } as const)[
      connection.protocol
    ];
    if (entry[needed] === undefined) {
      problems.push(problemAt(["devices", i], `a ${connection.protocol} device needs "${needed}"`));
    }
  });
  return problems;
}
