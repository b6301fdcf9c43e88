/** Numbers by locale. Three significant digits for a glance, every digit on demand; never NaN. */
import type { Language } from "../../../core/label.ts";

const LOCALES: Readonly<Record<Language, string>> = { zh: "zh-CN", en: "en-GB" };
export const localeOf = (language: Language): string => LOCALES[language];

/** Above this a glance shows whole numbers: 1,235 and not 1,230. */
const WHOLE_FROM = 1_000;

const STYLES = {
  whole: { maximumFractionDigits: 0 },
  glance: { maximumSignificantDigits: 3 },
  full: { maximumFractionDigits: 6 },
  counted: { maximumFractionDigits: 1 },
} as const satisfies Record<string, Intl.NumberFormatOptions>;

const formats = new Map<string, Intl.NumberFormat>();

function write(value: number, language: Language, style: keyof typeof STYLES): string {
  if (!Number.isFinite(value)) return "";
  const id = `${language}:${style}`;
  let made = formats.get(id);
  if (!made) {
    made = new Intl.NumberFormat(localeOf(language), STYLES[style]);
    formats.set(id, made);
  }
  return made.format(value);
}

/** For tiles and rows: 0.0312, 31.4, 612, 1,235. */
export const glance = (value: number, language: Language): string =>
  write(value, language, Math.abs(value) >= WHOLE_FROM ? "whole" : "glance");

/** Every digit that is known, up to a millionth. */
export const full = (value: number, language: Language): string => write(value, language, "full");

/** For counters, where the last whole units matter: 48,213.5. */
export const counted = (value: number, language: Language): string =>
  write(value, language, "counted");

const AXIS_STEPS = 5;
const AXIS_DIGITS_MAX = 6;

/** How to write the numbers of an axis that spans so much: as many digits as tell its steps apart. */
export function axisNumbers(span: number, language: Language): (value: number) => string {
  const step = span / AXIS_STEPS;
  const digits = step > 0 ? Math.ceil(-Math.log10(step)) : 0;
  const maximumFractionDigits = Math.max(0, Math.min(AXIS_DIGITS_MAX, digits));
  const format = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits });
  return (value) => format.format(value);
}
