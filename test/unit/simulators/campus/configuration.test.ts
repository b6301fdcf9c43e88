import { describe, expect, it } from "vitest";
import { formatProblems } from "../../../../core/document.ts";
import { loadProfiles } from "../../../../device-profiles/library.ts";
import type { ProfilePoint } from "../../../../device-profiles/profile.ts";
import { parseGatewayConfiguration } from "../../../../gateway/configuration.ts";
import {
  parseServerConfiguration,
  parseSiteConfiguration,
} from "../../../../server/configuration.ts";
import {
  campusConfiguration,
  modbusPorts,
  secretNames,
} from "../../../../simulators/campus/configuration.ts";
import { demoCampus } from "../../../../simulators/campus/demo.ts";
import { historyPoints } from "../../../../simulators/world/history.ts";
import { planOf } from "../../../../simulators/world/plan.ts";

const campus = demoCampus();
const files = campusConfiguration(campus, {
  http: 8_080,
  uplink: 1_883,
  devices: 1_884,
  opcua: 14_840,
  modbus: modbusPorts(campus, 15_020),
});

describe("the demo campus", () => {
  it("has what the demo promises", () => {
    const kinds = (kind: string): number =>
      campus.devices.filter(({ role }) => role.kind === kind).length;
    expect(campus.devices.length).toBeGreaterThanOrEqual(60);
    expect(kinds("doorPanel")).toBe(8);
    expect(kinds("labSensor")).toBe(8);
    expect(campus.spaces.filter(({ use }) => use === "laboratory")).toHaveLength(4);
    expect(campus.spaces.filter(({ kind }) => kind === "building")).toHaveLength(6);
    expect(planOf(campus).feeders[0]?.parent).toBe(-1);
  });

  it("has at least 500 points, all of profiles in the library, each device on the right protocol", async () => {
    const profiles = await loadProfiles();
    if (!profiles.ok) throw new Error(formatProblems(profiles.error));
    let points = 0;
    for (const { id, profile, wire } of campus.devices) {
      const found = profiles.value.get(profile);
      expect(found?.protocol, id).toBe(wire.protocol);
      points += found?.points.length ?? 0;
    }
    expect(points).toBeGreaterThanOrEqual(500);
  });

  it("has a past only for points that its devices' profiles know, in their units", async () => {
    const profiles = await loadProfiles();
    if (!profiles.ok) throw new Error(formatProblems(profiles.error));
    for (const { point, unit } of historyPoints(campus)) {
      const [id, name] = point.split("/");
      const device = campus.devices.find((d) => d.id === id);
      const points: readonly ProfilePoint[] =
        profiles.value.get(device?.profile ?? "")?.points ?? [];
      expect(points.find((p) => p.name === name)?.unit, point).toBe(unit);
    }
  });

  it("gives every device an id, a unit on its line and a place of its own", () => {
    const ids = campus.devices.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const units = campus.devices.flatMap(({ wire }) =>
      wire.protocol === "modbus" ? [`${wire.line} ${wire.unit}`] : [],
    );
    expect(new Set(units).size).toBe(units.length);
    const spaces = new Set(campus.spaces.map(({ id }) => id));
    for (const { id, space } of campus.devices) expect(spaces, id).toContain(space);
    for (const { id, parent } of campus.spaces) if (parent) expect(spaces, id).toContain(parent);
  });
});

describe("campusConfiguration", () => {
  it("writes files that the gateway and the server take", () => {
    const parsed = [
      parseSiteConfiguration(files["site.yaml"], "site.yaml"),
      parseServerConfiguration(files["server.yaml"], "server.yaml"),
      parseGatewayConfiguration(files["gateways/main.yaml"], "gateways/main.yaml"),
    ];
    for (const outcome of parsed) expect(outcome.ok ? "" : formatProblems(outcome.error)).toBe("");
  });

  it("names a secret for every password file", () => {
    const text = files["gateways/main.yaml"] + files["server.yaml"];
    const named = [...text.matchAll(/secrets\/([a-z0-9-]+)\.password/g)].map((m) => m[1]);
    expect(new Set(named)).toEqual(new Set(secretNames(campus)));
  });

  it("puts a relay into the room whose lamps it switches", () => {
    const parsed = parseGatewayConfiguration(files["gateways/main.yaml"], "main.yaml");
    if (!parsed.ok) throw new Error("does not parse");
    const board = parsed.value.value.devices.find(({ id }) => id === "a1-f1-lights");
    expect(board?.points.relay_1).toMatchObject({ space: "a1-101" });
  });
});
