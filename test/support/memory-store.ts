/** A store in memory with the append semantics of the real one: stored, replay or gap. */
import type { GatewayId, PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import type {
  AppendOutcome,
  AppendRequest,
  BucketRow,
  IncreaseRow,
  LaneState,
  LogEntry,
  RawPage,
  SampleStore,
  StoreStatistics,
} from "../../server/store/store.ts";

export class MemoryStore implements SampleStore {
  readonly entries: LogEntry[] = [];
  readonly #lanes = new Map<string, LaneState>();
  /** Set to make every append fail, as a full disk would. */
  failWith: Error | undefined;

  async append(request: AppendRequest): Promise<AppendOutcome> {
    await Promise.resolve();
    if (this.failWith !== undefined) throw this.failWith;
    const { gateway, epoch, lane, number } = request.origin;
    const key = `${gateway} ${epoch} ${lane}`;
    const known = this.#lanes.get(key);
    const storedThrough = known?.storedThrough ?? 0;
    if (number <= storedThrough) return { kind: "replay", storedThrough };
    if (number > storedThrough + 1) return { kind: "gap", storedThrough };
    this.#lanes.set(key, {
      gateway: gateway as GatewayId,
      epoch,
      lane,
      storedThrough: number,
      samples: (known?.samples ?? 0) + request.samples.length,
      refused: (known?.refused ?? 0) + request.refused,
    });
    const position = this.entries.length + 1;
    this.entries.push({
      position,
      origin: request.origin,
      receivedAt: request.receivedAt,
      samples: request.samples,
    });
    return { kind: "stored", position };
  }

  samples(): readonly Sample[] {
    return this.entries.flatMap((entry) => entry.samples);
  }

  async read(position: number, entriesMax: number): Promise<readonly LogEntry[]> {
    return this.entries.slice(position, position + entriesMax);
  }

  async waitBeyond(): Promise<void> {}

  end(): number {
    return this.entries.length;
  }

  async lanes(): Promise<readonly LaneState[]> {
    return [...this.#lanes.values()];
  }

  async release(): Promise<void> {}

  async latest(points?: readonly PointId[]): Promise<readonly Sample[]> {
    const newest = new Map<PointId, Sample>();
    for (const sample of this.samples()) {
      const known = newest.get(sample.point);
      if (known === undefined || sample.time >= known.time) newest.set(sample.point, sample);
    }
    return [...newest.values()].filter((s) => points === undefined || points.includes(s.point));
  }

  async raw(): Promise<RawPage> {
    return { samples: this.samples() };
  }

  async buckets(): Promise<readonly BucketRow[]> {
    return [];
  }

  async increase(): Promise<readonly IncreaseRow[]> {
    return [];
  }

  async statistics(): Promise<StoreStatistics> {
    const { length: logEntries } = this.entries;
    return { samples: this.samples().length, points: 0, bytes: 0, logEntries, chunks: 0 };
  }

  async close(): Promise<void> {}
}
