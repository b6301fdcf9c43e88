/** A profile as lines for people: what it is, how sure it is, and every point with its place. */
import { symbolOf } from "../core/quantity.ts";
import { formatDuration } from "../core/time.ts";
import type { FactorySettings, ModbusPoint, MqttPoint, Profile, ProfilePoint } from "./profile.ts";

export function summaryLine(profile: Profile): string {
  const count = String(profile.points.length).padStart(4);
  const proof = profile.confirmed ? "confirmed  " : "unconfirmed";
  return [profile.id.padEnd(36), profile.protocol.padEnd(6), count, proof, profile.name.en].join(
    "  ",
  );
}

export function profileLines(profile: Profile): readonly string[] {
  const { name, vendor, model, protocol, confidence } = profile;
  const proof = profile.confirmed
    ? "confirmed by vectors from outside"
    : "NOT CONFIRMED: no vectors from outside agree yet";
  const settings = Object.entries(profile.settings).map(
    ([key, setting]) =>
      `${key}: ${setting.name.en}, ${setting.name.zh}, ${setting.default ?? "must be set"}`,
  );
  return [
    `${profile.id}  ${name.en}  ${name.zh}`,
    `${vendor}, ${model}; ${protocol}; ${proof}${confidence ? `; confidence ${confidence}` : ""}`,
    ...(profile.factory ? factoryLines(profile.factory) : []),
    ...section("settings", settings),
    ...section("sources", profile.sources),
    ...section("sources disagree", profile.disagreements ?? []),
    ...section("variants", profile.variants ?? []),
    ...section("notes", profile.notes),
    "points:",
    ...pointLines(profile),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];

function factoryLines(factory: FactorySettings): readonly string[] {
  const { confirmed, note, transports, ...values } = factory;
  const parts = Object.entries(values).map(([key, value]) => `${key} ${value}`);
  if (transports !== undefined) parts.push(transports.join(" or "));
  const doubt = confirmed ? "" : " (NOT CONFIRMED: look at the device)";
  return [`factory settings: ${parts.join(", ")}${doubt}`, ...(note ? [`  ${note}`] : [])];
}

function pointLine(point: ProfilePoint, place: string): string {
  const unit = symbolOf(point.unit);
  const marks = [
    point.command === undefined ? "" : "commandable",
    point.hazard === undefined ? "" : `hazard ${point.hazard}`,
    point.personal ? "personal" : "",
    point.confidence === undefined ? "" : `confidence ${point.confidence}`,
    point.gate === undefined ? "" : `gated by ${point.gate.point}`,
    point.note ?? "",
  ].filter((mark) => mark !== "");
  const columns = [
    point.name.padEnd(26),
    point.kind.padEnd(7),
    unit.padEnd(6),
    `${point.poll}/${formatDuration(point.heartbeat)}`.padEnd(12),
    place.padEnd(30),
    marks.join("; "),
  ];
  return `  ${columns.join(" ")}`.trimEnd();
}

function pointLines(profile: Profile): readonly string[] {
  switch (profile.protocol) {
    case "modbus":
      return profile.points.map((point) => pointLine(point, modbusPlace(point)));
    case "opcua":
      return profile.points.map((point) => pointLine(point, point.path.join("/")));
    case "mqtt":
      return profile.points.map((point) => pointLine(point, mqttPlace(point)));
  }
}

function modbusPlace({ read, scale }: ModbusPoint): string {
  const hex = read.address.toString(16).toUpperCase().padStart(4, "0");
  const order = read.order.words === "little" ? " low word first" : "";
  const factor = scale === 1 ? "" : ` ×${scale}`;
  return `${read.table} ${read.address} (${hex}h) ${read.type}${order}${factor}`;
}

const mqttPlace = ({ topic, path }: MqttPoint): string =>
  [topic === "" ? "(base topic)" : topic, ...(path === undefined ? [] : [path.join(".")])].join(
    " ",
  );
