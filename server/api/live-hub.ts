/**
 * What the open pages hear. Samples are gathered for 100 ms and only the newest of each point is told
 * (events and texts each by itself); alarms, commands and states at once. The last events are remembered,
 * so that a page that was away briefly resumes without asking for everything again.
 */
import type { Clock } from "../../core/clock.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { milliseconds } from "../../core/time.ts";
import type { LatestView } from "./contract.ts";

export const GATHER_TIME = milliseconds(100);
/** About a minute of a busy campus; a page away for longer gets `reset` and asks anew. */
export const REMEMBERED_EVENTS_MAX = 2_000;
export const REMEMBERED_BYTES_MAX = 16 * 1024 * 1024;
export const LISTENERS_MAX = 500;

export type LiveEventName = "samples" | "alarm" | "command" | "gateway" | "space" | "reset";

export interface LiveListener {
  /** One whole event in the form of the wire. */
  send(frame: string): void;
}

export class LiveHub {
  readonly #clock: Clock;
  readonly #view: (sample: Sample) => LatestView | undefined;
  /** Differs between starts of the server, so that a number of an earlier life is never resumed from. */
  readonly #life: string;
  readonly #listeners = new Set<LiveListener>();
  readonly #remembered: { readonly number: number; readonly frame: string }[] = [];
  #rememberedBytes = 0;
  #number = 0;
  #newest = new Map<PointId, Sample>();
  #each: Sample[] = [];
  #cancelGather: (() => void) | undefined;

  constructor(clock: Clock, view: (sample: Sample) => LatestView | undefined, life: string) {
    this.#clock = clock;
    this.#view = view;
    this.#life = life;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Samples join the next gathered event; hazards do not wait. */
  offer(samples: readonly Sample[], isUrgent: (sample: Sample) => boolean): void {
    let urgent = false;
    for (const sample of samples) {
      urgent ||= isUrgent(sample);
      if (sample.quality !== "bad" && typeof sample.value === "string") this.#each.push(sample);
      else this.#keepNewest(sample);
    }
    if (urgent) this.#flush();
    else this.#cancelGather ??= this.#clock.after(GATHER_TIME, () => this.#flush());
  }

  emit(name: Exclude<LiveEventName, "reset" | "samples">, data: unknown): void {
    this.#broadcast(name, data);
  }

  /**
   * Begins to listen. With the id of the last event seen, what came after it is sent first; when that is
   * no longer remembered (or never was), `reset` is.
   */
  listen(listener: LiveListener, lastEventId: string | undefined): () => void {
    const missed = lastEventId === undefined ? [] : this.#after(lastEventId);
    if (missed === undefined) listener.send(this.#frame("reset", {}, this.#number));
    else for (const frame of missed) listener.send(frame);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#cancelGather?.();
    this.#listeners.clear();
  }

  #keepNewest(sample: Sample): void {
    const known = this.#newest.get(sample.point);
    if (known === undefined || known.time <= sample.time) this.#newest.set(sample.point, sample);
  }

  #flush(): void {
    this.#cancelGather?.();
    this.#cancelGather = undefined;
    const items: LatestView[] = [];
    for (const sample of [...this.#newest.values(), ...this.#each]) {
      const view = this.#view(sample);
      if (view !== undefined) items.push(view);
    }
    this.#newest = new Map();
    this.#each = [];
    if (items.length > 0) this.#broadcast("samples", { items });
  }

  #broadcast(name: LiveEventName, data: unknown): void {
    this.#number += 1;
    const frame = this.#frame(name, data, this.#number);
    this.#remember(frame);
    for (const listener of this.#listeners) listener.send(frame);
  }

  #remember(frame: string): void {
    this.#remembered.push({ number: this.#number, frame });
    this.#rememberedBytes += frame.length;
    while (
      this.#remembered.length > REMEMBERED_EVENTS_MAX ||
      this.#rememberedBytes > REMEMBERED_BYTES_MAX
    ) {
      this.#rememberedBytes -= this.#remembered.shift()?.frame.length ?? 0;
    }
  }

  #after(lastEventId: string): readonly string[] | undefined {
    const [life, text] = lastEventId.split("-");
    const number = Number(text);
    const oldest = this.#number - this.#remembered.length;
    if (life !== this.#life || !Number.isInteger(number)) return undefined;
    if (number < oldest || number > this.#number) return undefined;
    return this.#remembered.filter((e) => e.number > number).map((e) => e.frame);
  }

  #frame(name: LiveEventName, data: unknown, number: number): string {
    return `id: ${this.#life}-${number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
