/**
 * The real API over small parts held in memory: real accounts in a real database, one space, one point,
 * and alarms and commands that a test sets by hand.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LamplighterError } from "../../core/errors.ts";
import {
  connectionId,
  deviceId,
  gatewayId,
  type PointId,
  parsePointId,
  spaceId,
} from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { Accounts } from "../../server/api/auth/accounts.ts";
import type { AlarmView, CommandView } from "../../server/api/contract.ts";
import { type Api, buildApi, type Routes } from "../../server/api/http-server.ts";
import type { ApiParts, CommandRequest } from "../../server/api/parts.ts";
import { alarmRoutes } from "../../server/api/routes/alarms.ts";
import { commandRoutes } from "../../server/api/routes/commands.ts";
import { healthRoutes } from "../../server/api/routes/health.ts";
import { importRoutes } from "../../server/api/routes/import.ts";
import { liveRoutes } from "../../server/api/routes/live.ts";
import { plantRoutes } from "../../server/api/routes/plant.ts";
import { seriesRoutes } from "../../server/api/routes/series.ts";
import { sessionRoutes } from "../../server/api/routes/session.ts";
import { Journal } from "../../server/journal.ts";
import { openRecords } from "../../server/open-records.ts";
import type { PlantDevice, PlantPoint } from "../../server/plant.ts";
import { createSpaces } from "../../server/spaces.ts";
import type { AppendRequest } from "../../server/store/store.ts";
import { FakeClock } from "./fake-clock.ts";

const name = { zh: "甲", en: "A" };

export const point = (text: string): PointId => {
  const parsed = parsePointId(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

export const meterPoint: PlantPoint = {
  point: point("m1/power_active"),
  device: deviceId("m1"),
  gateway: gatewayId("main"),
  space: spaceId("a1"),
  kind: "gauge",
  unit: "W",
  quantity: "activePower",
  name,
  expectEvery: seconds(5),
};

export class ApiRig {
  readonly clock = new FakeClock();
  readonly samples = new Map<PointId, Sample>();
  readonly devices: PlantDevice[] = [
    {
      ...{ device: deviceId("m1"), name, space: spaceId("a1"), gateway: gatewayId("main") },
      ...{ connection: connectionId("bus"), profile: "x/y" },
    },
  ];
  readonly points: PlantPoint[] = [meterPoint];
  /** Thrown by the store when set. */
  failure: Error | undefined;
  readonly appended: AppendRequest[] = [];
  readonly submitted: CommandRequest[] = [];
  readonly listeners = new Set<(samples: readonly Sample[], late: boolean) => void>();
  readonly alarms = new Map<string, AlarmView>();
  readonly #folder = mkdtempSync(join(tmpdir(), "lamplighter-"));
  readonly #db = openRecords(this.#folder);
  readonly journal = new Journal(this.#db, this.clock);
  readonly accounts = new Accounts(this.#db, this.clock, this.journal);
  api!: Api;

  static async start(more: readonly Routes[] = []): Promise<ApiRig> {
    const rig = new ApiRig();
    rig.api = await buildApi(
      rig.#parts(),
      [
        sessionRoutes,
        healthRoutes,
        plantRoutes,
        seriesRoutes,
        alarmRoutes,
        commandRoutes,
        importRoutes,
        liveRoutes,
        ...more,
      ],
      "/nowhere",
    );
    return rig;
  }

  async close(): Promise<void> {
    await this.api.close();
    this.#db.close();
    rmSync(this.#folder, { recursive: true });
  }

  #parts(): ApiParts {
    const none = () => () => {};
    const spaces = createSpaces([
      { id: "campus", kind: "site", name },
      { id: "a1", parent: "campus", kind: "building", name },
      { id: "b1", parent: "campus", kind: "building", name },
    ]);
    const command = (request: CommandRequest): CommandView => ({
      ...{ id: "c1", space: "a1", priority: "manualOverride", state: "queued", steps: [] },
      ...{ point: request.point, value: request.value, reason: request.reason, by: request.by },
    });
    return {
      clock: this.clock,
      log: silentLog,
      site: { id: "demo", name, zone: "Asia/Shanghai", demo: true },
      spaces,
      plant: {
        device: () => this.devices[0],
        devices: () => this.devices,
        point: (id) => this.points.find((known) => known.point === id),
        points: () => this.points,
        gateways: () => [],
        onCatalogue: none,
        onGateway: none,
      },
      latest: {
        get: (id) => this.samples.get(id),
        all: () => [...this.samples.values()],
        onSamples: (listener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
      },
      series: {
        latest: async () => [],
        raw: async () => {
          if (this.failure !== undefined) throw this.failure;
          return { samples: [...this.samples.values()] };
        },
        buckets: async ({ from }) => [
          { time: from, count: 2, min: 1, mean: 2, max: 3, first: 1, last: 3 },
        ],
        increase: async () => [],
      },
      appender: {
        append: async (request) => {
          this.appended.push(request);
          return { kind: "stored", position: this.appended.length };
        },
      },
      alarms: {
        list: () => [...this.alarms.values()],
        get: (id) => this.alarms.get(id),
        acknowledge: (id, by) => {
          const alarm = this.alarms.get(id);
          if (!alarm) throw new LamplighterError("NOT_FOUND", "no such alarm");
          return { ...alarm, history: [{ at: "2026-11-23T00:00:00Z", what: "acknowledged", by }] };
        },
        close: () => {
          throw new LamplighterError("CONFLICT", "it is still active");
        },
        shelve: () => {
          throw new LamplighterError("CONFLICT", "an emergency is never shelved");
        },
        unshelve: () => {
          throw new LamplighterError("CONFLICT", "it is not shelved");
        },
        onChange: none,
        frozen: () => new Map(),
        onFreeze: none,
      },
      commands: {
        submit: (request) => {
          this.submitted.push(request);
          return command(request);
        },
        get: () => undefined,
        list: () => [],
        onChange: none,
      },
      accounts: this.accounts,
      journal: this.journal,
      health: () => ({ status: "ok", version: "0", uptimeS: 1, components: {} }),
      gauges: [{ name: "lamplighter_test", help: "x", value: () => 7 }],
      version: "0",
    };
  }
}
