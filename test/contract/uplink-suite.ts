/** What holds of the uplink through any broker: the embedded one, and one of somebody else. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PointId } from "../../core/ids.ts";
import { instant, seconds } from "../../core/time.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryStore } from "../support/memory-store.ts";
import {
  type RigBroker,
  type TestGateway,
  testCatalogue,
  UplinkRig,
} from "../support/uplink-rig.ts";

const catalogue = testCatalogue("gw1", ["power", "gas"]);
const POWER = "gw1-meter/power" as PointId;
const GAS = "gw1-meter/gas" as PointId;

/** Values 1, 2, 3 … so that each is passed on and any loss or doubling shows. */
function offer(gateway: TestGateway, point: PointId, from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    const time = instant(Date.now());
    gateway.pipeline.offer({ point, time, timeSource: "gateway", quality: "good", value: i });
  }
}

const valuesOf = (store: MemoryStore, point: PointId): readonly unknown[] =>
  store.samples().flatMap((s) => (s.point === point && s.quality === "good" ? [s.value] : []));
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);
const has = (store: MemoryStore, n: number) => () => valuesOf(store, POWER).length >= n;

export function uplinkSuite(name: string, makeBroker: () => RigBroker): void {
  describe(name, () => {
    let rig: UplinkRig;
    const ending: { stop(): Promise<void> }[] = [];
    const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
      ending.push(part);
      return part;
    };

    beforeEach(async () => {
      rig = new UplinkRig(makeBroker());
      await rig.broker.start();
    });
    afterEach(async () => {
      for (const part of ending.splice(0).reverse()) await part.stop().catch(() => {});
      await rig.close();
    });

    it("brings samples from the pipeline into the store once, and hazards on their own lane", async () => {
      const store = new MemoryStore();
      const server = keep(await rig.startServer(store));
      const gateway = keep(rig.startGateway(catalogue, "a"));
      offer(gateway, POWER, 1, 100);
      offer(gateway, GAS, 1, 3);
      await eventually("100 values stored", has(store, 100));
      await eventually("gas stored", () => valuesOf(store, GAS).length === 3);
      expect(valuesOf(store, POWER)).toEqual(upTo(100));
      expect(new Set(store.entries.map((e) => e.origin.lane))).toEqual(new Set(["hazard", "live"]));
      expect(server.ingest.latest.get(POWER)).toMatchObject({ value: 100 });
      expect(server.ingest.registry.point(POWER)).toMatchObject({ gateway: "gw1", space: "room" });
      expect(server.ingest.registry.gateways()).toMatchObject([
        { gateway: "gw1", state: "online" },
      ]);
    });

    it("starts without the server and catches up when it comes", async () => {
      const gateway = keep(rig.startGateway(catalogue, "a"));
      offer(gateway, POWER, 1, 50);
      const store = new MemoryStore();
      keep(await rig.startServer(store));
      await eventually("50 values stored", has(store, 50));
      expect(valuesOf(store, POWER)).toEqual(upTo(50));
    });

    it("loses and doubles nothing when the server restarts under load", async () => {
      const store = new MemoryStore();
      const first = await rig.startServer(store, "records");
      const gateway = keep(rig.startGateway(catalogue, "a"));
      offer(gateway, POWER, 1, 100);
      await eventually("first values stored", has(store, 100));
      await first.stop();
      offer(gateway, POWER, 101, 100);
      keep(await rig.startServer(store, "records"));
      offer(gateway, POWER, 201, 100);
      await eventually("all values stored", has(store, 300), seconds(15));
      expect(valuesOf(store, POWER)).toEqual(upTo(300));
    });

    it("loses and doubles nothing when the broker restarts, and when the gateway does", async () => {
      const store = new MemoryStore();
      keep(await rig.startServer(store));
      const first = rig.startGateway(catalogue, "a", "data");
      offer(first, POWER, 1, 100);
      await eventually("first values stored", has(store, 100));
      await rig.broker.stop();
      offer(first, POWER, 101, 100);
      await first.stop();
      const second = keep(rig.startGateway(catalogue, "b", "data"));
      offer(second, POWER, 201, 100);
      await rig.broker.start();
      await eventually("all values stored", has(store, 300), seconds(15));
      expect(valuesOf(store, POWER)).toEqual(upTo(300));
    });

    it("refuses a second gateway with the same id by name and keeps the first", async () => {
      const store = new MemoryStore();
      keep(await rig.startServer(store));
      const first = keep(rig.startGateway(catalogue, "a"));
      offer(first, POWER, 1, 10);
      await eventually("values stored", has(store, 10));
      const second = keep(rig.startGateway(catalogue, "b"));
      offer(second, POWER, 1_000, 10);
      offer(first, POWER, 11, 10);
      await eventually("the first one's values stored", has(store, 20));
      expect(valuesOf(store, POWER)).toEqual(upTo(20));
      expect(second.uplink.awayFor()).toBeGreaterThan(0);
    });

    it("sends again what a store refused for a while", async () => {
      const store = new MemoryStore();
      keep(await rig.startServer(store));
      const gateway = keep(rig.startGateway(catalogue, "a"));
      offer(gateway, POWER, 1, 10);
      await eventually("values stored", has(store, 10));
      store.failWith = new Error("disk is full");
      offer(gateway, POWER, 11, 10);
      await new Promise((resolve) => setImmediate(resolve));
      await gateway.committer.durable();
      store.failWith = undefined;
      offer(gateway, POWER, 21, 10);
      await eventually("all values stored", has(store, 30), seconds(15));
      expect(valuesOf(store, POWER)).toEqual(upTo(30));
    });

    it("answers a server restored from a backup with what it lacks", async () => {
      const store = new MemoryStore();
      const first = await rig.startServer(store);
      const gateway = keep(rig.startGateway(catalogue, "a"));
      offer(gateway, POWER, 1, 10);
      await eventually("values stored", has(store, 10));
      await first.stop();
      const restored = new MemoryStore();
      keep(await rig.startServer(restored));
      offer(gateway, POWER, 11, 10);
      await eventually("all values stored", has(restored, 20), seconds(15));
      expect(valuesOf(restored, POWER)).toEqual(upTo(20));
    });

    it("sets aside what does not fit the catalogue and stores the rest", async () => {
      const store = new MemoryStore();
      const server = keep(await rig.startServer(store));
      const gateway = keep(rig.startGateway(catalogue, "a"));
      const time = instant(Date.now());
      gateway.committer.add(
        { point: POWER, time, sequence: 0, timeSource: "gateway", quality: "good", value: "text" },
        { lane: "live", isPrecious: false, isUrgent: false },
      );
      offer(gateway, POWER, 1, 5);
      await eventually("values stored", has(store, 5));
      expect(server.ingest.quarantine.list({ limit: 10 })).toMatchObject([
        { point: POWER, why: expect.stringContaining("a gauge has a number") },
      ]);
      expect((await store.lanes())[0]).toMatchObject({ samples: 5, refused: 1 });
    });

    it("hands a command over and its reply back", async () => {
      const server = keep(await rig.startServer(new MemoryStore()));
      const gateway = keep(rig.startGateway(catalogue, "a"));
      const replies: unknown[] = [];
      server.ingest.outlet.onReply((id, reply) => replies.push([id, reply]));
      const message = {
        id: "c1",
        point: POWER,
        value: 1,
        priority: "schedule",
        ttlMs: 5_000,
        reason: "test",
      } as never;
      expect(await server.ingest.outlet.send(catalogue.gateway, message)).toBe("offline");
      await eventually(
        "gateway online",
        () => server.ingest.registry.gateways()[0]?.state === "online",
      );
      expect(await server.ingest.outlet.send(catalogue.gateway, message)).toBe("sent");
      await eventually("command arrived", () => gateway.commands.length === 1);
      const reply = { id: "c1", state: "accepted", timeMs: instant(1) } as never;
      gateway.uplink.reply(reply);
      await eventually("reply arrived", () => replies.length === 1);
      expect(replies).toEqual([["gw1", reply]]);
    });
  });
}
