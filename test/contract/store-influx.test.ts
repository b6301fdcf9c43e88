/**
 * The InfluxDB store against a real InfluxDB 1.x, started here on a free port. Skipped where there is none,
 * unless LAMPLIGHTER_RINGS says that every ring must run.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayId, type PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { hours, instant, seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type InfluxStore, openInfluxStore } from "../../server/store/influx-store.ts";
import { eventually } from "../support/eventually.ts";
import { hasInfluxd, Influxd } from "./store-influxd.ts";
import { itAnswersLikeTheModel } from "./store-properties.ts";
import { storeSuite } from "./store-suite.ts";

process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "lamplighter-test-compiled");

let folder: string;
let influxd: Influxd;
let databases = 0;

const open = (data: string, database: string): Promise<InfluxStore> =>
  openInfluxStore({
    folder: data,
    zone: "Asia/Shanghai",
    clock: systemClock,
    log: silentLog,
    random: () => 0.5,
    influx: { url: influxd.url, database },
  });

/** Every answer then comes from InfluxDB alone. */
function fedAtOnce(store: InfluxStore): InfluxStore {
  const append = store.append.bind(store);
  store.append = async (request) => {
    const outcome = await append(request);
    await eventually("InfluxDB alone has it", () => isMoved(store));
    return outcome;
  };
  return store;
}

const isMoved = (store: InfluxStore): boolean => store.backlog().entriesInLog === 0;

async function underTest(settle: (store: InfluxStore) => InfluxStore) {
  const data = await mkdtemp(join(folder, "store-"));
  databases += 1;
  const database = `site_${databases}`;
  return {
    open: async () => settle(await open(data, database)),
    remove: () => rm(data, { recursive: true }),
  };
}

describe.skipIf(!hasInfluxd && process.env.LAMPLIGHTER_RINGS !== "all")("InfluxDB 1.x", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lamplighter-influx-"));
    influxd = await Influxd.start(folder);
  });

  afterAll(async () => {
    await influxd.stop();
    await rm(folder, { recursive: true });
  });

  storeSuite("the InfluxDB store, answering from the log and InfluxDB", () =>
    underTest((store) => store),
  );
  storeSuite("the InfluxDB store, answering from InfluxDB", () => underTest(fedAtOnce));

  itAnswersLikeTheModel({
    make: () => underTest((store) => store),
    seal: (store) =>
      eventually("InfluxDB has it", () => isMoved(store as InfluxStore)).then(() => {}),
    runs: 8,
    samples: "numbers",
  });

  it("goes on through an outage, shows what is still in the log, and catches up", async () => {
    const data = await mkdtemp(join(folder, "outage-"));
    let store = await open(data, "outage");
    const point = "a1-main/energy_import" as PointId;
    const start = Date.UTC(2026, 10, 23);
    const append = (number: number) => {
      const value = number;
      const time = instant(start + number * 60_000);
      const good = { point, time, sequence: 0, timeSource: "gateway", quality: "good", value };
      const origin = { gateway: gatewayId("gw"), epoch: "e", lane: "live", number } as const;
      return store.append({ origin, receivedAt: time, samples: [good as Sample], refused: 0 });
    };
    await append(1);
    await eventually("InfluxDB has it", () => store.backlog().entries === 0);
    await influxd.stop();
    for (let number = 2; number <= 5; number++) {
      expect((await append(number)).kind).toBe("stored");
    }
    const range = { point, from: instant(start), to: instant(start + hours(1)) };
    await expect(store.raw(range)).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    expect(store.backlog().entries).toBe(4);
    await store.close();
    store = await open(data, "outage");
    expect(store.backlog().entries).toBe(4);
    await influxd.start();
    const expected = [1, 2, 3, 4, 5];
    const values = async () => (await store.raw(range)).samples.map((s) => "value" in s && s.value);
    expect(await values()).toEqual(expected);
    await eventually("InfluxDB has all", () => store.backlog().entries === 0, seconds(20));
    expect(await values()).toEqual(expected);
    const hour = { kind: "duration", length: hours(1) } as const;
    expect(await store.increase(range, hour, seconds(60))).toMatchObject([{ increase: 4 }]);
    await store.close();
  });
});
