/**
 * The configuration files of a server and a gateway that look after a simulated campus: the same files an
 * integrator writes for a real one. Pure: texts out, nothing written.
 */
import { stringify } from "yaml";
import { CAMPUS_NAMESPACE } from "../opcua/variable.ts";
import type { Campus, CampusDevice } from "../world/campus.ts";

export const GATEWAY_ID = "main";
const HOST = "127.0.0.1";

export interface CampusPorts {
  /** The server's pages. */
  readonly http: number;
  /** The server's broker, which gateways talk to. */
  readonly uplink: number;
  /** The gateway's broker, which devices talk to. */
  readonly devices: number;
  readonly opcua: number;
  /** One per Modbus line. */
  readonly modbus: Readonly<Record<string, number>>;
}

export type ConfigurationFiles = Readonly<
  Record<"site.yaml" | "server.yaml" | "gateways/main.yaml", string>
>;

/** Lines take ports upward from the first, in the campus's order. */
export const modbusPorts = (campus: Campus, first: number): Readonly<Record<string, number>> =>
  Object.fromEntries(campus.lines.map(({ id }, i) => [id, first === 0 ? 0 : first + i]));

export function campusConfiguration(campus: Campus, ports: CampusPorts): ConfigurationFiles {
  return {
    "site.yaml": document(siteFile(campus)),
    "server.yaml": document(serverFile(ports)),
    "gateways/main.yaml": document(gatewayFile(campus, ports)),
  };
}

/** Names of the password files these configurations point to, without `.password`. */
export const secretNames = (campus: Campus): readonly string[] => [
  gatewaySecret,
  ...mqttDevices(campus).map(({ id }) => id),
];

export const gatewaySecret = `gateway-${GATEWAY_ID}`;

const HEAD = "# Made by `lamplighter simulate configuration` for the simulated campus.\n";
const document = (value: unknown): string => HEAD + stringify(value, { lineWidth: 100 });

function siteFile(campus: Campus): unknown {
  const { id, name, zone } = campus;
  return { site: { id, name, zone, demo: true }, spaces: campus.spaces };
}

const passwordFile = (name: string): string => `secrets/${name}.password`;
/** The gateway looks for its files beside its own, one folder down. */
const fromGateways = (name: string): string => `../${passwordFile(name)}`;

function serverFile(ports: CampusPorts): unknown {
  return {
    http: { host: HOST, port: ports.http },
    broker: { kind: "embedded", host: HOST, port: ports.uplink },
    gateways: [{ id: GATEWAY_ID, passwordFile: passwordFile(gatewaySecret) }],
  };
}

function gatewayFile(campus: Campus, ports: CampusPorts): unknown {
  return {
    gateway: GATEWAY_ID,
    site: campus.id,
    server: {
      url: `mqtt://${HOST}:${ports.uplink}`,
      username: GATEWAY_ID,
      passwordFile: fromGateways(gatewaySecret),
    },
    broker: {
      host: HOST,
      port: ports.devices,
      users: Object.fromEntries(
        mqttDevices(campus).map(({ id, topic }) => [
          id,
          { passwordFile: fromGateways(id), topics: [`${topic}/#`] },
        ]),
      ),
    },
    connections: connections(campus, ports),
    devices: campus.devices.map(deviceEntry),
  };
}

function mqttDevices({
  devices,
}: Campus): readonly { readonly id: string; readonly topic: string }[] {
  return devices.flatMap(({ id, wire }) =>
    wire.protocol === "mqtt" ? [{ id, topic: wire.topic }] : [],
  );
}

const lineConnection = (line: string): string => `modbus-${line}`;
const OPCUA_CONNECTION = "opcua";
const MQTT_CONNECTION = "mqtt";

function connections(campus: Campus, ports: CampusPorts): readonly unknown[] {
  return [
    ...campus.lines.map(({ id, transport }) => ({
      id: lineConnection(id),
      protocol: "modbus",
      transport,
      host: HOST,
      port: ports.modbus[id],
    })),
    {
      id: OPCUA_CONNECTION,
      protocol: "opcua",
      endpoint: `opc.tcp://${HOST}:${ports.opcua}/`,
      // On the loopback of one machine only; a real controller gets Basic256Sha256.
      security: "None",
    },
    { id: MQTT_CONNECTION, protocol: "mqtt", broker: "embedded" },
  ];
}

function deviceEntry(device: CampusDevice): unknown {
  const { id, name, profile, space, serial, points } = device;
  return {
    id,
    name,
    profile,
    space,
    ...address(device),
    serial,
    ...(points === undefined ? {} : { points }),
  };
}

function address({ wire }: CampusDevice): object {
  switch (wire.protocol) {
    case "modbus":
      return { connection: lineConnection(wire.line), unit: wire.unit };
    case "opcua":
      return { connection: OPCUA_CONNECTION, object: [`${CAMPUS_NAMESPACE}#${wire.object}`] };
    case "mqtt":
      return { connection: MQTT_CONNECTION, topic: wire.topic };
  }
}
