import { describe, expect, it } from "vitest";
import { formatProblems } from "../../../core/document.ts";
import { parseGatewayConfiguration } from "../../../gateway/configuration.ts";
import { buildPlant, type KnownProfiles } from "../../../gateway/plant.ts";
import { readProfiles } from "../../../gateway/read-profiles.ts";

const HEAD = `gateway: gw-1
site: demo
server: { url: "mqtt://127.0.0.1" }
connections:
  - { id: bus, protocol: modbus, host: 127.0.0.1 }
  - { id: broker, protocol: mqtt, broker: { url: "mqtt://127.0.0.1" } }
devices:
`;
const device = (more: string): string =>
  `  - { id: m1, name: { zh: 表, en: Meter }, space: room, ${more} }\n`;

async function build(devices: string) {
  const parsed = parseGatewayConfiguration(HEAD + devices, "gw.yaml");
  if (!parsed.ok) throw new Error(formatProblems(parsed.error));
  const wanted = new Set(parsed.value.value.devices.map((d) => d.profile));
  const profiles = await readProfiles(wanted);
  if (!profiles.ok) throw new Error(formatProblems(profiles.error));
  return buildPlant(parsed.value, profiles.value satisfies KnownProfiles);
}

async function problemsOf(devices: string): Promise<string> {
  const plant = await build(devices);
  return plant.ok ? "none" : formatProblems(plant.error);
}

describe("the plant of a gateway", () => {
  it("has the points of its devices, each with its space and what the pipeline needs", async () => {
    const plant = await build(
      device(
        "profile: waveshare/relay-8ch, connection: bus, unit: 3, points: { relay_1: { space: lab } }",
      ),
    );
    if (!plant.ok) throw new Error(formatProblems(plant.error));
    const points = [...plant.value.points.values()];
    const lamp = points.find((p) => p.point.endsWith("/relay_1"));
    expect(lamp).toMatchObject({ space: "lab", connection: "bus", announced: { space: "lab" } });
    expect(points.find((p) => p.point.endsWith("/relay_2"))).toMatchObject({ space: "room" });
    expect(lamp?.command?.settle).toBeGreaterThan(0);
    expect(plant.value.catalogue).toMatchObject({ site: "demo", gateway: "gw-1" });
    expect(plant.value.catalogue.points).toHaveLength(points.length);
  });

  it("gives the catalogue a version that changes with its content only", async () => {
    const version = async (space: string): Promise<string | undefined> => {
      const plant = await build(
        `  - { id: m1, name: { zh: 表, en: Meter }, space: ${space}, profile: eastron/sdm630, connection: bus, unit: 1 }\n`,
      );
      return plant.ok ? plant.value.catalogue.version : undefined;
    };
    expect(await version("room")).toBe(await version("room"));
    expect(await version("room")).not.toBe(await version("hall"));
  });

  it.each([
    [
      "an unknown profile, with the nearest name",
      device("profile: eastron/sdm63, connection: bus, unit: 1"),
      'gw.yaml:8: devices[0].profile: no profile is called "eastron/sdm63" (did you mean "eastron/sdm630"?)',
    ],
    [
      "a profile of another protocol",
      device("profile: eastron/sdm630, connection: broker, topic: a"),
      'gw.yaml:8: devices[0].profile: profile "eastron/sdm630" speaks modbus, connection "broker" speaks mqtt',
    ],
    [
      "a setting the profile does not have",
      device("profile: eastron/sdm630, connection: bus, unit: 1, settings: { cx: 5 }"),
      'gw.yaml:8: devices[0].settings.cx: no setting is called "cx"',
    ],
    [
      "a point the profile does not have",
      device("profile: waveshare/relay-8ch, connection: bus, unit: 1, points: { rely_1: {} }"),
      'no point is called "rely_1" (did you mean "relay_1"?)',
    ],
  ])("refuses %s", async (_name, devices, problem) => {
    expect(await problemsOf(devices)).toContain(problem);
  });

  it("refuses more points than one birth message can carry", async () => {
    const many = Array.from({ length: 1_000 }, (_, i) =>
      device("profile: eastron/sdm630, connection: bus, unit: 1").replace("m1", `m${i}`),
    );
    expect(await problemsOf(many.join(""))).toContain("share them among several gateways");
  });

  it("tells every problem at once", async () => {
    const second = device(
      "profile: waveshare/relay-8ch, connection: bus, unit: 1, points: { x: {} }",
    );
    const both =
      device("profile: nobody/knows, connection: bus, unit: 1") + second.replace("m1", "m2");
    expect((await problemsOf(both)).split("\n")).toHaveLength(2);
  });
});
