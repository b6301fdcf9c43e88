/**
 * Pure: the configuration and the profiles together become devices per connection, the points with what
 * the pipeline and the commands need of them, and the catalogue for the server. Everything that does not
 * fit is told at once, each with its place in the file.
 */
import { createHash } from "node:crypto";
import { CATALOGUE_BYTES_MAX, type Catalogue, type CataloguePoint } from "../core/catalogue.ts";
import { nearest, type Parsed, type Problem } from "../core/document.ts";
import {
  type ConnectionId,
  connectionId,
  deviceId,
  gatewayId,
  type PointId,
  pointId,
  type SpaceId,
  siteId,
  spaceId,
} from "../core/ids.ts";
import { failure, type Outcome, success } from "../core/outcome.ts";
import { cataloguePoints } from "../device-profiles/catalogue-points.ts";
import type { Profile, ProfileCommand, ProfilePoint } from "../device-profiles/profile.ts";
import type {
  ConnectionConfiguration,
  DeviceConfiguration,
  GatewayConfiguration,
} from "./configuration.ts";
import { type AnnouncedLine, announceLine } from "./doctor/announce.ts";
import type { PassOnRule } from "./pipeline/pass-on.ts";

export interface PlantDevice {
  readonly configuration: DeviceConfiguration;
  readonly profile: Profile;
  /** The profile's defaults with the device's own settings over them. */
  readonly settings: Readonly<Record<string, number>>;
}

export interface PlantConnection {
  readonly connection: ConnectionConfiguration;
  readonly devices: readonly PlantDevice[];
}

export interface GatewayPoint extends PassOnRule {
  readonly point: PointId;
  readonly connection: ConnectionId;
  readonly space: SpaceId;
  readonly announced: CataloguePoint;
  readonly command?: ProfileCommand;
}

export interface GatewayPlant {
  readonly catalogue: Catalogue;
  readonly connections: readonly PlantConnection[];
  /** The connections that are devices of their own. */
  readonly lines: readonly AnnouncedLine[];
  readonly points: ReadonlyMap<PointId, GatewayPoint>;
}

/** The profiles that are used, and the names of all there are. */
export interface KnownProfiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly names: readonly string[];
}

/** An unknown name is compared with these at most; more is not what a person could have meant. */
const CANDIDATES_MAX = 5_000;

export function buildPlant(
  { value, problemAt }: Parsed<GatewayConfiguration>,
  profiles: KnownProfiles,
): Outcome<GatewayPlant, readonly Problem[]> {
  const connections = new Map<
    string,
    { connection: ConnectionConfiguration; devices: PlantDevice[] }
  >(value.connections.map((connection) => [connection.id, { connection, devices: [] }]));
  const problems: Problem[] = [];
  value.devices.forEach((configuration, i) => {
    const entry = connections.get(configuration.connection);
    // The file's own check has refused a connection that does not exist.
    if (entry === undefined) return;
    const device = buildDevice(configuration, entry.connection, profiles);
    if (device.ok) entry.devices.push(device.value);
    else problems.push(...device.error.map((p) => problemAt(["devices", i, ...p.path], p.message)));
  });
  const list = [...connections.values()];
  const lines = list.flatMap((entry) => announceLine(entry) ?? []);
  for (const { device, connection } of lines.map((line) => line.device)) {
    const i = value.devices.findIndex((configured) => configured.id === device);
    const message = `"${device}" is how the line of connection "${connection}" itself is called`;
    if (i >= 0) problems.push(problemAt(["devices", i, "id"], message));
  }
  if (problems.length > 0) return failure(problems);
  const points = new Map([
    ...list.flatMap((c) => c.devices.flatMap((d) => gatewayPoints(c.connection, d))),
    ...lines.flatMap((line) => line.points.map((point) => [point.point, point] as const)),
  ]);
  const catalogue = catalogueOf(value, { list, lines, points });
  const bytes = Buffer.byteLength(JSON.stringify(catalogue));
  if (bytes > CATALOGUE_BYTES_MAX) {
    const message = `the ${points.size} points of these devices make a birth message of ${bytes} bytes, the server takes ${CATALOGUE_BYTES_MAX}: share them among several gateways`;
    return failure([problemAt(["devices"], message)]);
  }
  return success({ catalogue, connections: list, lines, points });
}

interface DeviceProblem {
  readonly path: readonly string[];
  readonly message: string;
}

