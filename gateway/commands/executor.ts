/**
 * Carries out the server's commands: refuses what must be refused, keeps who holds each output, writes,
 * reads back, and says each step. One output does one thing at a time; a newer wish overtakes one that
 * has not begun. When leases end, the next holder or the fallback is written, also without the server.
 */
import type { Clock } from "../../core/clock.ts";
import type { CommandMessage, CommandReply, CommandWhy } from "../../core/command.ts";
import { wordsOf } from "../../core/errors.ts";
import { type PointId, parsePointId } from "../../core/ids.ts";
import {
  elapsed,
  type Instant,
  instant,
  later,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { GatewayPoint } from "../plant.ts";
import type { SampleSink, Source } from "../sources/source.ts";
import type { Freeze } from "./freeze.ts";
import { expire, type Hold, type Holders, type Placement, place, withdraw } from "./holders.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { type OutputResult, switchOutput, verify, wasSwitchedByHand } from "./output.ts";
import { whyRefused } from "./refuse.ts";

const TICK = seconds(1);
/** A fallback that the device did not take is tried again after this. */
const RETRY_AFTER = seconds(5);

export interface ExecutorParts {
  readonly points: ReadonlyMap<PointId, GatewayPoint>;
  readonly sourceOf: (point: GatewayPoint) => Source | undefined;
  readonly freeze: Freeze;
  readonly journal: Journal;
  readonly sink: SampleSink;
  readonly reply: (reply: CommandReply) => void;
}

type HeldHigher = Extract<Placement, { kind: "heldHigher" }>;

interface Job {
  readonly message: CommandMessage;
  readonly arrivedAt: Monotonic;
}

interface Output {
  holders: Holders;
  isBusy: boolean;
  next: Job | undefined;
  writtenAt: Monotonic | undefined;
  retryAt: Monotonic;
}

export class Executor {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #parts: ExecutorParts;
  readonly #outputs = new Map<PointId, Output>();
  readonly #running = new Set<Promise<void>>();
  readonly #steadyStart: { readonly wall: Instant; readonly at: Monotonic };
  readonly #ending = new AbortController();

  constructor(clock: Clock, log: Log, parts: ExecutorParts) {
    this.#clock = clock;
    this.#log = log;
    this.#parts = parts;
    this.#steadyStart = { wall: clock.now(), at: clock.monotonic() };
    for (const [point, holders] of parts.journal.holders()) this.#output(point).holders = holders;
  }

  /** Until the signal aborts: what a restart interrupted, then leases as they end. */
  async run(signal: AbortSignal): Promise<void> {
    for (const entry of this.#parts.journal.unfinished()) this.#track(this.#finish(entry));
    for (const [id, output] of this.#outputs) this.#reestablish(id, output);
    while (!signal.aborted) {
      for (const [id, output] of this.#outputs) this.#endLeases(id, output);
      await this.#clock.sleep(TICK, signal);
    }
    this.#ending.abort();
    await Promise.all(this.#running);
  }

  /** Never throws and never waits: each step is said through `reply`. */
  handle(message: CommandMessage): void {
    const known = this.#parts.journal.find(message.id);
    if (known !== undefined) {
      if (known.reply !== undefined) this.#parts.reply(known.reply);
      return;
    }
    this.#parts.journal.begin(message);
    const point = this.#parts.points.get(message.point);
    const frozenBy = point && this.#parts.freeze.frozenBy(point.space);
    const refusal = whyRefused(message, { point: point?.announced, frozenBy });
    if (refusal !== undefined) {
      this.#end(message, "refused", refusal);
      return;
    }
    const output = this.#output(message.point);
    const placement = place(output.holders, this.#holdOf(message), this.#now());
    if (placement.kind === "heldHigher") {
      this.#heldHigher(message, placement);
      return;
    }
    if (output.next !== undefined) {
      const detail = "A newer command for the same output came before this one began.";
      this.#end(output.next.message, "failed", { why: "overtaken", detail });
    }
    output.next = { message, arrivedAt: this.#clock.monotonic() };
    this.#start(message.point, output);
  }

  /** Who holds each output, highest first. */
  holders(point: PointId): Holders {
    return this.#outputs.get(point)?.holders ?? [];
  }

  #start(id: PointId, output: Output): void {
    if (output.isBusy || output.next === undefined) return;
    const job = output.next;
    output.next = undefined;
    this.#occupy(id, output, () => this.#execute(job, output));
  }

  #occupy(id: PointId, output: Output, work: () => Promise<void>): void {
    output.isBusy = true;
    const done = work().finally(() => {
      output.isBusy = false;
      if (!this.#ending.signal.aborted) this.#start(id, output);
    });
    this.#track(done);
  }

  /** What fails here is the journal's disk: the server sees its command expire. */
  #track(work: Promise<void>): void {
    const guarded: Promise<void> = work
      .catch((error: unknown) => this.#log.error("command lost", { why: wordsOf(error) }))
      .finally(() => this.#running.delete(guarded));
    this.#running.add(guarded);
  }

  async #execute({ message, arrivedAt }: Job, output: Output): Promise<void> {
    const point = this.#parts.points.get(message.point);
    const source = point && this.#parts.sourceOf(point);
    if (point === undefined || source === undefined) {
      this.#end(message, "failed", { why: "deviceOffline", detail: "Its connection is not open." });
      return;
    }
    const status = source.statuses().find((s) => s.device === point.announced.device);
    if (status?.state === "offline") {
      const detail = `The device does not answer${status.detail === undefined ? "" : `: ${status.detail}`}.`;
      this.#end(message, "failed", { why: "deviceOffline", detail });
      return;
    }
    await this.#pause(point, output);
    const waited = elapsed(arrivedAt, this.#clock.monotonic());
    if (waited > message.ttlMs) {
      const detail = `It waited ${Math.round(waited)} ms, allowed were ${message.ttlMs} ms.`;
      this.#end(message, "expired", { why: "ttlEnded", detail });
      return;
    }
    const frozenBy = this.#parts.freeze.frozenBy(point.space);
    const refusal = whyRefused(message, { point: point.announced, frozenBy });
    if (refusal !== undefined) {
      this.#end(message, "refused", refusal);
      return;
    }
    const placement = place(output.holders, this.#holdOf(message), this.#now());
    if (placement.kind === "heldHigher") {
      this.#heldHigher(message, placement);
      return;
    }
    this.#keep(message.point, placement.holders);
    const result = await switchOutput({ clock: this.#clock, sink: this.#parts.sink }, source, {
      point,
      value: message.value,
      signal: this.#ending.signal,
      onAccepted: () => this.#say({ id: message.id, state: "accepted", timeMs: this.#clock.now() }),
    });
    output.writtenAt = this.#clock.monotonic();
    this.#settle(message, result);
  }

  #heldHigher(message: CommandMessage, { by, holders }: HeldHigher): void {
    this.#keep(message.point, holders);
    const until = by.until === undefined ? "" : " until its lease ends";
    const detail = `"${message.point}" is held by ${by.priority}${until}; this wish comes into force after it if its own lease still runs then.`;
    this.#end(message, "refused", { why: "heldHigher", detail });
  }

  #settle(message: Pick<CommandMessage, "id" | "point">, result: OutputResult): void {
    if (result.kind === "failed") {
      const { why, detail, shown } = result;
      // After no answer it may have been done: the hold stays, so that its lease still ends it.
      if (why !== "noAnswer") {
        this.#keep(message.point, withdraw(this.#output(message.point).holders, message.id));
      }
      this.#end(message, "failed", { why, detail, ...(shown === undefined ? {} : { shown }) });
    } else if (result.kind === "verified") {
      this.#end(message, "verified", { shown: result.shown });
    } else {
      this.#end(message, "unverifiable", {});
    }
  }

  /** A command that a crash cut off is not executed again, only looked at. */
  async #finish(entry: JournalEntry): Promise<void> {
    const named = parsePointId(entry.point);
    const point = named.ok ? this.#parts.points.get(named.value) : undefined;
    const source = point && this.#parts.sourceOf(point);
    const detail = "The gateway restarted while it was carried out.";
    if (point === undefined || source === undefined || point.command?.proof !== "readBack") {
      this.#end(entry, "failed", { why: "noAnswer", detail });
      return;
    }
    const { signal } = this.#ending;
    const parts = { clock: this.#clock, sink: this.#parts.sink };
    const { id, value } = entry;
    const result = await verify(parts, source, { point, value, signal });
    this.#settle({ id, point: point.point }, result);
  }

  /** After a restart the valid holder is written again where the device shows something else. */
  #reestablish(id: PointId, output: Output): void {
    const point = this.#parts.points.get(id);
    const source = point && this.#parts.sourceOf(point);
    const top = output.holders[0];
    if (point === undefined || source === undefined || top === undefined) return;
    if (top.until !== undefined && top.until <= this.#now()) return;
    this.#occupy(id, output, async () => {
      const parts = { clock: this.#clock, sink: this.#parts.sink };
      const { signal } = this.#ending;
      const seen = await verify(parts, source, { point, value: top.value, signal });
      if (seen.kind === "failed" && seen.why === "readBackDiffers") {
        await this.#write(point, source, { value: top.value, why: "holder after restart" });
      }
    });
  }

  #endLeases(id: PointId, output: Output): void {
    const now = this.#clock.monotonic();
    if (output.isBusy || output.next !== undefined || now < output.retryAt) return;
    const point = this.#parts.points.get(id);
    const fallback = point?.command?.fallback;
    const own = fallback?.place === "gateway" ? fallback.value : undefined;
    const { holders, change } = expire(output.holders, own, this.#now());
    if (change.kind === "none" || change.kind === "released" || point === undefined) {
      if (holders.length !== output.holders.length) this.#keep(id, holders);
      return;
    }
    const source = this.#parts.sourceOf(point);
    // A freeze holds everything as it is; the lease's end waits for its end.
    if (source === undefined || this.#parts.freeze.frozenBy(point.space) !== undefined) return;
    const top = output.holders[0];
    this.#occupy(id, output, async () => {
      if (top !== undefined && (await wasSwitchedByHand(source, point, top.value))) {
        this.#log.info("output was switched by hand and is left so", { point: id });
        this.#keep(id, holders);
        return;
      }
      const why = change.kind === "fallback" ? "fallback" : `next holder ${change.hold.priority}`;
      const isDone = await this.#write(point, source, { value: change.value, why });
      if (isDone) this.#keep(id, holders);
      else output.retryAt = monotonic(this.#clock.monotonic() + RETRY_AFTER);
    });
  }

  async #write(
    point: GatewayPoint,
    source: Source,
    { value, why }: { readonly value: number; readonly why: string },
  ): Promise<boolean> {
    const output = this.#output(point.point);
    await this.#pause(point, output);
    const result = await switchOutput({ clock: this.#clock, sink: this.#parts.sink }, source, {
      point,
      value,
      onAccepted: () => {},
      signal: this.#ending.signal,
    });
    output.writtenAt = this.#clock.monotonic();
    const fields = { point: point.point, value, why };
    if (result.kind !== "failed") {
      this.#log.info("output set by the gateway", fields);
      return true;
    }
    this.#log.warn("output not set", { ...fields, error: result.why, detail: result.detail });
    return false;
  }

  /** Relays and lamps need a rest between two switchings. */
  async #pause(point: GatewayPoint, output: Output): Promise<void> {
    const pause = point.command?.pauseMin;
    if (pause === undefined || output.writtenAt === undefined) return;
    const left = pause - elapsed(output.writtenAt, this.#clock.monotonic());
    if (left > 0) await this.#clock.sleep(milliseconds(left), this.#ending.signal);
  }

  #end(
    message: Pick<CommandMessage, "id">,
    state: CommandReply["state"],
    how: { readonly why?: CommandWhy; readonly detail?: string; readonly shown?: number },
  ): void {
    const reply: CommandReply = { id: message.id, state, timeMs: this.#clock.now(), ...how };
    this.#parts.journal.end(reply);
    this.#say(reply);
  }

  #say(reply: CommandReply): void {
    this.#log.info("command", { id: reply.id, state: reply.state, why: reply.why });
    this.#parts.reply(reply);
  }

  #keep(point: PointId, holders: Holders): void {
    this.#output(point).holders = holders;
    this.#parts.journal.saveHolders(point, holders);
  }

  #holdOf({ id, value, priority, leaseMs }: CommandMessage): Hold {
    const hold = { command: id, value, priority };
    return leaseMs === undefined ? hold : { ...hold, until: later(this.#now(), leaseMs) };
  }

  /** Wall time at the start and steady from there, so that a stepped clock ends no lease. */
  #now(): Instant {
    const { wall, at } = this.#steadyStart;
    return instant(wall + elapsed(at, this.#clock.monotonic()));
  }

  #output(point: PointId): Output {
    const known = this.#outputs.get(point);
    if (known !== undefined) return known;
    const output: Output = {
      holders: [],
      isBusy: false,
      next: undefined,
      writtenAt: undefined,
      retryAt: monotonic(0),
    };
    this.#outputs.set(point, output);
    return output;
  }
}
