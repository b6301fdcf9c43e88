/** A small plant for tests: a few rooms, points announced by hand, gateways that come and go. */
import type { CataloguePoint } from "../../core/catalogue.ts";
import {
  type deviceId,
  deviceOf,
  type GatewayId,
  gatewayId,
  type PointId,
  parsePointId,
  spaceId,
} from "../../core/ids.ts";
import type { BadReason, Doubt, Sample } from "../../core/sample.ts";
import { type Instant, instant, seconds } from "../../core/time.ts";
import type { SpaceConfiguration } from "../../server/configuration.ts";
import type { GatewayStatus, LatestValues, Plant, PlantPoint } from "../../server/plant.ts";
import { createSpaces } from "../../server/spaces.ts";

const label = (text: string): { zh: string; en: string } => ({ zh: text, en: text });

const rooms: readonly SpaceConfiguration[] = [
  { id: "campus", kind: "site", name: label("campus") },
  { id: "a1", parent: "campus", kind: "building", name: label("a1") },
  { id: "a1-101", parent: "a1", kind: "room", use: "classroom", name: label("101") },
  { id: "a1-lab", parent: "a1", kind: "room", use: "laboratory", name: label("lab") },
  { id: "a1-store", parent: "a1-lab", kind: "room", use: "storage", name: label("store") },
];

export const testSpaces = (extra: readonly SpaceConfiguration[] = []) =>
  createSpaces([...rooms, ...extra]);

export function pid(text: string): PointId {
  const parsed = parsePointId(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export class TestPlant implements Plant, LatestValues {
  readonly #points = new Map<PointId, PlantPoint>();
  readonly #gateways = new Map<GatewayId, GatewayStatus>();
  readonly #catalogueListeners = new Set<() => void>();
  readonly #gatewayListeners = new Set<(status: GatewayStatus) => void>();
  readonly #sampleListeners = new Set<(samples: readonly Sample[], late: boolean) => void>();

  constructor() {
    this.gateway("online");
  }

  announce(
    point: string,
    space: string,
    traits: Partial<CataloguePoint> & { quantity: string },
  ): PlantPoint {
    const id = pid(point);
    const announced: PlantPoint = {
      point: id,
      device: deviceOf(id),
      kind: "gauge",
      unit: "1",
      name: label(point),
      expectEvery: seconds(10),
      gateway: gatewayId("g1"),
      ...traits,
      space: spaceId(space),
    };
    this.#points.set(id, announced);
    for (const listener of this.#catalogueListeners) listener();
    return announced;
  }

  gateway(state: "online" | "offline", id = "g1"): void {
    const gateway = gatewayId(id);
    const status = { gateway, state, since: instant(0), devices: 1, points: 1 };
    this.#gateways.set(gateway, status);
    for (const listener of this.#gatewayListeners) listener(status);
  }

  device = (id: ReturnType<typeof deviceId>): undefined => void id;
  devices = (): readonly never[] => [];
  point = (id: PointId): PlantPoint | undefined => this.#points.get(id);
  points = (): readonly PlantPoint[] => [...this.#points.values()];
  gateways = (): readonly GatewayStatus[] => [...this.#gateways.values()];

  onCatalogue(listener: () => void): () => void {
    this.#catalogueListeners.add(listener);
    return () => this.#catalogueListeners.delete(listener);
  }

  onGateway(listener: (status: GatewayStatus) => void): () => void {
    this.#gatewayListeners.add(listener);
    return () => this.#gatewayListeners.delete(listener);
  }

  get = (): undefined => undefined;
  all = (): readonly Sample[] => [];

  onSamples(listener: (samples: readonly Sample[], late: boolean) => void): () => void {
    this.#sampleListeners.add(listener);
    return () => this.#sampleListeners.delete(listener);
  }

  hear(samples: readonly Sample[], late = false): void {
    for (const listener of this.#sampleListeners) listener(samples, late);
  }
}

export const good = (point: string, time: Instant, value: number | string): Sample => ({
  point: pid(point),
  time,
  sequence: 0,
  timeSource: "gateway",
  quality: "good",
  value,
});

export const bad = (point: string, time: Instant, reason: BadReason): Sample => ({
  point: pid(point),
  time,
  sequence: 0,
  timeSource: "gateway",
  quality: "bad",
  reason,
});

export const doubtful = (point: string, time: Instant, value: number, doubt: Doubt): Sample => ({
  point: pid(point),
  time,
  sequence: 0,
  timeSource: "gateway",
  quality: "uncertain",
  value,
  doubt,
});
