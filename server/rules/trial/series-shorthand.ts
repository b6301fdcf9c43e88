/**
 * A series of samples as people write it in a test of a rule: one word per period.
 *
 *   3*10 25 52*5    ten times 3, once 25, five times 52
 *   _*20            nothing is heard
 *   !sensorFault*2  bad, with its reason
 *   ~30  ~0:warmUp  doubtful (deviceUncertain), or with the doubt named
 *   <40*3           came on the back-fill lane
 */
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import { BAD_REASONS, type BadReason, DOUBTS, type Doubt } from "../../../core/sample.ts";

export type SpokenSample =
  | { readonly kind: "good"; readonly value: number; readonly late: boolean }
  | { readonly kind: "doubtful"; readonly value: number; readonly doubt: Doubt }
  | { readonly kind: "bad"; readonly reason: BadReason }
  | { readonly kind: "silence" };

/** Longer series belong into a backtest. */
export const SERIES_PERIODS_MAX = 100_000;

export function parseSeries(text: string): Outcome<readonly SpokenSample[], string> {
  const series: SpokenSample[] = [];
  for (const word of text.split(/\s+/).filter((w) => w !== "")) {
    const [what = "", times = "1", ...rest] = word.split("*");
    const count = Number(times);
    if (rest.length > 0 || !Number.isInteger(count) || count < 1) {
      return failure(`"${word}" is not a sample like 25, 25*10, _*20, ~30, !timeout or <40`);
    }
    if (series.length + count > SERIES_PERIODS_MAX) {
      return failure(`more than ${SERIES_PERIODS_MAX} periods`);
    }
    const spoken = parseSpoken(what);
    if (!spoken.ok) return spoken;
    for (let i = 0; i < count; i++) series.push(spoken.value);
  }
  return success(series);
}

function parseSpoken(what: string): Outcome<SpokenSample, string> {
  if (what === "_") return success({ kind: "silence" });
  if (what.startsWith("!")) {
    const reason = BAD_REASONS.find((r) => r === what.slice(1));
    if (reason !== undefined) return success({ kind: "bad", reason });
    return failure(`"${what}" names no reason of ${BAD_REASONS.join(", ")}`);
  }
  const mark = /^[~<]/.exec(what)?.[0];
  const [number = "", named] = (mark === undefined ? what : what.slice(1)).split(":");
  const value = Number(number);
  if (number === "" || !Number.isFinite(value) || (named !== undefined && mark !== "~")) {
    return failure(`"${what}" is not a sample like 25, 25*10, _*20, ~30, !timeout or <40`);
  }
  if (mark !== "~") return success({ kind: "good", value, late: mark === "<" });
  const doubt = DOUBTS.find((d) => d === (named ?? "deviceUncertain"));
  if (doubt !== undefined) return success({ kind: "doubtful", value, doubt });
  return failure(`"${what}" names no doubt of ${DOUBTS.join(", ")}`);
}
