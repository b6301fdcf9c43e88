/**
 * What an MQTT device says, from its profile: one JSON document per topic with every point at its path,
 * words for states, and the device's own time.
 */
import type { MqttPoint, MqttProfile } from "../../device-profiles/profile.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";
import { ZONE_OFFSET_MS } from "../world/calendar.ts";
import type { AccessEvent } from "../world/state.ts";

export interface Message {
  /** Below the device's base topic. */
  readonly topic: string;
  readonly payload: string;
}

/** All states and gauges: one message per topic, and one more for each of its conditions. */
export function stateMessages(
  device: SimulatedDevice,
  profile: MqttProfile,
  time: number,
): readonly Message[] {
  const groups = new Map<string, MqttPoint[]>();
  for (const point of profile.points) {
    if (point.kind === "event") continue;
    const key =
      point.path === undefined
        ? `${point.topic} ${point.name}`
        : `${point.topic} ${JSON.stringify(point.when ?? [])}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].map((points) => messageOf(device, profile, points, time));
}

function messageOf(
  device: SimulatedDevice,
  profile: MqttProfile,
  points: readonly MqttPoint[],
  time: number,
): Message {
  const [first] = points;
  const topic = first?.topic ?? "";
  if (first !== undefined && first.path === undefined) {
    return { topic, payload: String(spoken(device, first)) };
  }
  const document: Record<string, unknown> = {};
  stamp(document, profile, time);
  if (profile.serialAt) put(document, profile.serialAt, device.device.serial);
  for (const { path, values } of first?.when ?? []) put(document, path, values[0]);
  for (const point of points) put(document, point.path ?? [], spoken(device, point));
  return { topic, payload: JSON.stringify(document) };
}

/** What the device says of its being there, and leaves as its last will. */
export function availabilityMessage(profile: MqttProfile, isThere: boolean): Message | undefined {
  const { availability } = profile;
  if (availability === undefined) return undefined;
  const word = isThere ? availability.online : availability.offline;
  if (availability.path === undefined) return { topic: availability.topic, payload: word };
  const document: Record<string, unknown> = {};
  put(document, availability.path, word === "true" || word === "false" ? word === "true" : word);
  return { topic: availability.topic, payload: JSON.stringify(document) };
}

/** The topic as it stands on the wire. */
export function topicOnTheWire(profile: MqttProfile, base: string, topic: string): string {
  if (profile.topics === "whole") return topic.replaceAll("{base}", base);
  return topic === "" ? base : `${base}/${topic}`;
}

const WORDS: Readonly<Record<AccessEvent["kind"], string>> = {
  granted: "granted",
  denied: "denied",
  forced: "forced",
  held: "heldOpen",
};

export function eventMessage(
  profile: MqttProfile,
  event: AccessEvent,
  time: number,
): Message | undefined {
  const point = profile.points.find(({ kind }) => kind === "event");
  if (point === undefined) return undefined;
  const document: Record<string, unknown> = {};
  stamp(document, profile, time);
  for (const { path, values } of point.when ?? []) put(document, path, values[0]);
  const known: Readonly<Record<string, unknown>> = {
    what: WORDS[event.kind],
    result: WORDS[event.kind],
    card: event.card === "" ? undefined : event.card,
    direction: event.direction,
  };
  for (const [name, { path }] of Object.entries(point.fields ?? {})) {
    if (known[name] !== undefined) put(document, path, known[name]);
  }
  return { topic: point.topic, payload: JSON.stringify(document) };
}

function stamp(document: Record<string, unknown>, { time: field }: MqttProfile, at: number): void {
  if (field === undefined) return;
  const written = {
    iso: () => isoOf(at, field.zone === "site"),
    seconds: () => Math.round(at / 1_000),
    milliseconds: () => at,
  }[field.format]();
  put(document, field.path, written);
}

/** Some devices write the site's local time and do not say so. */
const isoOf = (at: number, isLocal: boolean): string =>
  isLocal ? new Date(at + ZONE_OFFSET_MS).toISOString().slice(0, 19) : new Date(at).toISOString();

const DIGITS = 100;

/** The value in the device's own words: raw, before the profile's scale. */
function spoken(device: SimulatedDevice, point: MqttPoint): unknown {
  const falsified = device.value(point);
  if (falsified.kind === "raw") return Number.isNaN(falsified.raw) ? null : falsified.raw;
  const { value } = falsified;
  if (typeof value === "string") return value;
  const word = Object.entries(point.words ?? {}).find(([, number]) => number === value)?.[0];
  if (word === "true" || word === "false") return word === "true";
  if (word !== undefined) return word;
  const raw = (value - point.offset) / point.scale;
  if (point.kind === "state") return isSwitch(point) ? raw !== 0 : raw;
  return Math.round(raw * DIGITS) / DIGITS;
}

/** A state with two sides and no words of its own is JSON true or false. */
function isSwitch({ labels, words }: MqttPoint): boolean {
  const sides = Object.keys(labels ?? {});
  return words === undefined && sides.length === 2 && sides.every((s) => s === "0" || s === "1");
}

function put(
  document: Record<string, unknown>,
  path: readonly (string | number)[],
  value: unknown,
): void {
  let place: Record<string, unknown> = document;
  for (const key of path.slice(0, -1)) {
    const next = place[key];
    const inner: Record<string, unknown> =
      typeof next === "object" && next !== null ? Object.fromEntries(Object.entries(next)) : {};
    place[key] = inner;
    place = inner;
  }
  const last = path.at(-1);
  if (last !== undefined) place[last] = value;
}

/** Reads a command: the value at `{value}` in the profile's payload pattern. */
export function commandedValue(point: MqttPoint, payload: string): number | undefined {
  const pattern = point.write?.payload;
  if (pattern === undefined) return undefined;
  const [before = "", after = ""] = pattern.split("{value}");
  if (!payload.startsWith(before) || !payload.endsWith(after)) return undefined;
  const text = payload.slice(before.length, payload.length - after.length);
  const number = point.words?.[text] ?? Number(text);
  if (!Number.isFinite(number)) return undefined;
  return point.words?.[text] ?? number * point.scale + point.offset;
}
