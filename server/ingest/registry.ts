/**
 * Which devices and points exist, as their gateways announced them. Kept in the records database, so that
 * the server knows its points at start before any gateway is back.
 */
import type { Catalogue } from "../../core/catalogue.ts";
import { parseCatalogue } from "../../core/catalogue.ts";
import type { Clock } from "../../core/clock.ts";
import {
  type DeviceId,
  type GatewayId,
  gatewayId,
  type PointId,
  parsePointId,
} from "../../core/ids.ts";
import { type Duration, type Instant, instant } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { GatewayStatus, Plant, PlantDevice, PlantPoint, Unsubscribe } from "../plant.ts";
import { INGEST_MIGRATIONS } from "./records.ts";

/** Offsets of a gateway's clock are kept when they change by more than this. */
const OFFSET_CHANGE_KEPT_MS = 1_000;

export interface StatusChange {
  readonly state: GatewayStatus["state"];
  readonly version?: string;
  readonly clockOffset?: Duration;
}

/** `retired`: announced once and no more, so that what a buffer still holds of it is welcome. */
export type Standing =
  | { readonly kind: "announced"; readonly point: PlantPoint }
  | { readonly kind: "retired" }
  | { readonly kind: "foreign"; readonly gateway: GatewayId }
  | { readonly kind: "unknown" };

interface Entry {
  catalogue: Catalogue | undefined;
  status: GatewayStatus;
}

export class Registry implements Plant {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #db: Database;
  readonly #gateways = new Map<GatewayId, Entry>();
  readonly #devices = new Map<DeviceId, PlantDevice>();
  readonly #points = new Map<PointId, PlantPoint>();
  readonly #everAnnounced = new Map<PointId, GatewayId>();
  readonly #catalogueListeners = new Set<() => void>();
  readonly #gatewayListeners = new Set<(status: GatewayStatus) => void>();

  constructor(clock: Clock, log: Log, database: Database) {
    this.#clock = clock;
    this.#log = log;
    this.#db = database;
    database.migrate("ingest", INGEST_MIGRATIONS);
    this.#load();
  }

  device(id: DeviceId): PlantDevice | undefined {
    return this.#devices.get(id);
  }

