/** Pure: how full the buffer is, in words that people act on. */
export const FILL_WARNING = 0.8;
export const FILL_ALARM = 0.95;
/** A level is left only this far below its limit, so that the words do not flicker. */
const FILL_RELEASE = 0.02;

export type FillLevel = "normal" | "warning" | "alarm";

export function fillLevel(share: number, before: FillLevel): FillLevel {
  const reached = (limit: number, level: FillLevel): boolean =>
    share >= limit - (isAtLeast(before, level) ? FILL_RELEASE : 0);
  if (reached(FILL_ALARM, "alarm")) return "alarm";
  return reached(FILL_WARNING, "warning") ? "warning" : "normal";
}

const LEVELS: readonly FillLevel[] = ["normal", "warning", "alarm"];
const isAtLeast = (level: FillLevel, other: FillLevel): boolean =>
  LEVELS.indexOf(level) >= LEVELS.indexOf(other);
