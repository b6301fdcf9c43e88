import { expect, test } from "vitest";
import { spaceId } from "../../../../core/ids.ts";
import type { PointSelection } from "../../../../server/rules/rule.ts";
import { missing, PointIndex, select } from "../../../../server/rules/selection.ts";
import { TestPlant, testSpaces } from "../../../support/campus.ts";

const plant = new TestPlant();
plant.announce("lab1-gas/gas_lel", "a1-lab", {
  quantity: "gasConcentration",
  hazard: "combustibleGas",
});
plant.announce("lab1-light/light_on", "a1-lab", { quantity: "lightSwitch" });
plant.announce("store-gas/gas_lel", "a1-store", {
  quantity: "gasConcentration",
  hazard: "combustibleGas",
});
plant.announce("r101-light/light_on", "a1-101", { quantity: "lightSwitch" });
const index = new PointIndex(plant.points());

test.each<[string, PointSelection, readonly string[]]>([
  ["by hazard", { hazards: ["combustibleGas"] }, ["lab1-gas/gas_lel", "store-gas/gas_lel"]],
  [
    "a space means all that lies in it",
    { quantities: ["gasConcentration"], spaces: [spaceId("a1-lab")] },
    ["lab1-gas/gas_lel", "store-gas/gas_lel"],
  ],
  [
    "by the use of the room",
    { quantities: ["lightSwitch"], uses: ["classroom"] },
    ["r101-light/light_on"],
  ],
  ["by name", { points: ["r101-light/light_on"] }, ["r101-light/light_on"]],
  ["a dot in a name is a dot", { points: ["lab1.gas/gas_lel"] }, []],
  [
    "by pattern, each point once",
    { points: ["lab1-*/*", "*/light_on"] },
    ["lab1-gas/gas_lel", "lab1-light/light_on", "r101-light/light_on"],
  ],
  ["all that is asked for must hold", { points: ["lab1-*/*"], hazards: ["smoke"] }, []],
])("%s", (_, applies, expected) => {
  expect(select(applies, index, testSpaces()).map((p) => p.point)).toEqual(expected);
});

test("names that nobody has announced are waited for", () => {
  const applies = { points: ["r101-light/light_on", "r102-light/light_on", "r9*/x"] };
  expect(missing(applies, index)).toEqual(["r102-light/light_on", "r9*/x"]);
});
