/** How far back a chart looks and how finely: few hundred steps whatever the span, peaks kept. */
import type { Duration } from "../../../core/time.ts";
import type { PointView } from "../../api/contract.ts";
import { DAY, HOUR, MINUTE, ms, SECOND } from "../format/instant.ts";
import type { Range } from "../routes.ts";

export interface RangePlan {
  readonly span: Duration;
  /** Raw samples when absent. */
  readonly bucket?: { readonly name: string; readonly longest: Duration };
  readonly reloadEvery: Duration;
}

const FIVE_MINUTES = { name: "5m", longest: ms(5 * MINUTE) };
const HALF_HOUR = { name: "30m", longest: ms(30 * MINUTE) };
const ONE_HOUR = { name: "1h", longest: HOUR };
const ONE_DAY = { name: "day", longest: ms(25 * HOUR) };
const ONE_MONTH = { name: "month", longest: ms(31 * DAY + HOUR) };

const SPANS: Readonly<Record<Range, Duration>> = {
  "1h": HOUR,
  "24h": DAY,
  "7d": ms(7 * DAY),
  "30d": ms(30 * DAY),
  "1y": ms(365 * DAY),
};

const VALUE_BUCKETS: Readonly<Record<Range, RangePlan["bucket"]>> = {
  "1h": undefined,
  "24h": FIVE_MINUTES,
  "7d": HALF_HOUR,
  "30d": ONE_HOUR,
  "1y": ONE_DAY,
};

/** Counters are read as consumption per bucket: bars, so fewer and wider. */
const COUNTER_BUCKETS: Readonly<Record<Range, NonNullable<RangePlan["bucket"]>>> = {
  "1h": FIVE_MINUTES,
  "24h": ONE_HOUR,
  "7d": ONE_HOUR,
  "30d": ONE_DAY,
  "1y": ONE_MONTH,
};

export function planFor(point: Pick<PointView, "kind">, range: Range): RangePlan {
  const bucket = point.kind === "counter" ? COUNTER_BUCKETS[range] : VALUE_BUCKETS[range];
  const reloadEvery = range === "1h" ? ms(20 * SECOND) : ms(5 * MINUTE);
  const base = { span: SPANS[range], reloadEvery };
  return bucket ? { ...base, bucket } : base;
}
