import { describe, expect, test } from "vitest";
import { deviceId } from "../../../core/ids.ts";
import { cataloguePoints } from "../../../device-profiles/catalogue-points.ts";
import { loadProfiles } from "../../../device-profiles/library.ts";

const loaded = await loadProfiles();
if (!loaded.ok) throw new Error("the library does not load; library.test.ts says why");

const pointsOf = (id: string) => {
  const profile = loaded.value.get(id);
  if (profile === undefined) throw new Error(`no profile ${id}`);
  return new Map(cataloguePoints(deviceId("d1"), profile).map((p) => [p.point as string, p]));
};

describe("the catalogue of a device", () => {
  test("a meter's energy is a counter of electricity, stale after heartbeat and three polls", () => {
    expect(pointsOf("eastron/sdm630").get("d1/energy_import")).toEqual({
      point: "d1/energy_import",
      device: "d1",
      kind: "counter",
      unit: "kW.h",
      quantity: "activeEnergy",
      name: { zh: "正向有功电能", en: "Energy imported" },
      category: "electricity",
      expectEvery: 300_000 + 3 * 15_000,
    });
  });

  test("a relay says what it may be told and who lets it fall back", () => {
    expect(pointsOf("waveshare/relay-8ch").get("d1/relay_8")).toMatchObject({
      quantity: "lightSwitch",
      labels: { "0": { zh: "关", en: "off" }, "1": { zh: "开", en: "on" } },
      command: {
        values: [0, 1],
        settleMs: 200,
        proof: "readBack",
        tolerance: 0,
        fallback: { value: 0, place: "gateway" },
      },
    });
  });

  test("a hazard sensor is stale within its heartbeat and the silence its profile allows", () => {
    expect(pointsOf("lamplighter/lab-sensor").get("d1/gas_lel")).toMatchObject({
      hazard: "combustibleGas",
      unit: "%{LEL}",
      expectEvery: 5_000 + 10_000,
    });
  });

  test("events never count as stale", () => {
    const event = pointsOf("lamplighter/door-panel").get("d1/access_event");
    expect(event?.kind).toBe("event");
    expect(event?.expectEvery).toBeGreaterThan(365 * 86_400_000);
  });
});
