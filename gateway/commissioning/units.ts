/** Which unit ids are asked, from words like `1-247` or `1,5,10-20`. Pure. */
import { failure, type Outcome, success } from "../../core/outcome.ts";

export const UNIT_MAX = 255;

export function parseUnits(text: string): Outcome<readonly number[], string> {
  const units = new Set<number>();
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim()) ?? [];
    const [from, through] = [Number(first), Number(last)];
    if (first === "" || from > through || through > UNIT_MAX) {
      return failure(`"${part}" is not a unit id or a range of them from 0 to ${UNIT_MAX}`);
    }
    for (let unit = from; unit <= through; unit++) units.add(unit);
  }
  return success([...units].sort((a, b) => a - b));
}
