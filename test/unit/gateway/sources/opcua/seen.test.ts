import { expect, it } from "vitest";
import { instant } from "../../../../../core/time.ts";
import { Seen } from "../../../../../gateway/sources/opcua/seen.ts";

const at = (ms: number | undefined, value: number, status = 0) => ({
  value,
  status,
  statusName: "Good",
  sourceTime: ms === undefined ? undefined : instant(ms),
});

it("knows a value that was sent again, also an older one", () => {
  const seen = new Seen();
  expect([at(1, 10), at(2, 20), at(2, 20), at(1, 10)].map((v) => seen.before(v))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it("takes another value, another status or no time at all for news", () => {
  const seen = new Seen();
  const values = [at(1, 10), at(1, 11), at(1, 10, 0x40900000), at(undefined, 5), at(undefined, 5)];
  expect(values.some((value) => seen.before(value))).toBe(false);
});

it("remembers only the latest", () => {
  const seen = new Seen();
  for (let i = 0; i < 20; i++) seen.before(at(i, i));
  expect(seen.before(at(0, 0))).toBe(false);
  expect(seen.before(at(19, 19))).toBe(true);
});
