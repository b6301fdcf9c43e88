/** The campus as it is: site, spaces, gateways, devices, points. */
import { z } from "zod";
import { spaceId } from "../../../core/ids.ts";
import { symbolOf } from "../../../core/quantity.ts";
import type { Sample } from "../../../core/sample.ts";
import { toIso } from "../../../core/time.ts";
import type { SpaceConfiguration } from "../../configuration.ts";
import type { GatewayStatus, PlantPoint } from "../../plant.ts";
import {
  type DeviceView,
  device,
  devicesQuery,
  type GatewayView,
  gateway,
  type PointView,
  point,
  pointsQuery,
  type SpaceView,
  site,
  space,
  spacesQuery,
} from "../contract.ts";
import type { Api } from "../http-server.ts";
import type { Alarms, ApiParts } from "../parts.ts";
import { deviceState } from "../sample-view.ts";

const page = <T extends z.ZodType>(item: T) => ({ 200: z.object({ items: z.array(item) }) });

export function plantRoutes(api: Api, parts: ApiParts): void {
  const { plant, spaces, latest, clock } = parts;
  api.get("/api/site", { schema: { response: { 200: site } } }, () => ({
    id: parts.site.id,
    name: parts.site.name,
    zone: parts.site.zone,
    demo: parts.site.demo,
  }));
  api.get(
    "/api/spaces",
    { schema: { querystring: spacesQuery, response: page(space) } },
    ({ query }) => {
      const within = query.space === undefined ? undefined : spaces.within(spaceId(query.space));
      const items = spaces
        .all()
        .filter((s) => within === undefined || within.has(spaceId(s.id)))
        .filter((s) => query.kind === undefined || s.kind === query.kind)
        .map((s) => spaceView(s, parts.alarms));
      return { items };
    },
  );
  api.get(
    "/api/devices",
    { schema: { querystring: devicesQuery, response: page(device) } },
    ({ query }) => {
      const within = query.space === undefined ? undefined : spaces.within(spaceId(query.space));
      const samples = samplesByDevice(plant.points(), (p) => latest.get(p.point));
      const now = clock.now();
      const items = plant
        .devices()
        .filter((d) => within === undefined || within.has(d.space))
        .filter((d) => query.gateway === undefined || d.gateway === query.gateway)
        .map(
          (d): DeviceView => ({
            id: d.device,
            name: d.name,
            space: d.space,
            gateway: d.gateway,
            profile: d.profile,
            ...deviceState(samples.get(d.device) ?? [], now),
          }),
        );
      return { items };
    },
  );
  api.get(
    "/api/points",
    { schema: { querystring: pointsQuery, response: page(point) } },
    ({ query }) => {
      const within = query.space === undefined ? undefined : spaces.within(spaceId(query.space));
      const items = plant
        .points()
        .filter((p) => within === undefined || within.has(p.space))
        .filter((p) => query.device === undefined || p.device === query.device)
        .filter((p) => query.kind === undefined || p.kind === query.kind)
        .map(pointView);
      return { items };
    },
  );
  api.get("/api/gateways", { schema: { response: page(gateway) } }, () => ({
    items: plant.gateways().map(gatewayView),
  }));
}

function samplesByDevice(
  points: readonly PlantPoint[],
  latestOf: (point: PlantPoint) => Sample | undefined,
): ReadonlyMap<string, { sample: Sample; point: PlantPoint }[]> {
  const byDevice = new Map<string, { sample: Sample; point: PlantPoint }[]>();
  for (const point of points) {
    const sample = latestOf(point);
    if (sample === undefined) continue;
    const list = byDevice.get(point.device);
    if (list === undefined) byDevice.set(point.device, [{ sample, point }]);
    else list.push({ sample, point });
  }
  return byDevice;
}

export function spaceView(s: SpaceConfiguration, alarms: Alarms): SpaceView {
  const frozen = alarms.frozen().get(spaceId(s.id));
  return {
    id: s.id,
    ...(s.parent === undefined ? {} : { parent: s.parent }),
    kind: s.kind,
    ...(s.use === undefined ? {} : { use: s.use }),
    name: s.name,
    ...(s.areaM2 === undefined ? {} : { areaM2: s.areaM2 }),
    ...(frozen === undefined
      ? {}
      : { frozen: { since: toIso(frozen.since), alarm: frozen.alarm } }),
  };
}

export function pointView(p: PlantPoint): PointView {
  const { command } = p;
  return {
    point: p.point,
    device: p.device,
    space: p.space,
    kind: p.kind,
    unit: p.unit,
    symbol: symbolOf(p.unit),
    quantity: p.quantity,
    name: p.name,
    expectEveryMs: p.expectEvery,
    ...(p.category === undefined ? {} : { category: p.category }),
    ...(p.hazard === undefined ? {} : { hazard: p.hazard }),
    ...(p.labels === undefined ? {} : { labels: { ...p.labels } }),
    ...(command === undefined ? {} : { command: commandTraitsView(command) }),
  };
}

function commandTraitsView(
  c: NonNullable<PlantPoint["command"]>,
): NonNullable<PointView["command"]> {
  return {
    ...(c.min === undefined ? {} : { min: c.min }),
    ...(c.max === undefined ? {} : { max: c.max }),
    ...(c.step === undefined ? {} : { step: c.step }),
    ...(c.values === undefined ? {} : { values: [...c.values] }),
    ...(c.fallback === undefined ? {} : { fallback: c.fallback }),
  };
}

export const gatewayView = (g: GatewayStatus): GatewayView => ({
  id: g.gateway,
  state: g.state,
  since: toIso(g.since),
  devices: g.devices,
  points: g.points,
  ...(g.version === undefined ? {} : { version: g.version }),
  ...(g.clockOffset === undefined ? {} : { clockOffsetMs: g.clockOffset }),
});
