/**
 * What a rule would have done over stored history: how often, when and how long it would have stood, and
 * which on-delay or hysteresis would have made it quieter. It reads the series page by page, point by
 * point, with the very machines of the engine, and changes nothing.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LamplighterError } from "../../../core/errors.ts";
import type { PointId } from "../../../core/ids.ts";
import type { Sample } from "../../../core/sample.ts";
import { type Duration, type Instant, later, milliseconds, seconds } from "../../../core/time.ts";
import type { PlantPoint, Spaces } from "../../plant.ts";
import type { RangeQuery, SeriesReader } from "../../store/store.ts";
import type { AlarmRule } from "../rule.ts";
import { PointIndex, select } from "../selection.ts";
import { createTracker, type Tracker, type TrackerTransition } from "../tracking/tracker.ts";

/** More history than this is refused; ask for fewer points or a shorter time. */
export const BACKTEST_SAMPLES_MAX = 30_000_000;
export const BACKTEST_POINTS_MAX = 1_000;
const EPISODES_LISTED_MAX = 200;
const WORST_LISTED_MAX = 10;
const ON_DELAYS_TRIED: readonly Duration[] = [seconds(10), seconds(30), seconds(60), seconds(300)];
/** Where a rule has no hysteresis, this share of its mildest limit is tried. */
const HYSTERESIS_SHARE = 0.02;

export interface Episode {
  readonly point: PointId;
  readonly from: Instant;
  /** Absent when it still stood at the end. */
  readonly to?: Instant;
  /** Gravest level, counted from 1; 1 for a sensor that was not proven. */
  readonly level: number;
}

export interface Variant {
  readonly onDelay?: Duration;
  readonly hysteresis?: number;
  readonly raises: number;
}

export interface BacktestReport {
  readonly points: number;
  readonly samples: number;
  readonly raises: number;
  readonly active: Duration;
  readonly longest: Duration;
  readonly worst: readonly { readonly point: PointId; readonly raises: number }[];
  /** The first ones, in the order of their points. */
  readonly episodes: readonly Episode[];
  readonly variants: readonly Variant[];
  /** Points whose unit the rule's limits do not convert to. */
  readonly misfits: readonly string[];
}

export interface BacktestParts {
  readonly points: readonly PlantPoint[];
  readonly spaces: Spaces;
  readonly series: Pick<SeriesReader, "raw">;
}

export interface BacktestRange {
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
}

/** Throws RANGE_TOO_LARGE, or what the store throws. Ends early with what it has when aborted. */
export async function runBacktest(
  rule: AlarmRule,
  parts: BacktestParts,
  range: BacktestRange,
  signal: AbortSignal,
): Promise<BacktestReport> {
  const points = select(rule.applies, new PointIndex(parts.points), parts.spaces);
  if (points.length > BACKTEST_POINTS_MAX) {
    throw tooLarge(`${points.length} points, at most ${BACKTEST_POINTS_MAX}`);
  }
  const tally = new Tally();
  const variants = variantsOf(rule).map((v) => ({ ...v, raises: 0 }));
  const misfits: string[] = [];
  for (const point of points) {
    const tracker = createTracker(rule, point, range.from);
    if (!tracker.ok) {
      misfits.push(`${point.point}: ${tracker.error}`);
      continue;
    }
    const query = { point: point.point, ...range };
    await replay(parts.series, query, signal, (sample) => {
      tally.take(tracker.value, sample);
      if (tally.samples > BACKTEST_SAMPLES_MAX) {
        throw tooLarge(`more than ${BACKTEST_SAMPLES_MAX} samples`);
      }
    });
    tally.end(tracker.value, range.to);
    // A point that never raised would not have been quieter: only the others are read again.
    if (tally.raisesOf(point.point) > 0) {
      const tried = variants.flatMap((variant) => {
        const made = createTracker(variant.rule, point, range.from);
        return made.ok ? [{ variant, tracker: made.value }] : [];
      });
      await replay(parts.series, query, signal, (sample) => {
        for (const { variant, tracker: one } of tried) {
          for (const change of one.take(live(sample))) if (isRaise(change)) variant.raises += 1;
        }
      });
    }
    if (signal.aborted) break;
  }
  return {
    ...tally.report(),
    variants: variants.map(({ rule: _, ...variant }) => variant),
    misfits,
  };
}

/** Page by page, with a pause after each, so that live samples never wait for a backtest. */
async function replay(
  series: Pick<SeriesReader, "raw">,
  query: RangeQuery,
  signal: AbortSignal,
  each: (sample: Sample) => void,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = await series.raw(query, after === undefined ? {} : { after });
    for (const sample of page.samples) each(sample);
    after = page.next;
    await nextTurn();
  } while (after !== undefined && !signal.aborted);
}

