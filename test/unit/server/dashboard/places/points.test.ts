import { describe, expect, it } from "vitest";
import {
  firstToChart,
  groupByDevice,
  inOrder,
} from "../../../../../server/dashboard/places/points.ts";
import { pointView } from "../../../../support/views.ts";

const gas = pointView({ point: "gas/gas", device: "gas", hazard: "combustibleGas" });
const air = pointView({ point: "hood/air", device: "hood", hazard: "airflow" });
const light = pointView({ point: "hood/light", device: "hood", kind: "state", command: {} });
const power = pointView({ point: "meter/power_active", device: "meter" });
const voltage = pointView({ point: "meter/voltage", device: "meter", quantity: "voltage" });
const event = pointView({ point: "door/event", device: "door", kind: "event" });
const all = [event, voltage, power, light, air, gas];

it("lists gas before other hazards, then what can be switched, then the rest as announced", () => {
  expect(inOrder(all)).toEqual([gas, air, light, power, event, voltage]);
});

it("groups by device, the most wanted device first", () => {
  expect(groupByDevice(all).map(({ device }) => device)).toEqual(["gas", "hood", "meter", "door"]);
});

describe("the history that opens by itself", () => {
  it("is a hazard's, else power's, else what has a shape", () => {
    expect(firstToChart(all)).toBe(gas);
    expect(firstToChart([voltage, power])).toBe(power);
    expect(firstToChart([event, light, voltage])).toBe(voltage);
    expect(firstToChart([event])).toBeUndefined();
  });
});
