/**
 * What the gateway asks of its buffer: samples are durable in it until the server has stored them. The
 * disk and the memory buffer pass one contract suite (`test/contract/buffer-suite.ts`).
 */
import type { Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import type { Instant } from "../../core/time.ts";

/** Samples of one commit that become one batch of a lane. */
export interface CommitPart {
  readonly lane: Lane;
  /** Hazard samples and events: the last to go when the buffer overflows. */
  readonly isPrecious: boolean;
  readonly samples: readonly Sample[];
}

/** Samples that never reached the buffer or had to leave it unsent. */
export interface DroppedCount {
  readonly point: PointId;
  readonly lane: Lane;
  readonly samples: number;
}

/** A batch as it goes on the wire. */
export interface WireBatch {
  readonly number: number;
  readonly samples: number;
  readonly payload: string;
}

export interface LaneStatus {
  /** The server has stored everything up to this number. */
  readonly storedThrough: number;
  /** The highest number given so far; equal to `storedThrough` when nothing waits. */
  readonly last: number;
  readonly waitingSamples: number;
  readonly waitingBytes: number;
}

export interface ReadLimits {
  readonly batchesMax: number;
  readonly bytesMax: number;
}

/** `renewed`: the numbers no longer fit what the server has, so the buffer began a new epoch. */
export type Reconciliation = "agreed" | "rewound" | "renewed";

export interface SampleBuffer {
  epoch(): string;
  /**
   * Everything is durable when it returns, or throws (DISK_FULL) and nothing happened. Counts of samples
   * dropped on the way here become durable in the same transaction.
   */
  commit(parts: readonly CommitPart[], now: Instant, dropped?: readonly DroppedCount[]): void;
  /**
   * For hazards when `commit` has thrown: gives them a number and keeps them in memory for sending, until
   * the disk takes them with the next commit. False when there are too many.
   */
  hold(samples: readonly Sample[], now: Instant): boolean;
  lane(lane: Lane): LaneStatus;
  /** From `number` on, without a hole: numbers whose samples were dropped come as empty batches. */
  read(lane: Lane, number: number, limits: ReadLimits): readonly WireBatch[];
  /** The server's word while sending; a number below the current one is for `reconcile`. */
  acknowledge(lane: Lane, storedThrough: number): void;
  /** The server's word on all lanes after each connecting, which may be lower than before. */
  reconcile(storedThrough: Readonly<Record<Lane, number>>): Reconciliation;
  /** Makes room by the stated order, a bounded step at a time; true when there is more to do. */
  trim(now: Instant): boolean;
  dropped(): readonly DroppedCount[];
  /** Bytes of everything kept, and the limit. */
  size(): { readonly bytes: number; readonly bytesMax: number };
  close(): void;
}

/** Samples of one batch; half of what the server takes at most. */
export const COMMIT_SAMPLES_MAX = 5_000;
/** Characters of texts in one batch, so that three bytes each still fit a batch's size. */
export const COMMIT_TEXT_CHARACTERS_MAX = 1_000_000;
