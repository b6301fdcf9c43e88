/**
 * What a store of series must answer, worked out the slow and obvious way: all samples in a list, each
 * question a walk through it. Shares no code with any store.
 */
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { type Instant, instant } from "../../core/time.ts";
import type { Bucket, BucketRow, IncreaseRow, RangeQuery } from "../../server/store/store.ts";

export class StoreModel {
  readonly #samples = new Map<string, Sample>();

  append(samples: readonly Sample[]): void {
    for (const sample of samples) {
      this.#samples.set(`${sample.point} ${sample.time} ${sample.sequence}`, sample);
    }
  }

  raw({ point, from, to }: RangeQuery): readonly Sample[] {
    return this.#of(point).filter(({ time }) => time >= from && time < to);
  }

  latest(point: PointId): Sample | undefined {
    return this.#of(point).at(-1);
  }

  buckets(query: RangeQuery, bucket: Bucket): readonly BucketRow[] {
    const groups = new Map<number, number[]>();
    for (const { time, value } of numbers(this.raw(query))) {
      const start = startOf(time, bucket);
      groups.set(start, [...(groups.get(start) ?? []), value]);
    }
    return [...groups].map(([start, values]) => ({
      time: instant(start),
      count: values.length,
      min: Math.min(...values),
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      max: Math.max(...values),
      first: values[0] ?? 0,
      last: values.at(-1) ?? 0,
    }));
  }

  /** `gapMs` is the longest time between two samples that counts as covered. */
  increase(query: RangeQuery, bucket: Bucket, gapMs: number): readonly IncreaseRow[] {
    const rows: IncreaseRow[] = [];
    const all = numbers(this.#of(query.point));
    for (let start = startOf(query.from, bucket); start < query.to; ) {
      const next = nextAfter(start, bucket);
      const from = Math.max(start, query.from);
      const to = Math.min(next, query.to);
      const row = increaseWithin(all, { from, to }, gapMs);
      if (row !== undefined) rows.push({ time: instant(start), ...row });
      start = next;
    }
    return rows;
  }

  #of(point: PointId): readonly Sample[] {
    return [...this.#samples.values()]
      .filter((sample) => sample.point === point)
      .sort((a, b) => a.time - b.time || a.sequence - b.sequence);
  }
}

interface NumberAt {
  readonly time: Instant;
  readonly value: number;
}

const numbers = (samples: readonly Sample[]): readonly NumberAt[] =>
  samples.flatMap((sample) =>
    sample.quality === "bad" || typeof sample.value === "string"
      ? []
      : [{ time: sample.time, value: sample.value }],
  );

function increaseWithin(
  all: readonly NumberAt[],
  { from, to }: { readonly from: number; readonly to: number },
  gapMs: number,
): { readonly increase: number; readonly coverage: number } | undefined {
  let increase = 0;
  let covered = 0;
  let isKnown = false;
  all.forEach((later, i) => {
    const earlier = all[i - 1];
    if (earlier === undefined) return;
    const rise = Math.max(0, later.value - earlier.value);
    const span = later.time - earlier.time;
    const common = Math.min(to, later.time) - Math.max(from, earlier.time);
    if (span === 0 && later.time >= from && later.time < to) {
      increase += rise;
      isKnown = true;
    } else if (common > 0) {
      increase += (rise * common) / span;
      covered += span <= gapMs ? common : 0;
      isKnown = true;
    }
  });
  return isKnown ? { increase, coverage: covered / (to - from) } : undefined;
}

function startOf(time: number, bucket: Bucket): number {
  if (bucket.kind === "duration") return Math.floor(time / bucket.length) * bucket.length;
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(bucket.zone);
  const day = bucket.kind === "day" ? local : local.with({ day: 1 });
  return day.startOfDay().epochMilliseconds;
}

function nextAfter(start: number, bucket: Bucket): number {
  if (bucket.kind === "duration") return start + bucket.length;
  const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(bucket.zone);
  const next = local.toPlainDate().add(bucket.kind === "day" ? { days: 1 } : { months: 1 });
  return next.toZonedDateTime(bucket.zone).epochMilliseconds;
}
