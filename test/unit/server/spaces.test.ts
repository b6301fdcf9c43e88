import { expect, test } from "vitest";
import { spaceId } from "../../../core/ids.ts";
import { createSpaces } from "../../../server/spaces.ts";

const name = { zh: "甲", en: "A" };
const spaces = createSpaces([
  { id: "campus", kind: "site", name },
  { id: "a1", parent: "campus", kind: "building", name },
  { id: "a1-f1", parent: "a1", kind: "floor", name },
  { id: "b1", parent: "campus", kind: "building", name },
]);

test("a space holds itself and everything below it", () => {
  expect([...spaces.within(spaceId("a1"))]).toEqual(["a1", "a1-f1"]);
  expect(spaces.within(spaceId("campus")).size).toBe(4);
  expect(spaces.within(spaceId("nowhere")).size).toBe(0);
});

test("the path of a space begins at the site", () => {
  expect(spaces.path(spaceId("a1-f1"))).toEqual(["campus", "a1", "a1-f1"]);
  expect(spaces.path(spaceId("nowhere"))).toEqual([]);
});
