/** Counts what a broker retains, because the library's memory has no limit of its own. */

export interface RetainedLimits {
  /** Retained messages, all together. */
  readonly retainedMax: number;
  readonly retainedBytesMax: number;
}

export class RetainedAccount {
  readonly #limits: RetainedLimits;
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;
  #refused = 0;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#bytesOf.size;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Whether a message on `topic` may be retained; an empty one takes the old one away. */
  admit(topic: string, payloadBytes: number): boolean {
    const before = this.#bytesOf.get(topic);
    const rest = this.#bytes - (before ?? 0);
    if (payloadBytes === 0) {
      this.#bytesOf.delete(topic);
      this.#bytes = rest;
      return true;
    }
    const bytes = topic.length + payloadBytes;
    const isOneTooMany = before === undefined && this.size >= this.#limits.retainedMax;
    if (isOneTooMany || rest + bytes > this.#limits.retainedBytesMax) {
      this.#refused++;
      return false;
    }
    this.#bytesOf.set(topic, bytes);
    this.#bytes = rest + bytes;
    return true;
  }
}
