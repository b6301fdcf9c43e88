import { expect, test } from "vitest";
import { tellAll } from "../../../server/tell-all.ts";

test("one listener that throws silences no other, and its failure is not swallowed", () => {
  const heard: string[] = [];
  const listeners = [
    (what: string) => heard.push(`a ${what}`),
    () => {
      throw new Error("first");
    },
    (what: string) => heard.push(`b ${what}`),
    () => {
      throw new Error("second");
    },
  ];
  expect(() => tellAll(listeners, "x")).toThrow("first");
  expect(heard).toEqual(["a x", "b x"]);
});
