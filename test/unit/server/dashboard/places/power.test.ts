import { expect, it } from "vitest";
import { powerMeters } from "../../../../../server/dashboard/places/power.ts";
import { pointView, SPACES } from "../../../../support/views.ts";

it("takes total power of the site and of what lies right below it, never phases or rooms", () => {
  const points = [
    ["main/power_active", "campus"],
    ["main/power_active_l1", "campus"],
    ["b-main/power_active", "b"],
    ["yard/power_active", "yard"],
    ["b-2f/power_active", "b-2f"],
    ["lost/power_active", "nowhere"],
  ].map(([point = "", space = ""]) => [point, pointView({ point, space })] as const);
  const { site, buildings } = powerMeters({ points: new Map(points), spaces: SPACES });
  expect(site.map(({ point }) => point)).toEqual(["main/power_active"]);
  expect(buildings.map(({ point }) => point)).toEqual(["b-main/power_active", "yard/power_active"]);
});
