/**
 * Pure: what goes first when the buffer is full. Batches that the server has stored go before anything
 * that waits; then the oldest back-fill, then what waits live, and hazard samples and events only after
 * everything else.
 */
import { LANES, type Lane } from "../../core/batch.ts";
import type { Duration } from "../../core/time.ts";
import type { LaneAccount } from "./numbering.ts";

export interface TrimOptions {
  readonly bytesMax: number;
  /** Stored batches are kept within this, for a server that comes back from a backup. */
  readonly storedBytesMax: number;
  readonly keepStored: Duration;
}

export interface TrimStep {
  readonly lane: Lane;
  readonly isPrecious: boolean;
  /** True: only what the server has. False: what waits. */
  readonly isStored: boolean;
  /** How much must go for the limit; 0 when only age may take it. */
  readonly bytes: number;
}

const ORDER: readonly { readonly lane: Lane; readonly isPrecious: boolean }[] = [
  { lane: "backfill", isPrecious: false },
  { lane: "live", isPrecious: false },
  { lane: "hazard", isPrecious: false },
  { lane: "backfill", isPrecious: true },
  { lane: "live", isPrecious: true },
  { lane: "hazard", isPrecious: true },
];

/** In the order to try; the first that removes anything is done and then planned anew. */
export function planTrim(
  lanes: Readonly<Record<Lane, LaneAccount>>,
  options: TrimOptions,
): readonly TrimStep[] {
  const sum = (of: (account: LaneAccount) => number): number =>
    LANES.reduce((total, lane) => total + of(lanes[lane]), 0);
  const over = Math.max(0, sum((a) => a.bytes) - options.bytesMax);
  const storedOver = Math.max(0, sum((a) => a.bytes - a.waitingBytes) - options.storedBytesMax);
  const stored = ORDER.map((o) => ({ ...o, isStored: true, bytes: Math.max(over, storedOver) }));
  const waiting = ORDER.map((o) => ({ ...o, isStored: false, bytes: over }));
  return [...stored, ...waiting];
}
