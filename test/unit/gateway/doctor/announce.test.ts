import { describe, expect, it } from "vitest";
import { parseCatalogue } from "../../../../core/catalogue.ts";
import { formatProblems } from "../../../../core/document.ts";
import { parseDeviceId } from "../../../../core/ids.ts";
import { LINE_FIGURES } from "../../../../core/line.ts";
import { parseGatewayConfiguration } from "../../../../gateway/configuration.ts";
import { lineDeviceId } from "../../../../gateway/doctor/announce.ts";
import { buildPlant } from "../../../../gateway/plant.ts";
import { readProfiles } from "../../../../gateway/read-profiles.ts";

const HEAD = `gateway: gw-1
site: demo
server: { url: "mqtt://127.0.0.1" }
connections:
  - { id: bus, protocol: modbus, host: 127.0.0.1 }
  - { id: idle, protocol: modbus, host: 127.0.0.1 }
  - { id: broker, protocol: mqtt, broker: { url: "mqtt://127.0.0.1" } }
devices:
`;
const meter = (id: string, space: string): string =>
  `  - { id: ${id}, name: { zh: 表, en: Meter }, space: ${space}, profile: xy/md02, connection: bus, unit: 1 }\n`;

async function build(devices: string) {
  const parsed = parseGatewayConfiguration(HEAD + devices, "gw.yaml");
  if (!parsed.ok) throw new Error(formatProblems(parsed.error));
  const profiles = await readProfiles(new Set(["xy/md02"]));
  if (!profiles.ok) throw new Error(formatProblems(profiles.error));
  return buildPlant(parsed.value, profiles.value);
}

describe("the lines a gateway announces", () => {
  it("are its Modbus connections with devices, each where its first device hangs", async () => {
    const plant = await build(meter("m1", "hall") + meter("m2", "room"));
    if (!plant.ok) throw new Error(formatProblems(plant.error));
    const { catalogue, points, lines } = plant.value;
    expect(lines).toHaveLength(1);
    expect(catalogue.devices.find((d) => d.device === "line-bus")).toMatchObject({
      space: "hall",
      connection: "bus",
      profile: "lamplighter/line",
      name: { zh: "总线 bus", en: "Line bus" },
    });
    const own = [...points.values()].filter((p) => p.point.startsWith("line-bus/"));
    expect(own).toHaveLength(LINE_FIGURES.length + 1);
    expect(own.every((p) => p.command === undefined && !p.isHazard)).toBe(true);
    for (const { kind, heartbeat, announced } of own) {
      expect(announced.expectEvery).toBeGreaterThanOrEqual(heartbeat + 10_000);
      if (kind === "gauge") expect(announced.expectEvery).toBe(30_000);
    }
    expect(parseCatalogue(JSON.parse(JSON.stringify(catalogue))).ok).toBe(true);
  });

  it("keep their names to themselves", async () => {
    const plant = await build(meter("line-bus", "hall"));
    expect(plant.ok ? "" : formatProblems(plant.error)).toContain(
      'gw.yaml:9: devices[0].id: "line-bus" is how the line of connection "bus" itself is called',
    );
  });

  it("have valid and different names however long their connections' names are", () => {
    const long = lineDeviceId(`${"a".repeat(63)}b`);
    expect(parseDeviceId(long).ok).toBe(true);
    expect(long).not.toBe(lineDeviceId("a".repeat(64)));
    expect(lineDeviceId("b".repeat(59))).toBe(`line-${"b".repeat(59)}`);
  });
});
