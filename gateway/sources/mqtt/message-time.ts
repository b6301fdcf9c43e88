/** When a message's values were true: the device's word where it has one that can be, else the arrival. */
import { INSTANT_MAX, type Instant, instant, parseInstant } from "../../../core/time.ts";
import type { MqttProfile } from "../../../device-profiles/profile.ts";
import { atArrival, believe, type SampleTime } from "../device-time.ts";
import type { Payload } from "./payload.ts";

export function messageTime(
  profile: MqttProfile,
  payload: Payload,
  { arrival, zone }: { readonly arrival: Instant; readonly zone: string },
): SampleTime {
  if (profile.time === undefined) return atArrival(arrival);
  const raw = payload.at(profile.time.path);
  if (!raw.ok || raw.value === undefined || raw.value === null) return atArrival(arrival);
  return believe(deviceTime(profile.time, raw.value, zone), arrival);
}

function deviceTime(
  how: NonNullable<MqttProfile["time"]>,
  raw: unknown,
  zone: string,
): Instant | undefined {
  if (how.format !== "iso") {
    const number = typeof raw === "string" ? Number(raw) : raw;
    if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
    const ms = Math.round(how.format === "seconds" ? number * 1_000 : number);
    if (ms < 0 || ms > INSTANT_MAX) return undefined;
    return how.zone === "site" ? localTime(clockFace(ms), zone) : instant(ms);
  }
  if (typeof raw !== "string") return undefined;
  return how.zone === "site" ? localTime(raw, zone) : universalTime(raw);
}

function universalTime(text: string): Instant | undefined {
  const parsed = parseInstant(text);
  return parsed.ok ? parsed.value : undefined;
}

/** Seconds counted by a clock that shows local time are the clock face they would show in UTC. */
const clockFace = (ms: number): string => new Date(ms).toISOString().slice(0, -1);

function localTime(text: string, zone: string): Instant | undefined {
  try {
    const local = Temporal.PlainDateTime.from(text);
    return instant(local.toZonedDateTime(zone).epochMilliseconds);
  } catch {
    return undefined;
  }
}
