/** A gateway's buffer and uplink, and a server's ingest, joined by a real broker on a free port. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalogue, CataloguePoint } from "../../core/catalogue.ts";
import type { CommandMessage } from "../../core/command.ts";
import {
  connectionId,
  deviceId,
  gatewayId,
  type PointId,
  siteId,
  spaceId,
} from "../../core/ids.ts";
import { days, minutes } from "../../core/time.ts";
import type { SampleBuffer } from "../../gateway/buffer/buffer.ts";
import { Committer } from "../../gateway/buffer/committer.ts";
import { openDiskBuffer } from "../../gateway/buffer/open-buffer.ts";
import { Pipeline } from "../../gateway/pipeline/pipeline.ts";
import { lastWill, Uplink } from "../../gateway/uplink/uplink.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type Broker, startBroker } from "../../platform/mqtt-broker.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import { Database } from "../../platform/sqlite.ts";
import { createIngest, type Ingest } from "../../server/ingest/ingest.ts";
import type { SampleStore } from "../../server/store/store.ts";

export const SITE = siteId("test-site");
const ANYTHING = { publish: ["lamplighter/#"], subscribe: ["lamplighter/#"] };

export function testCatalogue(gateway: string, points: readonly string[]): Catalogue {
  const device = deviceId(`${gateway}-meter`);
  const label = { zh: "表", en: "Meter" };
  return {
    site: SITE,
    gateway: gatewayId(gateway),
    version: `v${points.length}`,
    devices: [
      {
        device,
        name: label,
        space: spaceId("room"),
        connection: connectionId("bus"),
        profile: "test/meter",
      },
    ],
    points: points.map(
      (name): CataloguePoint => ({
        point: `${device}/${name}` as PointId,
        device,
        kind: "gauge",
        unit: "W",
        quantity: "activePower",
        name: label,
        expectEvery: minutes(1),
        ...(name.startsWith("gas") ? { hazard: "combustibleGas" as const } : {}),
      }),
    ),
  };
}

export interface TestGateway {
  readonly buffer: SampleBuffer;
  readonly pipeline: Pipeline;
  readonly uplink: Uplink;
  readonly committer: Committer;
  readonly commands: CommandMessage[];
  stop(): Promise<void>;
}

export interface TestServer {
  readonly ingest: Ingest;
  stop(): Promise<void>;
}

/** A broker that tests stop and start; on the same address each time. */
export interface RigBroker {
  readonly access: { readonly url: string; readonly ca?: string };
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const RIG_USER = { username: "any", password: "any" } as const;

/** The embedded one, on a free port. */
export class EmbeddedRigBroker implements RigBroker {
  #broker: Broker | undefined;
  #port = 0;

  get access() {
    return { url: `mqtt://127.0.0.1:${this.#port}` };
  }

  async start(): Promise<void> {
    const { username, password } = RIG_USER;
    this.#broker = await startBroker({
      port: this.#port,
      users: new Map([[username, { password, ...ANYTHING }]]),
      limits: { packetBytesMax: 9_000_000, messagesPerSecondMax: 100_000 },
      clock: systemClock,
      log: silentLog,
    });
    this.#port = this.#broker.port;
  }

  async stop(): Promise<void> {
    await this.#broker?.close();
    this.#broker = undefined;
  }
}

export class UplinkRig {
  readonly folder: string;
  readonly broker: RigBroker;
  #databases = 0;

  constructor(
    broker: RigBroker = new EmbeddedRigBroker(),
    folder: string = mkdtempSync(join(tmpdir(), "uplink-")),
  ) {
    this.broker = broker;
    this.folder = folder;
  }

  get access() {
    return { ...this.broker.access, ...RIG_USER };
  }

  startGateway(catalogue: Catalogue, instance: string, dataFolder = instance): TestGateway {
    const { gateway } = catalogue;
    const options = {
      bytesMax: 50_000_000,
      storedBytesMax: 10_000_000,
      keep: days(30),
      keepStored: days(2),
    };
    const file = join(this.folder, dataFolder, "buffer.sqlite");
    const buffer = openDiskBuffer(file, systemClock, silentLog, options);
    const committer = new Committer(systemClock, silentLog, buffer);
    const address = { site: SITE, gateway };
    const client = connectMqtt({
      ...this.access,
      clientId: `${gateway}-${instance}`,
      will: lastWill(address, instance),
      clock: systemClock,
      log: silentLog,
    });
    const commands: CommandMessage[] = [];
    const uplink = new Uplink(
      systemClock,
      silentLog,
      { buffer, client },
      {
        address,
        instance,
        version: "test",
        catalogue: { version: catalogue.version, json: JSON.stringify(catalogue) },
        onCommand: (message) => commands.push(message),
      },
    );
    committer.onCommit(() => uplink.pump());
    const rules = new Map(
      catalogue.points.map((p) => [
        p.point,
        { kind: p.kind, isHazard: p.hazard !== undefined, deadband: 0, heartbeat: minutes(1) },
      ]),
    );
    const pipeline = new Pipeline(silentLog, committer, {
      rules,
      uplinkAwayFor: () => uplink.awayFor(),
    });
    const ending = new AbortController();
    const running = uplink.run(ending.signal);
    const stop = async (): Promise<void> => {
      ending.abort();
      await running;
      await client.close();
      committer.stop();
      buffer.close();
    };
    return { buffer, pipeline, uplink, committer, commands, stop };
  }

  async startServer(store: SampleStore, records = `${this.#databases++}`): Promise<TestServer> {
    const database = Database.open({ file: join(this.folder, `${records}.sqlite`) });
    const client = connectMqtt({
      ...this.access,
      clientId: "server",
      clock: systemClock,
      log: silentLog,
    });
    const parts = { client, store, database };
    const ingest = await createIngest(systemClock, silentLog, parts, SITE);
    const ending = new AbortController();
    const running = ingest.run(ending.signal);
    const stop = async (): Promise<void> => {
      ending.abort();
      await running;
      await client.close();
      database.close();
    };
    return { ingest, stop };
  }

  async close(): Promise<void> {
    await this.broker.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