const tooLarge = (what: string): LamplighterError =>
  new LamplighterError(
    "RANGE_TOO_LARGE",
    `The backtest would take ${what}. Ask for a shorter time or fewer points.`,
  );

const live = (sample: Sample) => ({ sample, heardAt: sample.time, late: false });

const isRaise = (change: TrackerTransition): boolean =>
  change.transition.kind === "raised" || change.transition.kind === "lost";

/** Counts what happens; one point after the other. */
class Tally {
  samples = 0;
  #points = 0;
  #activeMs = 0;
  #longestMs = 0;
  readonly #raisesOf = new Map<PointId, number>();
  readonly #episodes: Episode[] = [];
  #open: { from: Instant; level: number } | undefined;
  #previous: Instant | undefined;

  take(tracker: Tracker, sample: Sample): void {
    this.samples += 1;
    if (this.#previous !== undefined) this.#silence(tracker, this.#previous, sample.time);
    this.#previous = sample.time;
    for (const change of tracker.take(live(sample))) this.#note(tracker, change);
  }

  end(tracker: Tracker, to: Instant): void {
    if (this.#previous !== undefined) this.#silence(tracker, this.#previous, to);
    if (this.#open !== undefined) this.#close(tracker.point.point, to, true);
    this.#points += 1;
    this.#previous = undefined;
  }

  raisesOf(point: PointId): number {
    return this.#raisesOf.get(point) ?? 0;
  }

  report(): Omit<BacktestReport, "variants" | "misfits"> {
    const worst = [...this.#raisesOf]
      .map(([point, raises]) => ({ point, raises }))
      .sort((a, b) => b.raises - a.raises);
    return {
      points: this.#points,
      samples: this.samples,
      raises: worst.reduce((sum, { raises }) => sum + raises, 0),
      active: milliseconds(this.#activeMs),
      longest: milliseconds(this.#longestMs),
      worst: worst.slice(0, WORST_LISTED_MAX),
      episodes: this.#episodes,
    };
  }

  /** A silence is noticed when it has lasted long enough, not when the next sample ends it. */
  #silence(tracker: Tracker, from: Instant, to: Instant): void {
    const { when } = tracker.rule;
    if (when.kind !== "notProven") return;
    const noticed = later(from, milliseconds(Math.max(when.after, tracker.point.expectEvery)));
    if (noticed >= to) return;
    for (const change of tracker.tick({ now: noticed, gatewayOnline: true })) {
      this.#note(tracker, change);
    }
  }

  #note(tracker: Tracker, { transition }: TrackerTransition): void {
    const { point } = tracker.point;
    switch (transition.kind) {
      case "raised":
      case "lost":
        this.#raisesOf.set(point, (this.#raisesOf.get(point) ?? 0) + 1);
        this.#open = {
          from: transition.at,
          level: transition.kind === "raised" ? transition.level : 1,
        };
        return;
      case "levelRose":
        if (this.#open !== undefined) this.#open.level = transition.level;
        return;
      case "returned":
      case "proven":
        this.#close(point, transition.at, false);
        return;
      default:
        return;
    }
  }

  #close(point: PointId, to: Instant, stands: boolean): void {
    if (this.#open === undefined) return;
    const { from, level } = this.#open;
    this.#open = undefined;
    this.#activeMs += to - from;
    this.#longestMs = Math.max(this.#longestMs, to - from);
    if (this.#episodes.length >= EPISODES_LISTED_MAX) return;
    this.#episodes.push({ point, from, level, ...(stands ? {} : { to }) });
  }
}

/** The same rule with a longer on-delay, or a wider hysteresis. */
function variantsOf(
  rule: AlarmRule,
): readonly (Omit<Variant, "raises"> & { readonly rule: AlarmRule })[] {
  const { when } = rule;
  if (when.kind !== "levels") return [];
  const longest = Math.max(...when.levels.map((level) => level.onDelay));
  const delayed = ON_DELAYS_TRIED.filter((onDelay) => onDelay > longest).map((onDelay) => ({
    onDelay,
    rule: {
      ...rule,
      when: { ...when, levels: when.levels.map((level) => ({ ...level, onDelay })) },
    },
  }));
  const mildest = Math.abs(when.levels[0]?.limit ?? 0);
  const hysteresis = when.hysteresis > 0 ? when.hysteresis * 2 : mildest * HYSTERESIS_SHARE;
  if (when.test === "is" || hysteresis === 0) return delayed;
  return [...delayed, { hysteresis, rule: { ...rule, when: { ...when, hysteresis } } }];
}
