import { expect, it } from "vitest";
import {
  childrenOf,
  pathOf,
  rootsOf,
  within,
} from "../../../../../server/dashboard/places/tree.ts";
import { SPACES } from "../../../../support/views.ts";

const ids = (spaces: readonly { readonly id: string }[]): readonly string[] =>
  spaces.map(({ id }) => id);

it("paths lead from the campus down", () => {
  expect(ids(pathOf(SPACES, "b214"))).toEqual(["campus", "b", "b-2f", "b214"]);
  expect(pathOf(SPACES, "nowhere")).toEqual([]);
});

it("a circle ends", () => {
  const a = { id: "a", kind: "room", parent: "b", name: { zh: "", en: "" } } as const;
  const circle = new Map([
    ["a", a],
    ["b", { ...a, id: "b", parent: "a" }],
  ]);
  expect(pathOf(circle, "a").length).toBeLessThan(100);
  expect(within(circle, "a")).toEqual(new Set(["a", "b"]));
});

it("knows roots, children and what lies below", () => {
  expect(ids(rootsOf(SPACES))).toEqual(["campus"]);
  expect(ids(childrenOf(SPACES).get("b-2f") ?? [])).toEqual(["b214", "b215"]);
  expect(within(SPACES, "b")).toEqual(new Set(["b", "b-2f", "b214", "b215"]));
});
