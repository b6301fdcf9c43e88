/** An alarm as a sentence: what, how much now, where it is going, against which limit. */
import type { AlarmView, LatestView, PointView } from "../../api/contract.ts";
import { glance } from "../format/number.ts";
import { type Trail, trendOf } from "../live/trail.ts";
import { spanPhrase } from "../texts/phrases.ts";
import type { Words } from "../texts/words.ts";
import { hasReturned } from "./queue.ts";

export interface AlarmFacts {
  readonly alarm: AlarmView;
  readonly point: PointView | undefined;
  /** Only when it can be relied on: fresh and not bad. */
  readonly latest: LatestView | undefined;
  readonly trail: Trail;
}

const narrow = "\u202f";

/** `gas 31 %LEL, up 12 in 2 min, limit 25 %LEL` without the place, which is a link beside it. */
export function alarmSentence(facts: AlarmFacts, words: Words): string {
  const { alarm } = facts;
  const { t } = words;
  const parts = [words.name(alarm.name)];
  if (alarm.kind === "noData") parts.push(t("alarm.noData"));
  const value = typeof facts.latest?.value === "number" ? facts.latest.value : undefined;
  if (value !== undefined && alarm.kind === "condition") {
    parts.push(t("alarm.now", { value: withUnit(value, alarm, words) }));
    const trend = trendWords(facts, words);
    if (trend) parts.push(trend);
  } else if (alarm.value !== undefined) {
    parts.push(t("alarm.was", { value: withUnit(alarm.value, alarm, words) }));
  }
  if (alarm.limit !== undefined && alarm.kind === "condition") {
    parts.push(t("alarm.limit", { value: withUnit(alarm.limit, alarm, words) }));
  }
  if (hasReturned(alarm)) parts.push(t("alarm.returned"));
  if (alarm.foundLate) parts.push(t("alarm.foundLate"));
  return parts.join(t("join.comma"));
}

function withUnit(value: number, alarm: AlarmView, words: Words): string {
  const number = glance(value, words.language);
  return alarm.symbol === "" ? number : `${number}${narrow}${alarm.symbol}`;
}

/** A change smaller than this part of the limit is noise and said as nothing. */
const STEADY_SHARE = 0.02;

function trendWords(facts: AlarmFacts, words: Words): string | undefined {
  const trend = trendOf(facts.trail);
  if (!trend) return undefined;
  const span = spanPhrase(trend.over, words);
  const noise = Math.abs(facts.alarm.limit ?? 0) * STEADY_SHARE;
  if (Math.abs(trend.change) <= noise) return words.t("alarm.steady", { span });
  const change = glance(Math.abs(trend.change), words.language);
  return words.t(trend.change > 0 ? "alarm.rising" : "alarm.falling", { change, span });
}
