/**
 * How a gateway tells of its own lines: each is announced as a device of this profile, with these
 * points. Any gateway may announce such devices; whatever it leaves out is simply not known.
 */
import type { Label } from "./label.ts";
import type { UnitCode } from "./quantity.ts";

export const LINE_PROFILE = "lamplighter/line";

export interface LineFigure {
  /** The point's name below its line's device. */
  readonly name: string;
  readonly unit: Extract<UnitCode, "ms" | "%">;
  readonly quantity: string;
  readonly label: Label;
}

/** Times are of the last answers remembered, shares of the last minute's requests. */
export const LINE_FIGURES = [
  {
    name: "duty_cycle",
    unit: "%",
    quantity: "dutyCycle",
    label: { zh: "线路占用率", en: "Time in use" },
  },
  {
    name: "answer_time_p50",
    unit: "ms",
    quantity: "answerTime",
    label: { zh: "应答时间（中位数）", en: "Answer time, median" },
  },
  {
    name: "answer_time_p95",
    unit: "ms",
    quantity: "answerTime",
    label: { zh: "应答时间（95 % 以内）", en: "Answer time, 95 % within" },
  },
  {
    name: "poll_lag_p95",
    unit: "ms",
    quantity: "pollLag",
    label: { zh: "采集延迟（95 % 以内）", en: "Poll lag, 95 % within" },
  },
  {
    name: "timeout_rate",
    unit: "%",
    quantity: "timeoutRate",
    label: { zh: "未应答率", en: "Requests without answer" },
  },
  {
    name: "crc_error_rate",
    unit: "%",
    quantity: "crcErrorRate",
    label: { zh: "应答损坏率", en: "Damaged answers" },
  },
  {
    name: "late_answer_rate",
    unit: "%",
    quantity: "lateAnswerRate",
    label: { zh: "迟到应答率", en: "Answers that came too late" },
  },
  {
    name: "exception_rate",
    unit: "%",
    quantity: "exceptionRate",
    label: { zh: "请求被拒率", en: "Requests refused by devices" },
  },
] as const satisfies readonly LineFigure[];

export type LineFigureName = (typeof LINE_FIGURES)[number]["name"];

/** The text point with the sentences; `line-findings.ts` writes and reads it. */
export const FINDINGS_POINT = {
  name: "findings",
  quantity: "findings",
  label: { zh: "诊断结论", en: "Findings" },
} as const;
