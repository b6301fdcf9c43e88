import { expect, it } from "vitest";
import { steadyOrder } from "../../../../../server/dashboard/alarms/steady.ts";

it("follows the wanted order when no hand is there", () => {
  expect(steadyOrder(["a", "b"], ["c", "b", "a"], false)).toEqual(["c", "b", "a"]);
});

it("keeps rows in place under a hand: newcomers go to the end, what is over goes away", () => {
  expect(steadyOrder(["a", "b", "x"], ["new", "b", "a"], true)).toEqual(["a", "b", "new"]);
});
