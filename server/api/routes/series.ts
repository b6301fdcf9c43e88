/** Values: the newest of each point, and history raw or in buckets. */
import { z } from "zod";
import { LamplighterError } from "../../../core/errors.ts";
import { parsePointId, spaceId } from "../../../core/ids.ts";
import { type Instant, parseDuration, parseInstant } from "../../../core/time.ts";
import type { Plant, PlantPoint } from "../../plant.ts";
import type { Bucket, SeriesReader } from "../../store/store.ts";
import {
  type LatestView,
  latestItem,
  latestQuery,
  type SeriesView,
  seriesItem,
  seriesQuery,
} from "../contract.ts";
import type { Api } from "../http-server.ts";
import type { ApiParts } from "../parts.ts";
import { bucketRowView, latestView, rawRowView } from "../sample-view.ts";

const RAW_LIMIT_DEFAULT = 1_000;

export function seriesRoutes(
  api: Api,
  { plant, latest, series, spaces, clock, site }: ApiParts,
): void {
  api.get(
    "/api/latest",
    {
      schema: {
        querystring: latestQuery,
        response: { 200: z.object({ items: z.array(latestItem) }) },
      },
    },
    ({ query }) => {
      const within = query.space === undefined ? undefined : spaces.within(spaceId(query.space));
      const points =
        query.point === undefined ? plant.points() : query.point.map((p) => known(plant, p));
      const now = clock.now();
      const items = points
        .filter((p) => within === undefined || within.has(p.space))
        .flatMap((p): LatestView[] => {
          const sample = latest.get(p.point);
          return sample === undefined ? [] : [latestView(sample, p, now)];
        });
      return { items };
    },
  );
  api.get(
    "/api/series",
    {
      schema: {
        querystring: seriesQuery,
        response: { 200: z.object({ items: z.array(seriesItem) }) },
      },
    },
    async ({ query }) => {
      const from = time(query.from, "from");
      const to = query.to === undefined ? clock.now() : time(query.to, "to");
      if (from >= to) throw invalid(`from (${query.from}) is not before to (${query.to ?? "now"})`);
      const points = (query.point ?? []).map((p) => known(plant, p));
      if (points.length === 0) throw invalid("at least one point= is needed");
      if (query.bucket === undefined) {
        const page = {
          limit: query.limit ?? RAW_LIMIT_DEFAULT,
          ...(query.after === undefined ? {} : { after: query.after }),
        };
        if (query.after !== undefined && points.length > 1) {
          throw invalid("after= continues the pages of one point; ask for that point alone");
        }
        return { items: await Promise.all(points.map((p) => raw(series, p, { from, to }, page))) };
      }
      const bucket = parseBucket(query.bucket, site.zone);
      const name = query.bucket;
      return {
        items: await Promise.all(
          points.map(async (p): Promise<SeriesView> => {
            const rows = await series.buckets({ point: p.point, from, to }, bucket);
            return { point: p.point, unit: p.unit, bucket: name, rows: rows.map(bucketRowView) };
          }),
        ),
      };
    },
  );
}

async function raw(
  series: SeriesReader,
  point: PlantPoint,
  range: { readonly from: Instant; readonly to: Instant },
  page: { readonly limit: number; readonly after?: string },
): Promise<SeriesView> {
  const { samples, next } = await series.raw({ point: point.point, ...range }, page);
  const item = { point: point.point, unit: point.unit, rows: samples.map(rawRowView) };
  return next === undefined ? item : { ...item, next };
}

export function parseBucket(text: string, zone: string): Bucket {
  if (text === "day" || text === "1d") return { kind: "day", zone };
  if (text === "month" || text === "1mo") return { kind: "month", zone };
  const length = parseDuration(text === "hour" ? "1h" : text);
  if (!length.ok || length.value < 1_000 || length.value > 86_400_000) {
    throw invalid(`bucket "${text}" is none of 1s to 24h (10s, 15m, 1h), day, month`);
  }
  return { kind: "duration", length: length.value };
}

function known(plant: Plant, text: string): PlantPoint {
  const id = parsePointId(text);
  if (!id.ok) throw invalid(id.error);
  const point = plant.point(id.value);
  if (point !== undefined) return point;
  throw new LamplighterError("NOT_FOUND", `No gateway has announced a point "${text}".`, {
    fields: { point: text },
  });
}

function time(text: string, name: string): Instant {
  const parsed = parseInstant(text);
  if (parsed.ok) return parsed.value;
  throw invalid(`${name}: ${parsed.error}`);
}

const invalid = (message: string): LamplighterError =>
  new LamplighterError("REQUEST_INVALID", message);
