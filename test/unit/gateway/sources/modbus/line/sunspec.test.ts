import { describe, expect, it } from "vitest";
import {
  afterStep,
  BEGIN,
  nextAddress,
  type Search,
} from "../../../../../../gateway/sources/modbus/line/sunspec.ts";

const sunspec = { bases: [40_000, 0], models: [204, 203] };

/** Walks through registers given as address → two words. */
function search(registers: Readonly<Record<number, readonly number[]>>): Search {
  let state = BEGIN;
  for (let steps = 0; steps < 200; steps++) {
    const address = nextAddress(state, sunspec);
    if (address === undefined) return state;
    state = afterStep(state, sunspec, registers[address]);
  }
  throw new Error("the search never ends");
}

const MARKER = [0x5375, 0x6e53];

describe("searching SunSpec models", () => {
  it("walks the chain from the marker to its end", () => {
    const registers = {
      40000: MARKER,
      40002: [1, 66],
      40070: [203, 105],
      40177: [0xffff, 0],
    };
    expect(search(registers)).toMatchObject({ kind: "found", start: 40_070 });
  });

  it("looks at every base", () => {
    expect(search({ 0: MARKER, 2: [204, 105], 109: [0xffff, 0] })).toMatchObject({ start: 2 });
  });

  it("takes the first model that the profile names", () => {
    const registers = { 0: MARKER, 2: [203, 10], 14: [204, 10], 26: [0xffff, 0] };
    expect(search(registers)).toMatchObject({ start: 14 });
  });

  it.each([
    { name: "no marker", registers: {}, why: /no "SunS" at 40000, 0/ },
    {
      name: "none of the models",
      registers: { 0: MARKER, 2: [1, 66], 70: [0xffff, 0] },
      why: /there are: 1/,
    },
    { name: "a chain that breaks off", registers: { 0: MARKER, 2: [1, 66] }, why: /there are: 1/ },
    { name: "a model without length", registers: { 0: MARKER, 2: [1, 0] }, why: /there are: none/ },
  ])("ends at $name", ({ registers, why }) => {
    const state = search(registers);
    expect(state.kind === "notFound" && state.why).toMatch(why);
  });

  it("ends in a chain without end", () => {
    const registers = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [2 + 3 * i, [i + 1, 1]]),
    );
    expect(search({ 0: MARKER, ...registers }).kind).toBe("notFound");
  });
});
