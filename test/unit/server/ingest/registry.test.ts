import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { deviceId, gatewayId, type PointId } from "../../../../core/ids.ts";
import { milliseconds } from "../../../../core/time.ts";
import { silentLog } from "../../../../platform/log.ts";
import { Database } from "../../../../platform/sqlite.ts";
import { Registry } from "../../../../server/ingest/registry.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { testCatalogue } from "../../../support/uplink-rig.ts";

let folder: string;
let database: Database;
let registry: Registry;
const open = (): Registry => new Registry(new FakeClock(), silentLog, database);
const point = (text: string): PointId => text as PointId;
const GW1 = gatewayId("gw1");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "registry-"));
  database = Database.open({ file: join(folder, "records.sqlite"), commits: "relaxed" });
  registry = open();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

it("knows its points at start, before any gateway is back", () => {
  registry.announce(testCatalogue("gw1", ["power", "gas"]));
  const again = open();
  expect(again.point(point("gw1-meter/gas"))).toMatchObject({ gateway: "gw1", space: "room" });
  expect(again.gateways()).toMatchObject([{ gateway: "gw1", state: "offline", points: 2 }]);
});

it("keeps welcome what a buffer holds of a point that is no longer announced, also over a restart", () => {
  registry.announce(testCatalogue("gw1", ["power", "gas"]));
  registry.announce(testCatalogue("gw1", ["power"]));
  for (const one of [registry, open()]) {
    expect(one.point(point("gw1-meter/gas"))).toBeUndefined();
    expect(one.standing(GW1, point("gw1-meter/gas"))).toEqual({ kind: "retired" });
    expect(one.standing(GW1, point("gw1-meter/never"))).toEqual({ kind: "unknown" });
  }
});

it("leaves a device with the gateway that announced it first", () => {
  registry.announce(testCatalogue("gw1", ["power"]));
  const thief = { ...testCatalogue("gw1", ["power", "gas"]), gateway: gatewayId("gw2") };
  registry.announce(thief);
  expect(registry.device(deviceId("gw1-meter"))?.gateway).toBe("gw1");
  expect(registry.standing(gatewayId("gw2"), point("gw1-meter/power"))).toEqual({
    kind: "foreign",
    gateway: "gw1",
  });
});

it("tells listeners of changes only", () => {
  let catalogues = 0;
  const states: string[] = [];
  registry.onCatalogue(() => catalogues++);
  registry.onGateway((status) => states.push(status.state));
  registry.announce(testCatalogue("gw1", ["power"]));
  registry.announce(testCatalogue("gw1", ["power"]));
  registry.setStatus(GW1, { state: "online", clockOffset: milliseconds(3) });
  registry.setStatus(GW1, { state: "online", clockOffset: milliseconds(3) });
  registry.setStatus(GW1, { state: "offline" });
  expect([catalogues, states]).toEqual([1, ["online", "offline"]]);
});
