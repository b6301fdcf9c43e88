/**
 * Instants and durations as two brands over milliseconds. `Instant` is wall time since 1970 UTC;
 * `Monotonic` only ever grows and says nothing about the date. Durations are made with the unit
 * functions below, so a bare 5000 cannot be mistaken for seconds.
 */
import type { Brand } from "./brand.ts";
import { failure, type Outcome, success } from "./outcome.ts";

export type Instant = Brand<number, "Instant">;
export type Monotonic = Brand<number, "Monotonic">;
export type Duration = Brand<number, "Duration">;

/** A device or file that says 1969 or 2201 has a broken clock. */
export const INSTANT_MIN = 0;
export const INSTANT_MAX = Date.UTC(2200, 0, 1);

export const instant = (epochMs: number): Instant => epochMs as Instant;
export const monotonic = (ms: number): Monotonic => ms as Monotonic;
export const milliseconds = (n: number): Duration => n as Duration;
export const seconds = (n: number): Duration => (n * 1_000) as Duration;
export const minutes = (n: number): Duration => (n * 60_000) as Duration;
export const hours = (n: number): Duration => (n * 3_600_000) as Duration;
export const days = (n: number): Duration => (n * 86_400_000) as Duration;

export const later = (from: Instant, by: Duration): Instant => (from + by) as Instant;
export const earlier = (from: Instant, by: Duration): Instant => (from - by) as Instant;
/** Time from `start` to `end`; negative when they are the other way round. */
export const between = (start: Instant, end: Instant): Duration => (end - start) as Duration;
export const elapsed = (start: Monotonic, end: Monotonic): Duration => (end - start) as Duration;

export const toIso = (time: Instant): string => new Date(time).toISOString();

/** ISO 8601 with an offset or `Z` only: a local time without zone is refused, never guessed. */
export function parseInstant(text: string): Outcome<Instant, string> {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    return failure(`"${text}" is not a time like 2026-11-23T08:00:00Z`);
  }
  const epochMs = Date.parse(text);
  if (!Number.isFinite(epochMs)) return failure(`"${text}" names a date that does not exist`);
  if (epochMs < INSTANT_MIN || epochMs > INSTANT_MAX) {
    return failure(`"${text}" is outside 1970 to 2200`);
  }
  return success(instant(epochMs));
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `10s`, `15m`, `1h`, `7d`, and sums such as `1h30m`. */
export function parseDuration(text: string): Outcome<Duration, string> {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    return failure(`"${text}" is not a duration like 500ms, 10s, 15m, 1h30m or 7d`);
  }
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return success(milliseconds(totalMs));
}

/** The shortest exact form of a duration, the inverse of `parseDuration`. */
export function formatDuration(duration: Duration): string {
  if (duration === 0) return "0s";
  let rest = Math.abs(Math.round(duration));
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    rest -= amount * UNIT_MS[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return duration < 0 ? `-${text}` : text;
}
