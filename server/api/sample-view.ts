/** Samples as the API shows them: with unit, age judged against what the point promises, and reasons. */
import type { Sample } from "../../core/sample.ts";
import { between, type Instant, instant, toIso } from "../../core/time.ts";
import type { PlantPoint } from "../plant.ts";
import type { BucketRow } from "../store/store.ts";
import type { BucketRowView, DeviceView, LatestView } from "./contract.ts";

export type RawRowView = Omit<LatestView, "point" | "unit" | "stale">;

export function rawRowView(sample: Sample): RawRowView {
  const base = { time: toIso(sample.time), timeSource: sample.timeSource };
  switch (sample.quality) {
    case "good":
      return { ...base, quality: "good", value: sample.value };
    case "uncertain":
      return { ...base, quality: "uncertain", value: sample.value, reason: sample.doubt };
    case "bad": {
      const bad = { ...base, quality: "bad", reason: sample.reason } as const;
      return sample.detail === undefined ? bad : { ...bad, detail: sample.detail };
    }
  }
}

export function latestView(sample: Sample, point: PlantPoint, now: Instant): LatestView {
  return {
    point: sample.point,
    ...rawRowView(sample),
    unit: point.unit,
    stale: isStale(sample, point, now),
  };
}

/** Events and texts do not age: nothing promises the next one. */
export const isStale = (sample: Sample, point: PlantPoint, now: Instant): boolean =>
  point.kind !== "event" && point.kind !== "text" && between(sample.time, now) > point.expectEvery;

/**
 * A device is online while any of its points shows a fresh value, offline when none does although some
 * once did or says why not, unknown before anything was heard of it.
 */
export function deviceState(
  samples: readonly { readonly sample: Sample; readonly point: PlantPoint }[],
  now: Instant,
): Pick<DeviceView, "state" | "lastSeen"> {
  let lastSeenMs = -1;
  let isOnline = false;
  for (const { sample, point } of samples) {
    if (sample.quality === "bad") continue;
    lastSeenMs = Math.max(lastSeenMs, sample.time);
    if (point.kind !== "event" && point.kind !== "text" && !isStale(sample, point, now)) {
      isOnline = true;
    }
  }
  const seen = lastSeenMs < 0 ? {} : { lastSeen: toIso(instant(lastSeenMs)) };
  if (isOnline) return { state: "online", ...seen };
  return { state: samples.length === 0 ? "unknown" : "offline", ...seen };
}

export const bucketRowView = (row: BucketRow): BucketRowView => ({
  time: toIso(row.time),
  count: row.count,
  min: row.min,
  mean: row.mean,
  max: row.max,
  last: row.last,
});
