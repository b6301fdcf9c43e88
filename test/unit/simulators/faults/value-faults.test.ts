import { expect, it } from "vitest";
import type { ProfilePoint } from "../../../../device-profiles/profile.ts";
import type { Fault } from "../../../../simulators/faults/fault.ts";
import { ValueFaults } from "../../../../simulators/faults/value-faults.ts";

const HOUR = 3_600_000;
const counter = {
  name: "energy_import",
  kind: "counter",
  sentinels: [],
} as unknown as ProfilePoint;
const gauge = {
  name: "temperature",
  kind: "gauge",
  sentinels: [-32_768],
} as unknown as ProfilePoint;

/** What the point says at 0 h, when it is `first`, and at 1 h, when it is `second`. */
it.each<[string, ProfilePoint, Fault, [number, number], [unknown, unknown]]>([
  ["a stuck value stays", gauge, { kind: "stuck" }, [21, 25], [21, 21]],
  ["a drifting one moves away", gauge, { kind: "drift", perHour: 2 }, [21, 21], [21, 23]],
  [
    "a fixed one is what was set",
    gauge,
    { kind: "fixed", point: "temperature", value: 7 },
    [1, 2],
    [7, 7],
  ],
  [
    "a fault of another point does nothing",
    gauge,
    { kind: "stuck", point: "other" },
    [1, 2],
    [1, 2],
  ],
  ["a counter begins again", counter, { kind: "counterReset" }, [900, 903], [0, 3]],
  ["a gauge has nothing to begin", gauge, { kind: "counterReset" }, [21, 22], [21, 22]],
  ["a counter runs over", counter, { kind: "rollover", at: 1_000 }, [999, 1_002], [999, 2]],
  ["a fault of the wire leaves values alone", gauge, { kind: "silence", share: 1 }, [1, 2], [1, 2]],
])("%s", (_, point, fault, [first, second], expected) => {
  const faults = new ValueFaults();
  const told = [
    faults.apply([fault], point, first, 0),
    faults.apply([fault], point, second, HOUR),
  ].map((f) => (f.kind === "value" ? f.value : f.raw));
  expect(told).toEqual(expected);
});

it("noise stays within its amplitude and is not always the same", () => {
  const faults = new ValueFaults();
  const told = Array.from({ length: 50 }, (_, i) => {
    const f = faults.apply([{ kind: "noise", amplitude: 2 }], gauge, 20, i * 1_000);
    return f.kind === "value" ? Number(f.value) : Number.NaN;
  });
  expect(Math.min(...told)).toBeGreaterThanOrEqual(18);
  expect(Math.max(...told)).toBeLessThanOrEqual(22);
  expect(new Set(told).size).toBeGreaterThan(10);
});

it.each([
  ["the sentinel is the profile's", { kind: "sentinel" } as const, -32_768],
  ["not-a-number", { kind: "notANumber" } as const, Number.NaN],
])("%s bypasses the scale", (_, fault, raw) => {
  expect(new ValueFaults().apply([fault], gauge, 20, 0)).toEqual({ kind: "raw", raw });
});

it("a fault that ends is forgotten: the next one begins from then", () => {
  const faults = new ValueFaults();
  faults.apply([{ kind: "stuck" }], gauge, 21, 0);
  faults.forget();
  expect(faults.apply([{ kind: "stuck" }], gauge, 25, HOUR)).toEqual({ kind: "value", value: 25 });
});
