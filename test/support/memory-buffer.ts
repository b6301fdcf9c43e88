/** A buffer in memory; passes the same contract suite as the one on disk. */
import { LANES, type Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import { days, hours, type Instant } from "../../core/time.ts";
import { countBody, EMPTY_BODY, encodeBody, payloadOf } from "../../gateway/buffer/blob.ts";
import type {
  CommitPart,
  DroppedCount,
  LaneStatus,
  ReadLimits,
  Reconciliation,
  SampleBuffer,
  WireBatch,
} from "../../gateway/buffer/buffer.ts";
import { type LaneAccount, rebase } from "../../gateway/buffer/numbering.ts";
import { planTrim } from "../../gateway/buffer/trim.ts";
import type { BufferOptions } from "../contract/buffer-suite.ts";

interface Row {
  readonly lane: Lane;
  readonly number: number;
  readonly isPrecious: boolean;
  readonly time: Instant;
  body: string;
  samples: CommitPart["samples"];
}

const ROOMY: BufferOptions = {
  bytesMax: 1e9,
  storedBytesMax: 1e9,
  keep: days(30),
  keepStored: hours(48),
};

const perLane = <T>(make: (lane: Lane) => T): Record<Lane, T> => ({
  hazard: make("hazard"),
  live: make("live"),
  backfill: make("backfill"),
});

export class MemoryBuffer implements SampleBuffer {
  failWith: Error | undefined;
  onPart: (part: CommitPart) => void = () => {};
  #epoch = 1;
  #isFirst = true;
  #rows: Row[] = [];
  readonly #options: BufferOptions;
  readonly #accounts = perLane(() => ({ last: 0, stored: 0, base: 0 }));
  readonly #readThrough = perLane(() => 0);
  readonly #dropped = new Map<string, { point: PointId; lane: Lane; samples: number }>();

  constructor(options: BufferOptions = ROOMY) {
    this.#options = options;
  }

  epoch(): string {
    return `epoch-${this.#epoch}`;
  }

  commit(parts: readonly CommitPart[], now: Instant, dropped: readonly DroppedCount[] = []): void {
    if (this.failWith !== undefined) throw this.failWith;
    for (const part of parts) this.#insert(part, now);
    for (const count of dropped) this.#count(count.point, count.lane, count.samples);
    if (this.size().bytes > this.#options.bytesMax) this.trim(now);
  }

  hold(samples: CommitPart["samples"], now: Instant): boolean {
    this.#insert({ lane: "hazard", isPrecious: true, samples }, now);
    return true;
  }

  lane(lane: Lane): LaneStatus {
    const { last, stored, base } = this.#accounts[lane];
    const waiting = this.#rowsOf(lane).filter((row) => row.number > stored);
    return {
      storedThrough: stored - base,
      last: last - base,
      waitingSamples: waiting.reduce((sum, row) => sum + row.samples.length, 0),
      waitingBytes: waiting.reduce((sum, row) => sum + row.body.length, 0),
    };
  }

  read(lane: Lane, number: number, limits: ReadLimits): readonly WireBatch[] {
    const { last, base } = this.#accounts[lane];
    const rows = new Map(this.#rowsOf(lane).map((row) => [row.number, row]));
    const batches: WireBatch[] = [];
    let bytes = 0;
    for (let at = number + base; at <= last; at++) {
      if (batches.length >= limits.batchesMax || bytes >= limits.bytesMax) break;
      const row = rows.get(at);
      const header = { epoch: this.epoch(), lane, number: at - base };
      const payload = payloadOf(header, row?.body ?? EMPTY_BODY);
      bytes += payload.length;
      batches.push({ number: at - base, samples: row?.samples.length ?? 0, payload });
      this.#readThrough[lane] = Math.max(this.#readThrough[lane], at);
    }
    return batches;
  }

  acknowledge(lane: Lane, storedThrough: number): void {
    const account = this.#accounts[lane];
    const through = Math.min(storedThrough + account.base, account.last);
    account.stored = Math.max(account.stored, through);
  }

  reconcile(storedThrough: Readonly<Record<Lane, number>>): Reconciliation {
    const accounts = this.#full();
    const result = rebase(
      perLane((lane) => ({
        account: accounts[lane],
        storedThrough: storedThrough[lane],
        oldest: this.#rowsOf(lane)[0]?.number,
        lastAtOpen: this.#isFirst ? 0 : undefined,
      })),
    );
    this.#isFirst = false;
    if (result.kind === "renewed") this.#epoch++;
    for (const lane of LANES) Object.assign(this.#accounts[lane], result.positions[lane]);
    return result.kind;
  }

  trim(now: Instant): boolean {
    for (const step of planTrim(this.#full(), this.#options)) {
      const { stored } = this.#accounts[step.lane];
      const keep = step.isStored ? this.#options.keepStored : this.#options.keep;
      let freed = 0;
      const gone = this.#rowsOf(step.lane).filter((row) => {
        const isOurs =
          row.isPrecious === step.isPrecious && (!step.isStored || row.number <= stored);
        const isInFlight = row.number > stored && row.number <= this.#readThrough[step.lane];
        if (!isOurs || isInFlight || (freed >= step.bytes && row.time >= now - keep)) return false;
        freed += row.body.length;
        return true;
      });
      if (gone.length === 0) continue;
      this.#rows = this.#rows.filter((row) => !gone.includes(row));
      for (const row of gone.filter((r) => r.number > stored)) {
        for (const [point, samples] of countBody(row.body)) this.#count(point, row.lane, samples);
      }
      return true;
    }
    return false;
  }

  dropped(): readonly DroppedCount[] {
    return [...this.#dropped.values()].sort((a, b) => (a.point < b.point ? -1 : 1));
  }

  size(): { readonly bytes: number; readonly bytesMax: number } {
    const bytes = this.#rows.reduce((sum, row) => sum + row.body.length, 0);
    return { bytes, bytesMax: this.#options.bytesMax };
  }

  close(): void {}

  #insert(part: CommitPart, now: Instant): void {
    this.onPart(part);
    const { lane, isPrecious, samples } = part;
    const tail = this.#rowsOf(lane).findLast((row) => row.isPrecious === isPrecious);
    const mayGrow =
      lane === "backfill" &&
      tail !== undefined &&
      tail.number > this.#readThrough[lane] &&
      tail.samples.length + samples.length <= 1_000;
    if (mayGrow) {
      tail.samples = [...tail.samples, ...samples];
      tail.body = encodeBody(tail.samples);
      return;
    }
    const account = this.#accounts[lane];
    account.last++;
    const body = encodeBody(samples);
    this.#rows.push({ lane, number: account.last, isPrecious, time: now, body, samples });
  }

  #count(point: PointId, lane: Lane, samples: number): void {
    const key = `${lane} ${point}`;
    const count = this.#dropped.get(key) ?? { point, lane, samples: 0 };
    count.samples += samples;
    this.#dropped.set(key, count);
  }

  #rowsOf(lane: Lane): readonly Row[] {
    return this.#rows.filter((row) => row.lane === lane);
  }

  #full(): Record<Lane, LaneAccount> {
    return perLane((lane) => {
      const bytes = this.#rowsOf(lane).reduce((sum, row) => sum + row.body.length, 0);
      const { waitingBytes, waitingSamples } = this.lane(lane);
      return { ...this.#accounts[lane], bytes, waitingBytes, waitingSamples };
    });
  }
}
