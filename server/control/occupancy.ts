/**
 * What a room's sensors and lamps have shown, and since when, pure. Only a good and fresh 0 says empty;
 * everything else (unknown, stale, bad, doubtful) counts as occupied. Times are those at which we heard.
 */
import type { Sample } from "../../core/sample.ts";
import type { Duration, Instant } from "../../core/time.ts";

export interface OccupancyEvidence {
  readonly heardAt: Instant;
  /** Since when an unbroken run of good samples has said 0; absent when the newest did not. */
  readonly emptySince?: Instant;
}

/** A gap longer than the point promises breaks the run: nobody knows who was there in between. */
export function occupancyAfter(
  before: OccupancyEvidence | undefined,
  input: { readonly sample: Sample; readonly heardAt: Instant; readonly expectEvery: Duration },
): OccupancyEvidence {
  const { sample, heardAt, expectEvery } = input;
  if (sample.quality !== "good" || sample.value !== 0) return { heardAt };
  const isUnbroken = before !== undefined && heardAt - before.heardAt <= expectEvery;
  return { heardAt, emptySince: (isUnbroken ? before.emptySince : undefined) ?? heardAt };
}

/** Since when it has been proven empty, or undefined for occupied. */
export function emptySince(
  evidence: OccupancyEvidence | undefined,
  now: Instant,
  expectEvery: Duration,
): Instant | undefined {
  if (evidence === undefined || now - evidence.heardAt > expectEvery) return undefined;
  return evidence.emptySince;
}

export interface OutputEvidence {
  readonly heardAt: Instant;
  /** What it shows now; absent while that is unknown. */
  readonly value?: number;
  /** The last value it ever showed. */
  readonly lastValue?: number;
  /** When it was last seen to be switched from off to on; by whom does not matter. */
  readonly switchedOnAt?: Instant;
}

export function outputAfter(
  before: OutputEvidence | undefined,
  input: { readonly sample: Sample; readonly heardAt: Instant },
): OutputEvidence {
  const { sample, heardAt } = input;
  const { value: _, ...known }: Partial<OutputEvidence> = before ?? {};
  if (sample.quality !== "good" || typeof sample.value !== "number") return { ...known, heardAt };
  const { value } = sample;
  const isSwitchedOn = value !== 0 && known.lastValue === 0;
  const switched = isSwitchedOn ? { switchedOnAt: heardAt } : {};
  return { ...known, ...switched, heardAt, value, lastValue: value };
}
