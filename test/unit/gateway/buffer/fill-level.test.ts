import { expect, it } from "vitest";
import { fillLevel } from "../../../../gateway/buffer/fill-level.ts";

it.each([
  [0.79, "normal", "normal"],
  [0.8, "normal", "warning"],
  [0.79, "warning", "warning"],
  [0.77, "warning", "normal"],
  [0.95, "warning", "alarm"],
  [0.94, "alarm", "alarm"],
  [0.92, "alarm", "warning"],
  [1.2, "normal", "alarm"],
] as const)("%d after %s is %s", (share, before, level) => {
  expect(fillLevel(share, before)).toBe(level);
});
