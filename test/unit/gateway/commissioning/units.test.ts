import { expect, it } from "vitest";
import { parseUnits } from "../../../../gateway/commissioning/units.ts";

it.each([
  ["7", [7]],
  ["0,255", [0, 255]],
  ["3-5, 4, 1", [1, 3, 4, 5]],
])("%s names unit ids, each once and in order", (text, units) => {
  expect(parseUnits(text)).toEqual({ ok: true, value: units });
});

it("takes the whole of a bus", () => {
  const parsed = parseUnits("1-247");
  expect(parsed.ok && parsed.value).toHaveLength(247);
});

it.each(["", "256", "1-256", "5-3", "a", "1-", "-1", "1,,2"])("%j is refused", (text) => {
  expect(parseUnits(text).ok).toBe(false);
});
