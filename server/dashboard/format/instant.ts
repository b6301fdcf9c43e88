/** Times of the API as instants and back. The page may import only types of `core/`. */
import type { Duration, Instant } from "../../../core/time.ts";

export const instantOf = (iso: string): Instant => Date.parse(iso) as Instant;
export const isoOf = (time: Instant): string => new Date(time).toISOString();

export const ms = (n: number): Duration => n as Duration;
export const SECOND = ms(1_000);
export const MINUTE = ms(60_000);
export const HOUR = ms(3_600_000);
export const DAY = ms(86_400_000);

export const shifted = (time: Instant, by: number): Instant => (time + by) as Instant;
export const between = (start: Instant, end: Instant): Duration => (end - start) as Duration;
