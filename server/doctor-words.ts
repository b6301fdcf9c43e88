/** Reports about lines as plain text for a terminal, pure, in the reader's language. */
import type { Label, Language } from "../core/label.ts";
import type { LineFigureView, LineReportView } from "./api/contract-doctor.ts";

type Words = Readonly<Record<string, Label>>;

const STATES: Readonly<Record<LineReportView["state"], Label>> = {
  online: { zh: "在线", en: "online" },
  offline: { zh: "离线", en: "offline" },
  unknown: { zh: "尚无数据", en: "nothing heard yet" },
};
const WORDS = {
  none: {
    zh: "没有网关上报线路：只有带设备的 Modbus 连接才有诊断。",
    en: "No gateway tells of a line: only Modbus connections with devices have a doctor.",
  },
  noValue: { zh: "无值", en: "no value" },
  old: { zh: "已过期", en: "old" },
  findings: { zh: "诊断", en: "findings" },
  noFindings: { zh: "尚无诊断结论", en: "no findings yet" },
} as const satisfies Words;

export function linesInWords(
  lines: readonly LineReportView[],
  language: Language,
): readonly string[] {
  if (lines.length === 0) return [WORDS.none[language]];
  return lines.flatMap((line, i) => [...(i === 0 ? [] : [""]), ...lineInWords(line, language)]);
}

function lineInWords(line: LineReportView, language: Language): readonly string[] {
  const head = plain(`${line.gateway} · ${line.name[language]} · ${STATES[line.state][language]}`);
  const figures = line.figures.map((figure) => `  ${figureInWords(figure, language)}`);
  const { findings } = line;
  if (findings === undefined) return [head, ...figures, `  ${WORDS.noFindings[language]}`];
  const left = {
    zh: `另有 ${findings.left} 条未列出`,
    en: `${findings.left} more are not listed`,
  };
  return [
    head,
    ...figures,
    `  ${WORDS.findings[language]} (${age(findings.ageS, language)})`,
    ...findings.sentences.map((sentence) => `  - ${plain(sentence[language])}`),
    ...(findings.left > 0 ? [`  - ${left[language]}`] : []),
  ];
}

function figureInWords(figure: LineFigureView, language: Language): string {
  const { name, value, symbol, reason, stale, ageS } = figure;
  const old = stale ? `, ${WORDS.old[language]}` : "";
  const none = `${WORDS.noValue[language]}${reason === undefined ? "" : ` (${reason})`}`;
  const shown = value === undefined ? none : `${value} ${symbol}`;
  const told = `${shown} (${age(ageS, language)}${old})`;
  return plain(`${name[language]}${language === "zh" ? "：" : ": "}${told}`);
}

const age = (ageS: number, language: Language): string =>
  language === "zh" ? `${ageS} 秒前` : `${ageS} s ago`;

/** What a gateway wrote must not steer the terminal. */
const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, " ");
