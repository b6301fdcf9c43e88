/**
 * Makes the source of each connection. OPC UA is only loaded when a connection speaks it: its package
 * costs more memory than the rest of the gateway.
 */
import type { Clock } from "../core/clock.ts";
import { deviceId } from "../core/ids.ts";
import type {
  ModbusProfile,
  MqttProfile,
  OpcuaProfile,
  Profile,
} from "../device-profiles/profile.ts";
import type { Teardowns } from "../platform/lifecycle.ts";
import type { Log } from "../platform/log.ts";
import { connectMqtt } from "../platform/mqtt-client.ts";
import type {
  GatewayConfiguration,
  ModbusConnection,
  MqttConnection,
  OpcuaConnection,
} from "./configuration.ts";
import type { PlantConnection, PlantDevice } from "./plant.ts";
import type { SecretFiles } from "./secrets.ts";
import { createModbusSource } from "./sources/modbus/source.ts";
import {
  attachToBroker,
  type DeviceBroker,
  deviceUsers,
  type MqttAttachment,
  startDeviceBroker,
} from "./sources/mqtt/attachment.ts";
import { createMqttSource } from "./sources/mqtt/source.ts";
import type { PersonalHash } from "./sources/personal.ts";
import type { DeviceStatus, SampleSink, Source } from "./sources/source.ts";

export interface SourceParts {
  readonly configuration: GatewayConfiguration;
  readonly secrets: SecretFiles;
  readonly hash: PersonalHash;
  /** Own OPC UA key and certificate, and the servers that are trusted. */
  readonly pkiFolder: string;
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  readonly teardowns: Teardowns;
}

/** Sources by the id of their connection; nothing is polled before they run. */
export async function openSources(
  parts: SourceParts,
  connections: readonly PlantConnection[],
): Promise<ReadonlyMap<string, Source>> {
  const deviceBroker = await openDeviceBroker(parts);
  const sources = new Map<string, Source>();
  for (const entry of connections) {
    const { connection } = entry;
    const log = parts.log.child({ component: "source", connection: connection.id });
    const own = { ...parts, log };
    if (connection.protocol === "modbus") {
      sources.set(connection.id, modbusSource(own, connection, entry.devices));
    } else if (connection.protocol === "mqtt") {
      const attachment = attach(own, connection, deviceBroker);
      sources.set(connection.id, mqttSource(own, attachment, entry.devices));
    } else {
      sources.set(connection.id, await opcuaSource(own, connection, entry.devices));
    }
  }
  return sources;
}

function modbusSource(
  parts: SourceParts,
  connection: ModbusConnection,
  devices: readonly PlantDevice[],
): Source {
  const { sink, clock, log, onStatus, hash } = parts;
  const list = ofProtocol<ModbusProfile>(devices, "modbus").map(({ device, profile }) => ({
    device: deviceId(device.configuration.id),
    unit: device.configuration.unit ?? 1,
    profile,
    settings: device.settings,
  }));
  const { zone } = parts.configuration;
  return createModbusSource({ connection, devices: list, sink, clock, log, onStatus, hash, zone });
}

function mqttSource(
  parts: SourceParts,
  attachment: MqttAttachment,
  devices: readonly PlantDevice[],
): Source {
  const { sink, clock, log, onStatus, hash, configuration } = parts;
  const list = ofProtocol<MqttProfile>(devices, "mqtt").map(({ device, profile }) => {
    const { id, topic = "", serial } = device.configuration;
    return { id: deviceId(id), profile, topic, ...(serial === undefined ? {} : { serial }) };
  });
  const { zone } = configuration;
  return createMqttSource({ devices: list, attachment, sink, clock, log, onStatus, hash, zone });
}

async function opcuaSource(
  parts: SourceParts,
  connection: OpcuaConnection,
  devices: readonly PlantDevice[],
): Promise<Source> {
  const { sink, clock, log, onStatus, hash, pkiFolder } = parts;
  const list = ofProtocol<OpcuaProfile>(devices, "opcua").map(({ device, profile }) => {
    const { id, object = [] } = device.configuration;
    return { id: deviceId(id), profile, object };
  });
  const { passwordFile } = connection;
  const password =
    passwordFile === undefined ? {} : { password: parts.secrets.password(passwordFile) };
  const own = { connection, ...password, pkiFolder, sink, clock, log, onStatus, hash };
  const { createOpcuaSource } = await import("./sources/opcua/source.ts");
  return createOpcuaSource({ ...own, devices: list });
}

/** Protocols of profile and connection were compared when the plant was built. */
function ofProtocol<P extends Profile>(
  devices: readonly PlantDevice[],
  protocol: P["protocol"],
): readonly { readonly device: PlantDevice; readonly profile: P }[] {
  const isOurs = (profile: Profile): profile is P => profile.protocol === protocol;
  return devices.flatMap((device) =>
    isOurs(device.profile) ? [{ device, profile: device.profile }] : [],
  );
}

function attach(
  parts: SourceParts,
  connection: MqttConnection,
  deviceBroker: DeviceBroker | undefined,
): MqttAttachment {
  if (connection.broker === "embedded") {
    // The file's own check has refused an embedded connection without a broker section.
    if (deviceBroker === undefined) throw new Error("no broker for embedded connection");
    return deviceBroker.attach();
  }
  const { clock, log, configuration } = parts;
  const client = connectMqtt({
    ...parts.secrets.access(connection.broker),
    clientId: `lamplighter-${configuration.gateway}-${connection.id}`,
    // The broker keeps what arrives while we are away.
    clean: false,
    clock,
    log,
  });
  parts.teardowns.add(`client of ${connection.id}`, () => client.close());
  return attachToBroker(client);
}

async function openDeviceBroker(parts: SourceParts): Promise<DeviceBroker | undefined> {
  const { configuration, secrets, clock } = parts;
  if (configuration.broker === undefined) return undefined;
  const { host, port, users } = configuration.broker;
  const known = Object.entries(users).map(([name, { passwordFile, topics }]) => {
    return [name, { password: secrets.password(passwordFile), topics }] as const;
  });
  const log = parts.log.child({ component: "device broker" });
  const options = { host, port, users: deviceUsers(Object.fromEntries(known)), clock, log };
  const started = await startDeviceBroker(options);
  parts.teardowns.add("device broker", () => started.broker.close());
  return started;
}
