/**
 * What a point's value says on the page: a good value, a doubtful one with its reason, or why there is
 * none. An old value is never shown as if fresh.
 */
import type { Label, Language } from "../../../core/label.ts";
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
const THOUSANDS_FROM = 1_000;

export interface UnitScale {
  readonly divisor: number;
  readonly symbol: string;
}

/** The unit in which a number of this size is read. */
export const scaleFor = (size: number, symbol: string): UnitScale =>
  Math.abs(size) >= THOUSANDS_FROM && IN_THOUSANDS.includes(symbol)
    ? { divisor: 1_000, symbol: `k${symbol}` }
    : { divisor: 1, symbol };

export const withUnit = (number: string, symbol: string): string =>
  symbol === "" ? number : `${number}\u202f${symbol}`;

/** Longer texts are cut on the page; a tap shows them whole. */
const TEXT_SHOWN_MAX = 60;

/** What happened at a door, in words; an event of another form stays as its device wrote it. */
const EVENT_WORDS: Readonly<Record<string, Label>> = {
  granted: { zh: "允许通行", en: "granted" },
  denied: { zh: "拒绝通行", en: "denied" },
  forced: { zh: "强行打开", en: "forced" },
  heldOpen: { zh: "长时间未关", en: "held open" },
};

function eventText(value: string, language: Language): string {
  const what = /^\{.*"what"\s*:\s*"(\w+)"/s.exec(value)?.[1];
  return what === undefined ? value : (EVENT_WORDS[what]?.[language] ?? what);
}

/** Sentences in both languages, as a line's findings are: the reader's own, else the text as it came. */
function sentences(value: string, language: Language): string {
  try {
    const list: unknown = JSON.parse(value);
    if (!Array.isArray(list)) return value;
    const texts = list.map((entry: Partial<Label>) => entry?.[language]);
    return texts.every((text) => typeof text === "string")
      ? texts.join(SENTENCE_GAP[language])
      : value;
  } catch {
    return value;
  }
}

const SENTENCE_GAP: Readonly<Record<Language, string>> = { zh: "", en: " " };

/** The value with its unit or its meaning, at a glance and in full. */
export function wordsOf(
  point: Pick<PointView, "kind" | "labels" | "symbol">,
  value: number | string,
  language: Language,
): { readonly text: string; readonly full: string } {
  if (typeof value === "string") {
    const text = point.kind === "event" ? eventText(value, language) : sentences(value, language);
    return { text: text.slice(0, TEXT_SHOWN_MAX), full: text };
  }
  const label = point.labels?.[String(value)];
  if (label) return { text: label[language], full: label[language] };
  const scale = scaleFor(value, point.symbol);
  const write = point.kind === "counter" ? counted : glance;
  return {
    text: withUnit(write(value / scale.divisor, language), scale.symbol),
    full: withUnit(full(value, language), point.symbol),
  };
}
