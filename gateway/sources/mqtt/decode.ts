/**
 * One message of one device → samples. Pure: what is remembered of the device comes in and goes out as
 * values. A message that makes no sense becomes bad samples with the reason, never an exception.
 */
import { pointId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { Value } from "../../../core/sample.ts";
import type { Instant } from "../../../core/time.ts";
import type { MqttPoint } from "../../../device-profiles/profile.ts";
import { convert, gateClosed, type NoValue } from "../convert.ts";
import type { SampleTime } from "../device-time.ts";
import type { PersonalHash } from "../personal.ts";
import type { SourceValue } from "../source.ts";
import { messageTime } from "./message-time.ts";
import type { Payload } from "./payload.ts";
import type { Route, RoutedPoint } from "./routes.ts";

export interface Message {
  readonly payload: Payload;
  readonly arrival: Instant;
  /** The broker had kept it: it says what was, not what is. */
  readonly isRetained: boolean;
}

export interface DecodeContext {
  readonly hash: PersonalHash;
  /** Of the site, for devices that write local time. */
  readonly zone: string;
  /** Latest value of another point of the device, for gates. */
  readonly valueOf: (pointName: string) => Value | undefined;
}

export interface Decoded {
  /** False when the message is another device's on a shared topic. */
  readonly isOurs: boolean;
  readonly values: readonly SourceValue[];
  readonly availability?: "online" | "offline";
}

export function decodeMessage(route: Route, message: Message, context: DecodeContext): Decoded {
  if (!isFrom(route, message.payload)) return { isOurs: false, values: [] };
  const availability = availabilityIn(route, message.payload);
  const found = route.points
    .filter(({ point }) => applies(point, message.payload))
    .map((routed) => ({ routed, outcome: decodeOne(routed, message.payload, context) }))
    .filter((entry): entry is Found => entry.outcome !== undefined);
  const time = messageTime(route.device.profile, message.payload, {
    arrival: message.arrival,
    zone: context.zone,
  });
  const fresh = new Map(
    found.map(({ routed, outcome }) => [routed.point.name, outcome.ok ? outcome.value : undefined]),
  );
  const latest = (name: string): Value | undefined =>
    fresh.has(name) ? fresh.get(name) : context.valueOf(name);
  const values = found
    .filter(({ routed }) => !isOldEvent(routed.point, message, time))
    .map(({ routed: { point }, outcome }) => {
      const closed = outcome.ok ? gateClosed(point, latest) : undefined;
      const judged = closed === undefined ? outcome : failure(closed);
      return sampleOf(route, point, judged, { message, time });
    });
  return availability === undefined
    ? { isOurs: true, values }
    : { isOurs: true, values, availability };
}

interface Found {
  readonly routed: RoutedPoint;
  readonly outcome: Outcome<Value, NoValue>;
}

function isFrom({ device }: Route, payload: Payload): boolean {
  const { serialAt } = device.profile;
  if (serialAt === undefined || device.serial === undefined) return true;
  const serial = payload.at(serialAt);
  // Messages without a serial have a topic of their own.
  return !serial.ok || serial.value === undefined || String(serial.value) === device.serial;
}

function availabilityIn(route: Route, payload: Payload): "online" | "offline" | undefined {
  const { availability } = route.device.profile;
  if (!route.isAvailability || availability === undefined) return undefined;
  const word = payload.at(availability.path);
  if (!word.ok) return undefined;
  if (String(word.value) === availability.online) return "online";
  return String(word.value) === availability.offline ? "offline" : undefined;
}

function applies(point: MqttPoint, payload: Payload): boolean {
  return (point.when ?? []).every(({ path, values }) => {
    const found = payload.at(path);
    return found.ok && values.some((value) => value === found.value);
  });
}

/** Undefined when the message says nothing of this point. */
function decodeOne(
  { point, path }: RoutedPoint,
  payload: Payload,
  context: DecodeContext,
): Outcome<Value, NoValue> | undefined {
  if (point.fields !== undefined) return eventOf(point, payload, context);
  const raw = payload.at(path);
  if (!raw.ok) return raw;
  if (raw.value === undefined) {
    if (point.partial === true || point.kind === "event") return undefined;
    const detail = `the message has no ${(path ?? []).join(".")}`;
    return failure({ reason: "badPayload", detail });
  }
  if (point.ignore?.includes(String(raw.value))) return undefined;
  const value = convert(point, raw.value, point.words);
  if (!point.personal) return value;
  // The words of the refusal would show what must not be shown.
  if (!value.ok) return failure({ reason: value.error.reason, detail: "personal value" });
  return success(context.hash(String(value.value)));
}

/** The fields by our names as JSON, in the profile's order; a field the message lacks is left out. */
function eventOf(
  point: MqttPoint,
  payload: Payload,
  context: DecodeContext,
): Outcome<Value, NoValue> | undefined {
  const json = payload.json();
  if (!json.ok) return json;
  const event: Record<string, string | number | boolean> = {};
  for (const [name, field] of Object.entries(point.fields ?? {})) {
    const raw = payload.at(field.path);
    if (!raw.ok || raw.value === undefined || raw.value === null) continue;
    const { value } = raw;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      const detail = `${field.path.join(".")} is a list or an object, not one value`;
      return failure({ reason: "typeMismatch", detail });
    }
    event[name] = field.personal ? context.hash(String(value)) : value;
  }
  if (Object.keys(event).length > 0) return convert(point, JSON.stringify(event), undefined);
  if (point.partial === true) return undefined;
  return failure({ reason: "badPayload", detail: "the message has none of the event's fields" });
}

/** An event that the broker had kept and that has no time of its own would look as if it happened now. */
const isOldEvent = (point: MqttPoint, message: Message, time: SampleTime): boolean =>
  message.isRetained &&
  (point.kind === "event" || point.momentary) &&
  time.timeSource === "gateway";

function sampleOf(
  { device }: Route,
  point: MqttPoint,
  outcome: Outcome<Value, NoValue>,
  { message, time: { time, timeSource, doubt } }: { message: Message; time: SampleTime },
): SourceValue {
  const base = { point: pointId(device.id, point.name), time, timeSource };
  if (!outcome.ok) return { ...base, quality: "bad", ...outcome.error };
  const { value } = outcome;
  if (message.isRetained) return { ...base, quality: "uncertain", value, doubt: "retained" };
  if (doubt !== undefined) return { ...base, quality: "uncertain", value, doubt };
  return { ...base, quality: "good", value };
}
