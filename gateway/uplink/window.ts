/**
 * Pure: which batches may be sent now. Each lane has a window of batches that are sent and not yet
 * acknowledged; the hazard lane goes first, then live, and back-fill takes what is left within a rate.
 * Only the server's own acknowledgement moves a window forward, whatever the broker says.
 */
import { LANES, type Lane } from "../../core/batch.ts";
import {
  type Duration,
  elapsed,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../core/time.ts";

/** Small for back-fill: what is already in the socket delays a hazard by the time it takes to leave. */
export const IN_FLIGHT_MAX: Readonly<Record<Lane, { batches: number; bytes: number }>> = {
  hazard: { batches: 64, bytes: 1024 * 1024 },
  live: { batches: 64, bytes: 4 * 1024 * 1024 },
  backfill: { batches: 16, bytes: 128 * 1024 },
};
/** After this long without a word the batches are sent again. */
export const ACK_TIMEOUT = seconds(10);
/** A server that keeps refusing is not asked more often than this. */
export const REWIND_PAUSE = seconds(1);
export const BACKFILL_BYTES_PER_SECOND_MAX = 2 * 1024 * 1024;

interface InFlight {
  readonly number: number;
  readonly bytes: number;
  readonly sentAt: Monotonic;
}

interface LaneWindow {
  storedThrough: number;
  sentThrough: number;
  inFlight: InFlight[];
  rewoundAt: Monotonic | undefined;
  rewindDueAt: Monotonic | undefined;
}

export interface SendWindow {
  readonly lanes: Readonly<Record<Lane, LaneWindow>>;
  /** Bytes of back-fill that may go now, and when they were counted. */
  allowance: { bytes: number; at: Monotonic };
}

export interface Send {
  readonly lane: Lane;
  readonly from: number;
  readonly batchesMax: number;
  readonly bytesMax: number;
}

export type AckVerdict = "advanced" | "same" | "rewind" | "below";

/** A fresh window after the server has said how far it has stored each lane. */
export function openWindow(
  storedThrough: Readonly<Record<Lane, number>>,
  now: Monotonic,
): SendWindow {
  const lane = (name: Lane): LaneWindow => ({
    storedThrough: storedThrough[name],
    sentThrough: storedThrough[name],
    inFlight: [],
    rewoundAt: undefined,
    rewindDueAt: undefined,
  });
  return {
    lanes: { hazard: lane("hazard"), live: lane("live"), backfill: lane("backfill") },
    allowance: { bytes: BACKFILL_BYTES_PER_SECOND_MAX, at: now },
  };
}

/** The next lane that may send, or undefined when every window is full or nothing waits. */
export function nextSend(
  window: SendWindow,
  last: Readonly<Record<Lane, number>>,
  now: Monotonic,
): Send | undefined {
  refill(window, now);
  for (const lane of LANES) {
    const { sentThrough, inFlight } = window.lanes[lane];
    if (sentThrough >= last[lane]) continue;
    const limit = IN_FLIGHT_MAX[lane];
    const bytesFree = limit.bytes - inFlight.reduce((sum, b) => sum + b.bytes, 0);
    const batchesFree = limit.batches - inFlight.length;
    if (bytesFree <= 0 || batchesFree <= 0) continue;
    if (lane === "backfill" && window.allowance.bytes <= 0) continue;
    return { lane, from: sentThrough + 1, batchesMax: batchesFree, bytesMax: bytesFree };
  }
  return undefined;
}

export function noteSent(
  window: SendWindow,
  lane: Lane,
  batch: { readonly number: number; readonly bytes: number; readonly at: Monotonic },
): void {
  const state = window.lanes[lane];
  state.inFlight.push({ number: batch.number, bytes: batch.bytes, sentAt: batch.at });
  state.sentThrough = batch.number;
  if (lane === "backfill") window.allowance.bytes -= batch.bytes;
}

/** `wasRefused`: the server got a batch out of turn or could not keep one above `storedThrough`. */
export function noteAck(
  window: SendWindow,
  ack: { readonly lane: Lane; readonly storedThrough: number; readonly wasRefused: boolean },
  now: Monotonic,
): AckVerdict {
  const state = window.lanes[ack.lane];
  if (ack.storedThrough < state.storedThrough) return "below";
  const hasAdvanced = ack.storedThrough > state.storedThrough;
  state.storedThrough = ack.storedThrough;
  state.sentThrough = Math.max(state.sentThrough, ack.storedThrough);
  state.inFlight = state.inFlight.filter((b) => b.number > ack.storedThrough);
  if (ack.wasRefused && state.inFlight.length > 0 && state.rewindDueAt === undefined) {
    const pauseEnd = (state.rewoundAt ?? Number.NEGATIVE_INFINITY) + REWIND_PAUSE;
    state.rewindDueAt = monotonic(Math.max(now, pauseEnd));
    return "rewind";
  }
  return hasAdvanced ? "advanced" : "same";
}

export type RewindReason = "refused" | "timeout";

/** Rewinds the lanes whose time has come; call it with each tick and after each acknowledgement. */
export function rewindDue(
  window: SendWindow,
  now: Monotonic,
): readonly { readonly lane: Lane; readonly reason: RewindReason }[] {
  return LANES.flatMap((lane) => {
    const state = window.lanes[lane];
    const reason = whyRewind(state, now);
    if (reason === undefined) return [];
    state.sentThrough = state.storedThrough;
    state.inFlight = [];
    state.rewoundAt = now;
    state.rewindDueAt = undefined;
    return [{ lane, reason }];
  });
}

function whyRewind(state: LaneWindow, now: Monotonic): RewindReason | undefined {
  if (state.rewindDueAt !== undefined && now >= state.rewindDueAt) return "refused";
  const oldest = state.inFlight[0];
  if (oldest !== undefined && elapsed(oldest.sentAt, now) >= ACK_TIMEOUT) return "timeout";
  return undefined;
}

/** How long the oldest unacknowledged batch has been under way. */
export function oldestInFlight(window: SendWindow, now: Monotonic): Duration {
  const ages = LANES.map((lane) => {
    const oldest = window.lanes[lane].inFlight[0];
    return oldest === undefined ? 0 : elapsed(oldest.sentAt, now);
  });
  return milliseconds(Math.max(...ages));
}

function refill(window: SendWindow, now: Monotonic): void {
  const { bytes, at } = window.allowance;
  const gained = (elapsed(at, now) / 1_000) * BACKFILL_BYTES_PER_SECOND_MAX;
  window.allowance = { bytes: Math.min(bytes + gained, BACKFILL_BYTES_PER_SECOND_MAX), at: now };
}
