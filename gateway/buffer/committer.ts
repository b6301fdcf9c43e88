/**
 * Group commit: samples wait at most a moment and then become durable together, one batch per lane. The
 * moment is long enough to share a disk sync among many samples and, for hazards, short enough not to be
 * felt. While the disk refuses, samples wait here within a limit and the oldest ordinary ones go first.
 */
import type { Lane } from "../../core/batch.ts";
import type { Clock } from "../../core/clock.ts";
import { hasCode, wordsOf } from "../../core/errors.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { type Duration, milliseconds } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import {
  COMMIT_SAMPLES_MAX,
  COMMIT_TEXT_CHARACTERS_MAX,
  type CommitPart,
  type DroppedCount,
  type SampleBuffer,
} from "./buffer.ts";

export const COMMIT_AFTER = milliseconds(250);
/** Sources that wait for durability before they answer their device. */
export const COMMIT_KEPT_AFTER = milliseconds(20);
/** Hazards of one poll share a sync. */
export const COMMIT_HAZARD_AFTER = milliseconds(5);
export const COMMIT_RETRY_AFTER = milliseconds(1_000);
/** About 50 MB; reached only while the disk refuses. */
export const PENDING_SAMPLES_MAX = 200_000;

export interface Placement {
  readonly lane: Lane;
  readonly isPrecious: boolean;
  /** Committed at once, by itself. */
  readonly isUrgent: boolean;
}

interface Group {
  readonly lane: Lane;
  readonly isPrecious: boolean;
  samples: Sample[];
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Committer {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #buffer: SampleBuffer;
  #urgent = new Map<string, Group>();
  #ordinary = new Map<string, Group>();
  #pending = 0;
  #waiters: Waiter[] = [];
  #dropped = new Map<string, { point: PointId; lane: Lane; samples: number }>();
  readonly #listeners = new Set<() => void>();
  #damagedListener: (error: unknown) => void = () => {};
  #cancelUrgent: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #isRefused = false;
  #isStopped = false;

  constructor(clock: Clock, log: Log, buffer: SampleBuffer) {
    this.#clock = clock;
    this.#log = log;
    this.#buffer = buffer;
  }

  add(sample: Sample, placement: Placement): void {
    const groups = placement.isUrgent ? this.#urgent : this.#ordinary;
    const key = `${placement.lane} ${placement.isPrecious}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { lane: placement.lane, isPrecious: placement.isPrecious, samples: [] };
      groups.set(key, group);
    }
    group.samples.push(sample);
    this.#pending++;
    if (this.#pending > PENDING_SAMPLES_MAX) this.#dropSome();
    if (placement.isUrgent) this.#scheduleUrgent();
    else this.#schedule(COMMIT_AFTER);
  }

  /** Resolves when everything added so far is durable; rejects when this ends before it is. */
  durable(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.#schedule(COMMIT_KEPT_AFTER);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** After every commit that made something durable. */
  onCommit(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** When the buffer's file turned out to be damaged: nothing can be committed to it any more. */
  onDamaged(listener: (error: unknown) => void): void {
    this.#damagedListener = listener;
  }

  /** True while the disk refuses. */
  isRefused(): boolean {
    return this.#isRefused;
  }

  /** Commits what is left; nothing may be added after it. */
  stop(): void {
    if (this.#isStopped) return;
    this.#commitAll();
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancelUrgent?.();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error("the buffer is closed"));
  }

  #scheduleUrgent(): void {
    if (this.#cancelUrgent !== undefined || this.#isStopped) return;
    this.#cancelUrgent = this.#clock.after(COMMIT_HAZARD_AFTER, () => {
      this.#cancelUrgent = undefined;
      this.#commit([...this.#urgent.values()]);
    });
  }

  #schedule(after: Duration): void {
    const dueMs = this.#clock.monotonic() + after;
    if (dueMs >= this.#dueMs || this.#isRefused || this.#isStopped) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    this.#cancel = this.#clock.after(after, () => this.#commitAll());
  }

  #commitAll(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    const waiters = this.#waiters;
    this.#waiters = [];
    const error = this.#commit([...this.#urgent.values(), ...this.#ordinary.values()]);
    if (error !== undefined) {
      this.#waiters.unshift(...waiters);
      return;
    }
    for (const waiter of waiters) waiter.resolve();
  }

  /** Returns what went wrong; the groups then stay for the next try. */
  #commit(groups: readonly Group[]): unknown {
    const parts = groups.flatMap(splitIntoParts);
    const dropped: readonly DroppedCount[] = [...this.#dropped.values()];
    if (parts.length === 0 && dropped.length === 0) return undefined;
    try {
      this.#buffer.commit(parts, this.#clock.now(), dropped);
    } catch (error) {
      if (hasCode(error, "DATABASE_DAMAGED")) this.#damagedListener(error);
      this.#retryLater(error);
      this.#holdHazards(groups);
      return error;
    }
    this.#dropped.clear();
    for (const group of groups) {
      this.#pending -= group.samples.length;
      group.samples = [];
    }
    if (this.#isRefused) {
      this.#isRefused = false;
      this.#log.info("buffer takes samples again", {});
      if (this.#pending > 0) this.#schedule(COMMIT_AFTER);
    }
    for (const listener of this.#listeners) listener();
    return undefined;
  }

  /** Hazards flow on from memory while the disk refuses. */
  #holdHazards(groups: readonly Group[]): void {
    for (const group of groups) {
      const isHazard = group.lane === "hazard" && group.samples.length > 0;
      if (!isHazard || !this.#buffer.hold(group.samples, this.#clock.now())) continue;
      this.#pending -= group.samples.length;
      group.samples = [];
    }
    for (const listener of this.#listeners) listener();
  }

  #retryLater(error: unknown): void {
    if (!this.#isRefused) {
      const what = hasCode(error, "DISK_FULL") ? "disk is full" : "buffer refuses samples";
      this.#log.error(what, { why: wordsOf(error), pending: this.#pending });
    }
    this.#isRefused = true;
    if (this.#isStopped || this.#cancel !== undefined) return;
    this.#dueMs = this.#clock.monotonic() + COMMIT_RETRY_AFTER;
    this.#cancel = this.#clock.after(COMMIT_RETRY_AFTER, () => this.#commitAll());
  }

  #dropSome(): void {
    const groups = [...this.#ordinary.values(), ...this.#urgent.values()];
    const group =
      groups.find((g) => !g.isPrecious && g.samples.length > 0) ??
      groups.find((g) => g.samples.length > 0);
    if (group === undefined) return;
    const gone = group.samples.splice(0, Math.ceil(PENDING_SAMPLES_MAX / 100));
    this.#pending -= gone.length;
    for (const { point } of gone) {
      const key = `${group.lane} ${point}`;
      const count = this.#dropped.get(key) ?? { point, lane: group.lane, samples: 0 };
      count.samples++;
      this.#dropped.set(key, count);
    }
  }
}

function splitIntoParts(group: Group): readonly CommitPart[] {
  const parts: CommitPart[] = [];
  let start = 0;
  let characters = 0;
  const cut = (end: number): void => {
    if (end > start) {
      const { lane, isPrecious } = group;
      parts.push({ lane, isPrecious, samples: group.samples.slice(start, end) });
    }
    start = end;
    characters = 0;
  };
  group.samples.forEach((sample, i) => {
    if (i - start >= COMMIT_SAMPLES_MAX || characters >= COMMIT_TEXT_CHARACTERS_MAX) cut(i);
    if (sample.quality !== "bad" && typeof sample.value === "string") {
      characters += sample.value.length;
    }
  });
  cut(group.samples.length);
  return parts;
}
