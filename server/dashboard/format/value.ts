/**
 * What a point's value says on the page: a good value, a doubtful one with its reason, or why there is
 * none. An old value is never shown as if fresh.
 */
import type { Language } from "../../../core/label.ts";
import type { Duration, Instant } from "../../../core/time.ts";
import type { LatestView, PointView } from "../../api/contract.ts";
import { between, instantOf } from "./instant.ts";
import { counted, full, glance } from "./number.ts";

export type ShownValue =
  | { readonly kind: "good"; readonly text: string; readonly full: string; readonly age: Duration }
  | {
      readonly kind: "uncertain";
      readonly text: string;
      readonly full: string;
      readonly age: Duration;
      readonly reason: NonNullable<LatestView["reason"]> | undefined;
    }
  | {
      readonly kind: "none";
      /** How long there has been no data; absent when there never was any. */
      readonly age?: Duration;
      readonly reason: NonNullable<LatestView["reason"]> | undefined;
      readonly detail?: string;
    };

/** A clock and a network need some room before a value is called old. */
export const STALE_GRACE_MS = 3_000;

/** An event has no next time at which it would be due. */
export const isExpected = (point: PointView): boolean => point.kind !== "event";

export function isStale(latest: LatestView, point: PointView, now: Instant): boolean {
  if (!isExpected(point)) return false;
  const ageMs = between(instantOf(latest.time), now);
  return latest.stale || ageMs > point.expectEveryMs + STALE_GRACE_MS;
}

export function shownValue(
  point: PointView,
  latest: LatestView | undefined,
  at: { readonly now: Instant; readonly language: Language },
): ShownValue {
  if (!latest) return { kind: "none", reason: undefined };
  const age = between(instantOf(latest.time), at.now);
  if (latest.quality === "bad" || latest.value === undefined || isStale(latest, point, at.now)) {
    // An old value has no reason of its own: why it stopped coming is not known here.
    const { reason, detail } = latest.quality === "bad" ? latest : {};
    const base = { kind: "none", age, reason } as const;
    return detail === undefined ? base : { ...base, detail };
  }
  const words = wordsOf(point, latest.value, at.language);
  return latest.quality === "uncertain"
    ? { kind: "uncertain", ...words, age, reason: latest.reason }
    : { kind: "good", ...words, age };
}

/** Units that people read in thousands when there are many of them. */
const IN_THOUSANDS = ["W", "VA", "var", "Wh", "varh", "VAh"];
const THOUSANDS_FROM = 10_000;

function inLargerUnit(value: number, symbol: string): { value: number; symbol: string } {
  return Math.abs(value) >= THOUSANDS_FROM && IN_THOUSANDS.includes(symbol)
    ? { value: value / 1_000, symbol: `k${symbol}` }
    : { value, symbol };
}

/** The value with its unit or its meaning, at a glance and in full. */
export function wordsOf(
  point: Pick<PointView, "kind" | "labels" | "symbol">,
  value: number | string,
  language: Language,
): { readonly text: string; readonly full: string } {
  if (typeof value === "string") return { text: value, full: value };
  const label = point.labels?.[String(value)];
  if (label) return { text: label[language], full: label[language] };
  const large = inLargerUnit(value, point.symbol);
  const short =
    point.kind === "counter" ? counted(large.value, language) : glance(large.value, language);
  const withUnit = (number: string, symbol: string): string =>
    symbol === "" ? number : `${number}\u202f${symbol}`;
  return {
    text: withUnit(short, large.symbol),
    full: withUnit(full(value, language), point.symbol),
  };
}