  devices(): readonly PlantDevice[] {
    return [...this.#devices.values()];
  }

  point(id: PointId): PlantPoint | undefined {
    return this.#points.get(id);
  }

  points(): readonly PlantPoint[] {
    return [...this.#points.values()];
  }

  gateways(): readonly GatewayStatus[] {
    return [...this.#gateways.values()].map((entry) => entry.status);
  }

  onCatalogue(listener: () => void): Unsubscribe {
    this.#catalogueListeners.add(listener);
    return () => this.#catalogueListeners.delete(listener);
  }

  onGateway(listener: (status: GatewayStatus) => void): Unsubscribe {
    this.#gatewayListeners.add(listener);
    return () => this.#gatewayListeners.delete(listener);
  }

  /** Version of the catalogue known from this gateway, if any. */
  catalogueVersion(gateway: GatewayId): string | undefined {
    return this.#gateways.get(gateway)?.catalogue?.version;
  }

  status(gateway: GatewayId): GatewayStatus | undefined {
    return this.#gateways.get(gateway)?.status;
  }

  standing(gateway: GatewayId, id: PointId): Standing {
    const point = this.#points.get(id);
    if (point !== undefined) {
      if (point.gateway === gateway) return { kind: "announced", point };
      return { kind: "foreign", gateway: point.gateway };
    }
    return this.#everAnnounced.get(id) === gateway ? { kind: "retired" } : { kind: "unknown" };
  }

  /** Takes a birth. Devices that another gateway has announced stay with that one. */
  announce(catalogue: Catalogue): void {
    const { gateway } = catalogue;
    if (this.catalogueVersion(gateway) === catalogue.version) return;
    const own = this.#withoutForeign(catalogue);
    const now = this.#clock.now();
    this.#db.transaction(() => {
      this.#db
        .prepare("INSERT OR REPLACE INTO gateway VALUES (?, ?, ?, ?, ?)")
        .run(gateway, own.site, own.version, JSON.stringify(own), now);
      const remember = this.#db.prepare("INSERT OR REPLACE INTO announced_point VALUES (?, ?)");
      for (const { point } of own.points) {
        if (this.#everAnnounced.get(point) !== gateway) remember.run(point, gateway);
      }
    });
    this.#log.info("catalogue taken", {
      gateway,
      version: own.version,
      devices: own.devices.length,
      points: own.points.length,
    });
    this.#replace(own, now);
    for (const listener of this.#catalogueListeners) listener();
  }

  setStatus(gateway: GatewayId, change: StatusChange): void {
    const entry = this.#entry(gateway);
    const before = entry.status;
    const since = before.state === change.state ? before.since : this.#clock.now();
    entry.status = { ...before, ...change, since };
    this.#keepOffset(gateway, before.clockOffset, change.clockOffset);
    if (before.state === change.state && before.clockOffset === change.clockOffset) return;
    for (const listener of this.#gatewayListeners) listener(entry.status);
  }

  #load(): void {
    const rows = this.#db.prepare("SELECT gateway, catalogue, announced_at FROM gateway").all();
    for (const row of rows) {
      const parsed = parseCatalogue(JSON.parse(String(row.catalogue)));
      if (parsed.ok) this.#replace(parsed.value, instant(Number(row.announced_at)));
      else this.#log.warn("kept catalogue not understood", { gateway: row.gateway });
    }
    for (const row of this.#db.prepare("SELECT point, gateway FROM announced_point").iterate()) {
      const point = parsePointId(String(row.point));
      if (point.ok) this.#everAnnounced.set(point.value, gatewayId(String(row.gateway)));
    }
  }

  #replace(catalogue: Catalogue, now: Instant): void {
    const { gateway } = catalogue;
    const entry = this.#entry(gateway, now);
    for (const { device } of entry.catalogue?.devices ?? []) this.#devices.delete(device);
    for (const { point } of entry.catalogue?.points ?? []) this.#points.delete(point);
    for (const device of catalogue.devices) {
      this.#devices.set(device.device, { ...device, gateway });
    }
    for (const point of catalogue.points) {
      const space = point.space ?? this.#devices.get(point.device)?.space;
      if (space !== undefined) this.#points.set(point.point, { ...point, gateway, space });
      this.#everAnnounced.set(point.point, gateway);
    }
    entry.catalogue = catalogue;
    const { length: devices } = catalogue.devices;
    entry.status = { ...entry.status, devices, points: catalogue.points.length };
  }

  #withoutForeign(catalogue: Catalogue): Catalogue {
    const isForeign = (device: DeviceId): boolean => {
      const known = this.#devices.get(device);
      return known !== undefined && known.gateway !== catalogue.gateway;
    };
    const foreign = catalogue.devices.filter(({ device }) => isForeign(device));
    if (foreign.length === 0) return catalogue;
    this.#log.error("devices refused: another gateway has announced them", {
      gateway: catalogue.gateway,
      devices: foreign.slice(0, 20).map(({ device }) => device),
      count: foreign.length,
      owners: [...new Set(foreign.map(({ device }) => this.#devices.get(device)?.gateway))],
    });
    return {
      ...catalogue,
      devices: catalogue.devices.filter(({ device }) => !isForeign(device)),
      points: catalogue.points.filter(({ device }) => !isForeign(device)),
    };
  }

  #keepOffset(gateway: GatewayId, before: Duration | undefined, now: Duration | undefined): void {
    if (now === undefined) return;
    if (before !== undefined && Math.abs(now - before) < OFFSET_CHANGE_KEPT_MS) return;
    this.#db
      .prepare("INSERT OR REPLACE INTO clock_offset VALUES (?, ?, ?)")
      .run(gateway, this.#clock.now(), Math.round(now));
  }

  #entry(gateway: GatewayId, since: Instant = this.#clock.now()): Entry {
    const known = this.#gateways.get(gateway);
    if (known !== undefined) return known;
    const status: GatewayStatus = { gateway, state: "offline", since, devices: 0, points: 0 };
    const entry: Entry = { catalogue: undefined, status };
    this.#gateways.set(gateway, entry);
    return entry;
  }
}
