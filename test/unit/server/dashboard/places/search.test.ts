import { describe, expect, it } from "vitest";
import { HITS_MAX, search } from "../../../../../server/dashboard/places/search.ts";
import { pointView, SPACES } from "../../../../support/views.ts";

const device = {
  id: "lab-gas",
  name: { zh: "气体探测器", en: "Gas detector" },
  space: "b214",
  gateway: "gw",
  profile: "x/y",
  state: "online",
} as const;
const state = {
  spaces: SPACES,
  devices: new Map([[device.id, device]]),
  points: new Map([["lab-gas/gas_lel", pointView()]]),
};
const find = (query: string) => search(state, query, "zh").map(({ kind, id }) => `${kind} ${id}`);

describe("search", () => {
  it("finds by either language, by id, and by the place a thing is in", () => {
    expect(find("探测器")).toEqual(["device lab-gas"]);
    expect(find("DETECTOR")).toEqual(["device lab-gas"]);
    expect(find("gas_lel")).toEqual(["point lab-gas/gas_lel"]);
    expect(find("b214 气体")).toEqual(["device lab-gas", "point lab-gas/gas_lel"]);
  });

  it("puts names that begin with the word first and stays short", () => {
    expect(find("b214")[0]).toBe("space b214");
    expect(find("b").length).toBeLessThanOrEqual(HITS_MAX);
  });

  it("finds nothing for nothing", () => {
    expect(find("   ")).toEqual([]);
    expect(find("no such place")).toEqual([]);
  });
});
