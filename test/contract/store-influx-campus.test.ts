/** The whole campus with InfluxDB as its store: charts from there, and everything else through its outage. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seconds } from "../../core/time.ts";
import { InfluxClient } from "../../server/store/influx/client.ts";
import { CampusProcesses } from "../support/campus-processes.ts";
import { eventually } from "../support/eventually.ts";
import { hasInfluxd, Influxd } from "./store-influxd.ts";

describe.skipIf(!hasInfluxd && process.env.LAMPLIGHTER_RINGS !== "all")(
  "a campus with InfluxDB as its store",
  () => {
    it("keeps living while InfluxDB is away, and catches up afterwards", {
      timeout: 180_000,
    }, async () => {
      const folder = await mkdtemp(join(tmpdir(), "lamplighter-influx-campus-"));
      const influxd = await Influxd.start(folder);
      const store = `\nstore:\n  kind: influxdb\n  url: ${influxd.url}\n  database: campus\n`;
      const campus = await CampusProcesses.start({ serverYaml: store });
      const influx = new InfluxClient({ url: influxd.url, database: "campus" });
      try {
        const inInflux = async (): Promise<number> => {
          const [row] = await influx.query(`SELECT COUNT("value") FROM "power_active"`);
          return Number(row?.get("count") ?? 0);
        };
        const before = await eventually(
          "InfluxDB has some",
          async () => (await inInflux()) || false,
        );
        const point = "a2-main/power_active";
        const latest = async (): Promise<number> =>
          Date.parse((await campus.latest(point))?.time ?? "1970-01-01T00:00:00Z");
        await eventually("a first value", async () => (await latest()) > 0, seconds(60));

        await influxd.stop();
        const stoppedAt = await latest();
        await eventually("values go on", async () => (await latest()) > stoppedAt, seconds(60));
        expect(campus.log("server")).toContain("influxdb takes no samples");

        await influxd.start();
        await eventually(
          "InfluxDB has caught up",
          async () => (await inInflux()) > before,
          seconds(60),
        );
        const to = new Date(Date.now() + 1_000).toISOString();
        const from = new Date(Date.now() - 600_000).toISOString();
        const query = `point=${point}&from=${from}&to=${to}&bucket=10m`;
        const series = await campus.get(`api/series?${query}`);
        expect(series.items[0].rows.length).toBeGreaterThan(0);
      } finally {
        await campus.stop();
        await influx.close();
        await influxd.stop();
        await rm(folder, { recursive: true });
      }
    });
  },
);
