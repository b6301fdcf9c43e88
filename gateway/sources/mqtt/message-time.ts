/** When a message's values were true: the device's word where it has one that can be, else the arrival. */
import type { Doubt, TimeSource } from "../../../core/sample.ts";
import { INSTANT_MAX, type Instant, instant, parseInstant, seconds } from "../../../core/time.ts";
import type { MqttProfile } from "../../../device-profiles/profile.ts";
import type { Payload } from "./payload.ts";

/** A device that claims to be further ahead than this has a wrong clock. */
export const CLOCK_AHEAD_MAX = seconds(60);
/** A device that claims to live before this has not been told the time since it was switched on. */
export const CLOCK_EARLIEST = instant(Date.UTC(2020, 0, 1));

export interface MessageTime {
  readonly time: Instant;
  readonly timeSource: TimeSource;
  /** Its clock said something impossible and was overruled. */
  readonly doubt?: Doubt;
}

export function messageTime(
  profile: MqttProfile,
  payload: Payload,
  { arrival, zone }: { readonly arrival: Instant; readonly zone: string },
): MessageTime {
  const atArrival: MessageTime = { time: arrival, timeSource: "gateway" };
  if (profile.time === undefined) return atArrival;
  const raw = payload.at(profile.time.path);
  if (!raw.ok || raw.value === undefined || raw.value === null) return atArrival;
  const time = deviceTime(profile.time, raw.value, zone);
  const isPossible =
    time !== undefined && time >= CLOCK_EARLIEST && time <= arrival + CLOCK_AHEAD_MAX;
  return isPossible ? { time, timeSource: "device" } : { ...atArrival, doubt: "clockCorrected" };
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
    return ms >= 0 && ms <= INSTANT_MAX ? instant(ms) : undefined;
  }
  if (typeof raw !== "string") return undefined;
  return how.zone === "site" ? localTime(raw, zone) : universalTime(raw);
}

function universalTime(text: string): Instant | undefined {
  const parsed = parseInstant(text);
  return parsed.ok ? parsed.value : undefined;
}

function localTime(text: string, zone: string): Instant | undefined {
  try {
    const local = Temporal.PlainDateTime.from(text);
    return instant(local.toZonedDateTime(zone).epochMilliseconds);
  } catch {
    return undefined;
  }
}
