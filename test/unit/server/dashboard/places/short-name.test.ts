import { expect, it } from "vitest";
import { shortName } from "../../../../../server/dashboard/places/short-name.ts";

it.each([
  ["A101 教室", "1层", "A101"],
  ["101 教室", "1层", "101"],
  ["Classroom 101", "Floor 1", "101"],
  ["化学实验室 B214", "2层", "B214"],
  ["Chemistry laboratory B214", "Floor 2", "B214"],
  ["1层走廊", "1层", "走廊"],
  ["Corridor, floor 1", "Floor 1", "Corridor"],
  ["就餐大厅", "", "就餐大厅"],
  ["1层", "1层", "1层"],
])("%s on floor %s is called %s", (name, floor, short) => {
  expect(shortName(name, floor)).toBe(short);
});
