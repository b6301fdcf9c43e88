/** Times of day and dates in the site's zone, never the browser's. */
import type { Language } from "../../../core/label.ts";
import type { Instant } from "../../../core/time.ts";
import { localeOf } from "./number.ts";

export interface TimeStyle {
  readonly zone: string;
  readonly language: Language;
}

const PARTS = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { month: "numeric", day: "numeric" },
  date: { year: "numeric", month: "2-digit", day: "2-digit" },
  dayMinute: {
    month: "numeric",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const formats = new Map<string, Intl.DateTimeFormat>();

export function formatTime(time: Instant, part: keyof typeof PARTS, style: TimeStyle): string {
  if (!Number.isFinite(time)) return "";
  const id = `${style.language}:${style.zone}:${part}`;
  let made = formats.get(id);
  if (!made) {
    made = new Intl.DateTimeFormat(localeOf(style.language), {
      ...PARTS[part],
      timeZone: style.zone,
    });
    formats.set(id, made);
  }
  return made.format(time);
}

/** A time of day for today, with its date for any other day. */
export function formatMoment(time: Instant, now: Instant, style: TimeStyle): string {
  const sameDay = formatTime(time, "date", style) === formatTime(now, "date", style);
  return formatTime(time, sameDay ? "time" : "dayMinute", style);
}

const offsetFormats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone is ahead of UTC at that time, in milliseconds. */
export function zoneOffsetMs(time: Instant, zone: string): number {
  let made = offsetFormats.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    offsetFormats.set(zone, made);
  }
  const name = made.formatToParts(time).find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name);
  if (!match) return 0;
  const [, sign, hour, minute, second = "0"] = match;
  const offsetS = Number(hour) * 3_600 + Number(minute) * 60 + Number(second);
  return (sign === "-" ? -1 : 1) * offsetS * 1_000;
}

/** ISO 8601 with the zone's offset: what a spreadsheet and a person can both read. */
export function isoInZone(time: Instant, zone: string): string {
  const offsetMs = zoneOffsetMs(time, zone);
  const local = new Date(time + offsetMs).toISOString().slice(0, 23).replace(".000", "");
  const minutes = Math.abs(offsetMs) / 60_000;
  const pad = (n: number): string => String(Math.floor(n)).padStart(2, "0");
  return `${local}${offsetMs < 0 ? "-" : "+"}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}