function buildDevice(
  configuration: DeviceConfiguration,
  connection: ConnectionConfiguration,
  { profiles, names }: KnownProfiles,
): Outcome<PlantDevice, readonly DeviceProblem[]> {
  const profile = profiles.get(configuration.profile);
  if (profile === undefined) {
    const message = unknown("profile", configuration.profile, names.slice(0, CANDIDATES_MAX));
    return failure([{ path: ["profile"], message }]);
  }
  if (profile.protocol !== connection.protocol) {
    const message = `profile "${profile.id}" speaks ${profile.protocol}, connection "${connection.id}" speaks ${connection.protocol}`;
    return failure([{ path: ["profile"], message }]);
  }
  const problems = [
    ...settingProblems(configuration, profile),
    ...pointProblems(configuration, profile),
  ];
  if (problems.length > 0) return failure(problems);
  const settings: Record<string, number> = {};
  for (const [name, setting] of Object.entries(profile.settings)) {
    const given = configuration.settings[name] ?? setting.default;
    if (given !== undefined) settings[name] = given;
  }
  return success({ configuration, profile, settings });
}

function settingProblems(
  configuration: DeviceConfiguration,
  profile: Profile,
): readonly DeviceProblem[] {
  const names = Object.keys(profile.settings);
  const problems: DeviceProblem[] = [];
  for (const [name, value] of Object.entries(configuration.settings)) {
    const setting = profile.settings[name];
    const path = ["settings", name];
    if (setting === undefined) {
      problems.push({ path, message: unknown("setting", name, names) });
    } else if (setting.min !== undefined && value < setting.min) {
      problems.push({ path, message: `is ${value}, the least is ${setting.min}` });
    } else if (setting.max !== undefined && value > setting.max) {
      problems.push({ path, message: `is ${value}, the most is ${setting.max}` });
    }
  }
  for (const [name, setting] of Object.entries(profile.settings)) {
    if (setting.default !== undefined || name in configuration.settings) continue;
    const message = `setting "${name}" (${setting.name.en}) is missing, and profile "${profile.id}" has no default for it`;
    problems.push({ path: ["settings"], message });
  }
  return problems;
}

function pointProblems(
  configuration: DeviceConfiguration,
  profile: Profile,
): readonly DeviceProblem[] {
  const names = profile.points.map((point) => point.name);
  return Object.keys(configuration.points)
    .filter((name) => !names.includes(name))
    .map((name) => ({ path: ["points", name], message: unknown("point", name, names) }));
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint =
    near === undefined ? `known are ${known.slice(0, 10).join(", ")}` : `did you mean "${near}"?`;
  return `no ${what} is called "${name}" (${known.length === 0 ? "there are none" : hint})`;
}

function gatewayPoints(
  connection: ConnectionConfiguration,
  device: PlantDevice,
): readonly (readonly [PointId, GatewayPoint])[] {
  const { configuration, profile } = device;
  const id = deviceId(configuration.id);
  const announced = new Map(cataloguePoints(id, profile).map((point) => [point.point, point]));
  return profile.points.flatMap((point) => {
    const name = pointId(id, point.name);
    const entry = announced.get(name);
    if (entry === undefined) return [];
    return [
      [name, gatewayPoint(connection, configuration, { ...point, announced: entry })] as const,
    ];
  });
}

function gatewayPoint(
  connection: ConnectionConfiguration,
  configuration: DeviceConfiguration,
  point: ProfilePoint & { readonly announced: CataloguePoint },
): GatewayPoint {
  const own = configuration.points[point.name];
  const announced: CataloguePoint = {
    ...point.announced,
    ...(own?.space === undefined ? {} : { space: spaceId(own.space) }),
    ...(own?.name === undefined ? {} : { name: own.name }),
  };
  return {
    point: announced.point,
    connection: connectionId(connection.id),
    space: spaceId(own?.space ?? configuration.space),
    kind: point.kind,
    isHazard: point.hazard !== undefined,
    deadband: point.deadband,
    heartbeat: point.heartbeat,
    announced,
    ...(point.command === undefined ? {} : { command: point.command }),
  };
}

function catalogueOf(
  configuration: GatewayConfiguration,
  {
    list: connections,
    lines,
    points,
  }: {
    readonly list: readonly PlantConnection[];
    readonly lines: readonly AnnouncedLine[];
    readonly points: ReadonlyMap<PointId, GatewayPoint>;
  },
): Catalogue {
  const configured = connections.flatMap(({ connection, devices: list }) =>
    list.map(({ configuration: device, profile }) => ({
      device: deviceId(device.id),
      name: device.name,
      space: spaceId(device.space),
      connection: connectionId(connection.id),
      profile: profile.id,
      ...(device.serial === undefined ? {} : { serial: device.serial }),
    })),
  );
  const devices = [...configured, ...lines.map((line) => line.device)];
  const content = { devices, points: [...points.values()].map((point) => point.announced) };
  const version = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  const { site, gateway } = configuration;
  return { site: siteId(site), gateway: gatewayId(gateway), version, ...content };
}
