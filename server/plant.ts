/**
 * What the rest of the server may ask about the campus: its spaces from `site.yaml`, and the devices and
 * points that gateways have announced. `ingest/registry.ts` and `spaces.ts` implement it.
 */
import type { CatalogueDevice, CataloguePoint } from "../core/catalogue.ts";
import type { DeviceId, GatewayId, PointId, SpaceId } from "../core/ids.ts";
import type { Sample } from "../core/sample.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { SpaceConfiguration } from "./configuration.ts";

export interface PlantDevice extends CatalogueDevice {
  readonly gateway: GatewayId;
}

/** A point with its space resolved: its own, or its device's. */
export interface PlantPoint extends Omit<CataloguePoint, "space"> {
  readonly gateway: GatewayId;
  readonly space: SpaceId;
}

export interface GatewayStatus {
  readonly gateway: GatewayId;
  readonly state: "online" | "offline";
  readonly since: Instant;
  readonly version?: string;
  readonly devices: number;
  readonly points: number;
  /** Gateway clock minus ours at its last birth. */
  readonly clockOffset?: Duration;
}

/** Ends what a subscription began. */
export type Unsubscribe = () => void;

export interface Plant {
  device(id: DeviceId): PlantDevice | undefined;
  devices(): readonly PlantDevice[];
  point(id: PointId): PlantPoint | undefined;
  points(): readonly PlantPoint[];
  gateways(): readonly GatewayStatus[];
  /** After devices or points changed. */
  onCatalogue(listener: () => void): Unsubscribe;
  onGateway(listener: (status: GatewayStatus) => void): Unsubscribe;
}

export interface Spaces {
  get(id: SpaceId): SpaceConfiguration | undefined;
  all(): readonly SpaceConfiguration[];
  /** The space itself and everything below it. */
  within(id: SpaceId): ReadonlySet<SpaceId>;
  /** From the site down to the space itself. */
  path(id: SpaceId): readonly SpaceId[];
}

/** The newest sample of every point, in memory, fed only with what is durable. */
export interface LatestValues {
  get(point: PointId): Sample | undefined;
  all(): readonly Sample[];
  /** Called with every batch of durable samples, in the order they were stored. */
  onSamples(listener: (samples: readonly Sample[], late: boolean) => void): Unsubscribe;
}
