/** Small sentences that many parts share: how long, how old, why there is no value. */
import type { Duration } from "../../../core/time.ts";
import type { Problem } from "../api/problem.ts";
import { roundDuration } from "../format/duration.ts";
import type { ShownValue } from "../format/value.ts";
import type { TextKey, Words } from "./words.ts";
import { zh } from "./zh.ts";

/** `14 min` */
export function spanPhrase(duration: Duration, { t }: Words): string {
  const { unit, count } = roundDuration(duration);
  return t(`span.${unit}`, { count });
}

/** `14 min ago` */
export function agePhrase(duration: Duration, { t }: Words): string {
  const { unit, count } = roundDuration(duration);
  return t(`age.${unit}`, { count });
}

/** `no data for 14 min`, or that there never was any. */
export function nonePhrase(shown: Extract<ShownValue, { kind: "none" }>, words: Words): string {
  if (shown.age === undefined) return words.t("value.never");
  return words.t("value.none", { span: spanPhrase(shown.age, words) });
}

export function reasonPhrase(
  shown: Extract<ShownValue, { kind: "none" | "uncertain" }>,
  { t }: Words,
): string | undefined {
  if (shown.reason === undefined) return undefined;
  const reason = t(`reason.${shown.reason}`);
  return shown.kind === "none" && shown.detail ? `${reason} (${shown.detail})` : reason;
}

const isText = (key: string): key is TextKey => Object.hasOwn(zh, key);

/** What happened and what to do, with the server's own reason where it gives one. */
export function problemPhrase(problem: Problem, { t }: Words): string {
  const key = `problem.${problem.code}`;
  if (!isText(key)) return `${t("problem.INTERNAL")} ${problem.detail}`.trim();
  const sentence = t(key as "problem.INTERNAL");
  const why = `why.${String(problem.fields.why)}`;
  const state = `alarm.state.${String(problem.fields.state)}`;
  if (problem.code === "COMMAND_REFUSED" && isText(why)) {
    return `${sentence} ${t(why as "why.noAnswer")}`;
  }
  if (problem.code === "CONFLICT" && isText(state)) {
    return `${sentence} ${t("alarm.stateNow", { state: t(state as "alarm.state.closed") })}`;
  }
  // Which field is wrong is known to the server's own words only.
  return problem.code === "REQUEST_INVALID" ? `${sentence} ${problem.detail}` : sentence;
}

type DetailKey = Extract<TextKey, `detail.${string}` | `reason.${string}`>;
const isDetail = (key: string): key is DetailKey => isText(key);

/** `HTTP 503 · 2× · willRetry`: codes become words, figures and names stay as they are. */
export function detailPhrase(detail: string, { t }: Words): string {
  return detail
    .split(" · ")
    .map((part) => {
      const key = [`detail.${part}`, `reason.${part}`].find(isDetail);
      return key === undefined ? part : t(key);
    })
    .join(" · ");
}
