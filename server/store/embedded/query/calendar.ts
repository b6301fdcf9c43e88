/**
 * Where buckets begin and end: multiples of a length since 1970, or days and months of a zone, in which a
 * day may have 23 or 25 hours. Remembers the days it has worked out.
 */
import { LamplighterError } from "../../../../core/errors.ts";
import { days } from "../../../../core/time.ts";
import { BUCKETS_MAX, type Bucket } from "../../store.ts";

/** A longer bucket is a mistake in the question. */
export const BUCKET_LENGTH_MAX = days(366);
const ZONES_REMEMBERED_MAX = 16;
const DAY_MS = 86_400_000;

export interface Buckets {
  /** Where each bucket begins by the calendar; the first may begin before the range. */
  readonly starts: readonly number[];
  /** Where the buckets are cut within the range: one more than there are buckets. */
  readonly cuts: readonly number[];
}

export class Calendar {
  /** By zone: day number since 1970 → epoch milliseconds of its first moment there. */
  readonly #zones = new Map<string, Map<number, number>>();

  /** Throws REQUEST_INVALID or RANGE_TOO_LARGE. */
  buckets(range: { readonly from: number; readonly to: number }, bucket: Bucket): Buckets {
    const starts = this.#starts(range, bucket);
    const cuts = [range.from, ...starts.slice(1), range.to];
    return { starts, cuts };
  }

  /** The first moment of the day of a zone; `day` counts calendar days since 1970-01-01. */
  dayStart(zone: string, day: number): number {
    const known = this.#daysOf(zone);
    let start = known.get(day);
    if (start === undefined) {
      const date = Temporal.PlainDate.from("1970-01-01").add({ days: day });
      start = date.toZonedDateTime(zone).epochMilliseconds;
      known.set(day, start);
    }
    return start;
  }

  /** The calendar day in `zone` that contains the moment. */
  dayOf(zone: string, epochMs: number): number {
    let day = Math.floor(epochMs / DAY_MS);
    while (this.dayStart(zone, day) > epochMs) day -= 1;
    while (this.dayStart(zone, day + 1) <= epochMs) day += 1;
    return day;
  }

  #starts(range: { readonly from: number; readonly to: number }, bucket: Bucket): number[] {
    if (bucket.kind === "duration") return lengths(range, bucket.length);
    refuseUnknownZone(bucket.zone);
    const step = bucket.kind === "day" ? 1 : 28;
    refuseTooMany((range.to - range.from) / (DAY_MS * step));
    let day = this.dayOf(bucket.zone, range.from);
    if (bucket.kind === "month") day -= dateOf(day).day - 1;
    const starts: number[] = [];
    for (let at = this.dayStart(bucket.zone, day); at < range.to; ) {
      starts.push(at);
      day += bucket.kind === "day" ? 1 : dateOf(day).daysInMonth;
      at = this.dayStart(bucket.zone, day);
    }
    return starts;
  }

  #daysOf(zone: string): Map<number, number> {
    let known = this.#zones.get(zone);
    if (known === undefined) {
      if (this.#zones.size >= ZONES_REMEMBERED_MAX) this.#zones.clear();
      known = new Map();
      this.#zones.set(zone, known);
    }
    return known;
  }
}

const dateOf = (day: number): Temporal.PlainDate =>
  Temporal.PlainDate.from("1970-01-01").add({ days: day });

function lengths(range: { readonly from: number; readonly to: number }, length: number): number[] {
  if (!Number.isSafeInteger(length) || length <= 0 || length > BUCKET_LENGTH_MAX) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `A bucket of ${length} ms is not possible: it must be a whole number of milliseconds from 1 ms to 366 days.`,
    );
  }
  refuseTooMany((range.to - range.from) / length);
  const starts: number[] = [];
  for (let at = Math.floor(range.from / length) * length; at < range.to; at += length) {
    starts.push(at);
  }
  return starts;
}

function refuseTooMany(buckets: number): void {
  if (buckets <= BUCKETS_MAX) return;
  throw new LamplighterError(
    "RANGE_TOO_LARGE",
    `The range has ${Math.ceil(buckets)} buckets, allowed are ${BUCKETS_MAX}. Ask for longer buckets or a shorter range.`,
  );
}

function refuseUnknownZone(zone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
  } catch (error) {
    throw new LamplighterError(
      "REQUEST_INVALID",
      `"${zone}" is not a time zone. Use a name such as Asia/Shanghai.`,
      { cause: error },
    );
  }
}
