import { describe, expect, it } from "vitest";
import { hrefOf, parseRoute, type Route } from "../../../../server/dashboard/routes.ts";

describe("an address leads back to its page:", () => {
  const routes: readonly Route[] = [
    { page: "overview" },
    { page: "alarms", view: "active" },
    { page: "alarms", view: "history" },
    { page: "alarm", id: "01JD/odd id" },
    { page: "spaces" },
    { page: "space", id: "b-214", chart: { range: "24h" } },
    { page: "space", id: "b-214", chart: { point: "lab-gas/gas_lel", range: "7d" } },
    { page: "devices" },
    { page: "device", id: "a1-main", chart: { point: "a1-main/power", range: "1y" } },
    { page: "more" },
    { page: "link", link: "kX7s0Nxh6JsQB_yvWoiPjzmmN3_hpZx3_JRJdSP2-54" },
  ];
  it.each(routes.map((route) => [hrefOf(route), route] as const))("%s", (href, route) => {
    expect(parseRoute(href)).toEqual(route);
  });
});

it("an empty address is the overview, an unknown one says so, an odd range is the usual one", () => {
  expect(parseRoute("")).toEqual({ page: "overview" });
  expect(parseRoute("#/nowhere/x")).toEqual({ page: "unknown", path: "/nowhere/x" });
  expect(parseRoute("#/spaces/a?range=9y&point=")).toEqual({
    page: "space",
    id: "a",
    chart: { range: "24h" },
  });
  expect(parseRoute("#/spaces/%E0%A4%A")).toMatchObject({ page: "space", id: "%E0%A4%A" });
});
