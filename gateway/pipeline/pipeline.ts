/**
 * Takes what the sources offer, gives each sample its sequence, drops what did not change enough, and
 * hands the rest to the committer on the right lane. Keeps the newest sample of every point in memory
 * for commands and local actions.
 */

import { SEQUENCE_MAX } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import { type Sample, TEXT_VALUE_CHARACTERS_MAX } from "../../core/sample.ts";
import type { Duration, Instant } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Committer } from "../buffer/committer.ts";
import type { SampleSink, SourceValue } from "../sources/source.ts";
import { chooseLane } from "./lane.ts";
import { decidePassOn, type PassOnReason, type PassOnRule } from "./pass-on.ts";

export interface PipelineOptions {
  readonly rules: ReadonlyMap<PointId, PassOnRule>;
  /** How long the server has been away; 0 while it is there. */
  readonly uplinkAwayFor: () => Duration;
}

export interface PipelineCounts {
  readonly offered: number;
  readonly unchanged: number;
  readonly passedOn: number;
  readonly unknown: number;
}

interface PointMemory {
  newest: Sample;
  passedOn: Sample | undefined;
  /** Highest time seen and the sequence given last at it. */
  timeMax: Instant;
  sequence: number;
}

export class Pipeline implements SampleSink {
  readonly #log: Log;
  readonly #committer: Committer;
  readonly #options: PipelineOptions;
  readonly #memory = new Map<PointId, PointMemory>();
  readonly #listeners = new Set<(sample: Sample) => void>();
  #counts = { offered: 0, unchanged: 0, passedOn: 0, unknown: 0 };

  constructor(log: Log, committer: Committer, options: PipelineOptions) {
    this.#log = log;
    this.#committer = committer;
    this.#options = options;
  }

  offer(offered: SourceValue): void {
    this.#counts.offered++;
    const value = soundOf(offered);
    const rule = this.#options.rules.get(value.point);
    if (rule === undefined) {
      this.#counts.unknown++;
      this.#log.debug("sample of an unknown point", { point: value.point });
      return;
    }
    const memory = this.#memory.get(value.point);
    const sample: Sample = { ...value, sequence: sequenceFor(memory, value.time) };
    const reason = decidePassOn(rule, memory?.passedOn, value);
    this.#remember(memory, sample, reason);
    for (const listener of this.#listeners) listener(sample);
    if (reason === "unchanged") {
      this.#counts.unchanged++;
      return;
    }
    this.#counts.passedOn++;
    const lane = chooseLane(rule.isHazard, this.#options.uplinkAwayFor());
    const isPrecious = rule.isHazard || rule.kind === "event";
    this.#committer.add(sample, { lane, isPrecious, isUrgent: rule.isHazard });
  }

  keep(values: readonly SourceValue[]): Promise<void> {
    for (const value of values) this.offer(value);
    return this.#committer.durable();
  }

  newest(point: PointId): Sample | undefined {
    return this.#memory.get(point)?.newest;
  }

  /** Every sample, also the unchanged ones, in the order of offering. */
  onSample(listener: (sample: Sample) => void): void {
    this.#listeners.add(listener);
  }

  counts(): PipelineCounts {
    return { ...this.#counts };
  }

  #remember(memory: PointMemory | undefined, sample: Sample, reason: PassOnReason): void {
    if (memory === undefined) {
      const { time: timeMax, sequence } = sample;
      const passedOn = reason === "unchanged" ? undefined : sample;
      this.#memory.set(sample.point, { newest: sample, passedOn, timeMax, sequence });
      return;
    }
    memory.newest = sample;
    if (reason !== "unchanged") memory.passedOn = sample;
    if (sample.time >= memory.timeMax) {
      memory.timeMax = sample.time;
      memory.sequence = sample.sequence;
    }
  }
}

/** What no wire could carry is bad, whatever its source thought of it. */
function soundOf(offered: SourceValue): SourceValue {
  if (offered.quality === "bad") return offered;
  const { point, time, timeSource, value } = offered;
  const base = { point, time, timeSource, quality: "bad" } as const;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return offered;
    return { ...base, reason: "badPayload", detail: `${value} is no finite number` };
  }
  if (value.length <= TEXT_VALUE_CHARACTERS_MAX) return offered;
  return { ...base, reason: "tooLarge", detail: `a text of ${value.length} characters` };
}

/** 0 for the first sample of a millisecond, then one more for each further one. */
function sequenceFor(memory: PointMemory | undefined, time: Instant): number {
  if (memory === undefined || time !== memory.timeMax) return 0;
  return Math.min(memory.sequence + 1, SEQUENCE_MAX);
}
