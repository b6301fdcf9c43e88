/**
 * Takes wishes, refuses what must not leave the server, and brings the rest to its end: queued → sent →
 * what the gateway answers, or expired, or failed for want of an answer. Every step is durable before
 * anybody is told. A command is handed to the outlet once: after a crash in between it waits for the
 * answer instead of being sent again.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { type CommandReply, isEnded, rankOf } from "../../core/command.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { type CommandId, commandId, deviceOf, type PointId, spaceId } from "../../core/ids.ts";
import { steadyTime } from "../../core/steady-time.ts";
import {
  formatDuration,
  type Instant,
  later,
  milliseconds,
  minutes,
  seconds,
} from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { AlarmBook } from "../alarms/alarm-book.ts";
import type { Plant, Spaces, Unsubscribe } from "../plant.ts";
import { tellAll } from "../tell-all.ts";
import { type AdmissionFacts, admit } from "./admission.ts";
import { type Command, type CommandStep, commandAfter, stepOf } from "./command.ts";
import { type CommandRequest, checkRequest, leaseOf, refusalError } from "./command-request.ts";
import { type CommandQuery, CommandTable } from "./command-table.ts";
import { Holders } from "./holders.ts";
import type { CommandOutlet } from "./outlet.ts";

/** How long a command may wait for its gateway, and then at the gateway for its device. */
export const COMMAND_TTL = seconds(30);
/** A gateway that is online while the way to it is not: the command is offered again this often. */
const RESEND_EVERY = seconds(1);
/** After a failure of the disk. */
const RETRY_AFTER = seconds(1);
/** Beyond time to live and settling, an answer may take this long to come back. */
export const ANSWER_GRACE = seconds(5);
/** More wishes than this without an end are refused with OVERLOADED. */
export const RUNNING_MAX = 10_000;
const COMMANDS_PER_LIST = 200;
const COMMANDS_PER_LIST_MAX = 1_000;

export interface CommandDeskParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Database;
  readonly plant: Pick<Plant, "point" | "device" | "gateways" | "onGateway">;
  readonly spaces: Pick<Spaces, "get">;
  readonly book: Pick<AlarmBook, "frozenSpaces" | "onFreeze">;
  readonly outlet: CommandOutlet;
}

export class CommandDesk {
  readonly #parts: CommandDeskParts;
  readonly #table: CommandTable;
  readonly #running = new Map<CommandId, Command>();
  readonly #holders: Holders;
  readonly #listeners = new Set<(command: Command) => void>();
  readonly #sending = new Set<Promise<void>>();
  /** Deadlines are held against this, so that a set clock expires nothing. */
  readonly #steadyNow: () => Instant;
  #wake = (): void => {};
  #isFailing = false;

  constructor(parts: CommandDeskParts) {
    this.#parts = parts;
    this.#steadyNow = steadyTime(parts.clock);
    this.#table = new CommandTable(parts.db);
    for (const command of this.#table.running()) this.#running.set(command.id, command);
    this.#holders = new Holders(this.#table.holding(parts.clock.now()));
    parts.outlet.onReply((gateway, reply) => {
      try {
        this.#onReply(gateway, reply);
      } catch (error) {
        // The command goes on to its end without this answer.
        parts.log.error("reply not recorded", { command: reply.id, why: wordsOf(error) });
      }
    });
  }

  /** Takes a wish. Throws when it is refused; the refusal is on record all the same. */
  submit(request: CommandRequest): Command {
    const { idempotencyKey: key } = request;
    const known = key === undefined ? undefined : this.#table.byKey(request.by, key);
    if (known !== undefined) return this.#repeated(known, request);
    checkRequest(request);
    if (this.#running.size >= RUNNING_MAX) {
      const message = `${RUNNING_MAX} commands are waiting for their end already. Try again later.`;
      throw new LamplighterError("OVERLOADED", message);
    }
    const now = this.#parts.clock.now();
    const command = this.#created(request, now);
    const admitted = admit(request, this.#factsFor(request.point), now);
    if (!admitted.ok) {
      const { why, detail } = admitted.error;
      this.#write([{ command, step: { state: "refused", at: now, why, detail } }]);
      throw refusalError(command, admitted.error);
    }
    const overtaken = this.#overtakenBy(command).map((older) => ({
      command: older,
      step: { state: "expired", at: now, why: "overtaken", detail: command.id } as const,
    }));
    this.#write([{ command }, ...overtaken]);
    this.#wake();
    return command;
  }

  get(id: CommandId): Command | undefined {
    return this.#running.get(id) ?? this.#table.get(id);
  }

  /** Newest first. */
  list(query: CommandQuery = {}): readonly Command[] {
    const limit = Math.min(query.limit ?? COMMANDS_PER_LIST, COMMANDS_PER_LIST_MAX);
    return this.#table.list(query, limit);
  }

  onChange(listener: (command: Command) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The command that holds a point now, or that is on its way to. */
  holderOf(point: PointId): Command | undefined {
    const now = this.#parts.clock.now();
    let holder = this.#holders.of(point, now);
    for (const command of this.#running.values()) {
      if (command.point !== point) continue;
      if (holder === undefined || rankOf(command.priority) <= rankOf(holder.priority)) {
        holder = command;
      }
    }
    return holder;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, plant, book } = this.#parts;
    const ends = [plant.onGateway(() => this.#wake()), book.onFreeze(() => this.#refuseFrozen())];
    this.#refuseFrozen();
    while (!signal.aborted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      const due = this.#tryStep();
      const left = milliseconds(Math.max(1, due - this.#steadyNow()));
      await clock.sleep(left, AbortSignal.any([signal, woken.signal]));
    }
    this.#wake = () => {};
    for (const end of ends) end();
    await Promise.all(this.#sending);
  }

  #created(request: CommandRequest, now: Instant): Command {
    const { point: id, value, priority, reason, by, idempotencyKey } = request;
    const point = this.#parts.plant.point(id);
    const space = point?.space ?? this.#parts.plant.device(deviceOf(id))?.space ?? spaceId("");
    const lease = leaseOf(request, point);
    return {
      id: commandId(randomUUID()),
      point: id,
      space,
      ...(point === undefined ? {} : { gateway: point.gateway }),
      value,
      priority,
      reason,
      by,
      ...(lease === undefined ? {} : { lease }),
      ttl: COMMAND_TTL,
      submittedAt: now,
      expiresAt: later(this.#steadyNow(), COMMAND_TTL),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      state: "queued",
      steps: [{ state: "queued", at: now, by }],
    };
  }

  #factsFor(id: PointId): AdmissionFacts {
    const point = this.#parts.plant.point(id);
    const holder = this.holderOf(id);
    if (point === undefined) return { point, space: undefined, holder };
    const space = this.#parts.spaces.get(point.space);
    const frozenBy = this.#parts.book.frozenSpaces().get(point.space);
    const kind = space?.kind ?? "unknown";
    return {
      point,
      space: { kind, use: space?.use, frozenBy },
      holder,
    };
  }

  #repeated(known: Command, request: CommandRequest): Command {
    const { point, value, priority } = request;
    if (known.point !== point || known.value !== value || known.priority !== priority) {
      throw new LamplighterError(
        "IDEMPOTENCY_CONFLICT",
        `The key "${request.idempotencyKey}" was used for ${known.point} = ${known.value} already; a new command needs a new key.`,
        { fields: { command: known.id } },
      );
    }
    const refusal = known.steps.find((step) => step.state === "refused");
    if (refusal?.why !== undefined && known.handedOutAt === undefined) {
      throw refusalError(known, { why: refusal.why, detail: refusal.detail ?? "" });
    }
    return known;
  }

  /** Wishes for the same point that have not left yet, and that this one makes pointless. */
  #overtakenBy(command: Command): readonly Command[] {
    return [...this.#running.values()].filter(
      (older) =>
        older.point === command.point &&
        older.state === "queued" &&
        older.handedOutAt === undefined &&
        rankOf(older.priority) >= rankOf(command.priority),
    );
  }

  /** A disk that refuses delays commands and must not end the alarms with them. */
  #tryStep(): Instant {
    const now = this.#steadyNow();
    try {
      const due = this.#step(now);
      this.#isFailing = false;
      return due;
    } catch (error) {
      if (!this.#isFailing) this.#parts.log.error("commands failed", { why: wordsOf(error) });
      this.#isFailing = true;
      return later(now, RETRY_AFTER);
    }
  }

  /** Does what is due and says when something will be due next. */
  #step(now: Instant): Instant {
    this.#refuseFrozen();
    const at = this.#parts.clock.now();
    const ended: { command: Command; step: CommandStep }[] = [];
    const ready: Command[] = [];
    let next = later(now, minutes(1));
    for (const command of this.#running.values()) {
      const due = this.#dueOf(command);
      if (due.at <= now) ended.push({ command, step: { at, ...due.step } });
      else {
        if (due.at < next) next = due.at;
        if (command.state === "queued" && this.#isReady(command)) ready.push(command);
      }
    }
    this.#write(ended);
    this.#handOut(ready, now);
    // What the outlet would not take is offered again.
    return ready.length === 0 || next < later(now, RESEND_EVERY) ? next : later(now, RESEND_EVERY);
  }

  #dueOf(command: Command): { at: Instant; step: Omit<CommandStep, "at"> } {
    if (command.handedOutAt === undefined) {
      const detail = `its gateway was away for ${formatDuration(command.ttl)}`;
      return { at: command.expiresAt, step: { state: "expired", why: "gatewayOffline", detail } };
    }
    const settle = this.#parts.plant.point(command.point)?.command?.settleMs ?? 0;
    const wait = milliseconds(command.ttl + settle + ANSWER_GRACE);
    const detail = `no answer within ${formatDuration(wait)}`;
    return {
      at: later(command.handedOutAt, wait),
      step: { state: "failed", why: "noAnswer", detail },
    };
  }

  #isReady(command: Command): boolean {
    if (command.handedOutAt !== undefined) return false;
    return this.#parts.plant
      .gateways()
      .some((g) => g.gateway === command.gateway && g.state === "online");
  }

  /** Written as handed out first, so that no crash can make it leave twice. */
  #handOut(commands: readonly Command[], now: Instant): void {
    if (commands.length === 0) return;
    const handed = commands.map((command) => ({ ...command, handedOutAt: now }));
    this.#write(handed.map((command) => ({ command })));
    for (const command of handed) {
      const sending = this.#send(command);
      this.#sending.add(sending);
      sending.then(() => this.#sending.delete(sending)).catch(() => {});
    }
  }

  async #send(command: Command): Promise<void> {
    const { id, gateway, point, value, priority, lease, ttl, reason } = command;
    if (gateway === undefined) return;
    const leaseMs = lease === undefined ? {} : { leaseMs: lease };
    const message = { id, point, value, priority, ...leaseMs, ttlMs: ttl, reason };
    let outcome: "sent" | "offline";
    try {
      outcome = await this.#parts.outlet.send(gateway, message);
    } catch (error) {
      // It may have left all the same; only an answer can tell.
      this.#parts.log.warn("command not handed out", { command: id, why: wordsOf(error) });
      return;
    }
    const now = this.#parts.clock.now();
    const current = this.#running.get(id);
    if (current === undefined) return;
    if (outcome === "sent") this.#write([{ command: current, step: { state: "sent", at: now } }]);
    else {
      const { handedOutAt: _, ...queued } = current;
      if (current.state === "queued") this.#write([{ command: queued }]);
    }
  }

  #onReply(gateway: string, reply: CommandReply): void {
    const command = this.#running.get(reply.id);
    if (command === undefined || command.gateway !== gateway) {
      this.#parts.log.debug("reply to no running command", { command: reply.id, gateway });
      return;
    }
    this.#write([{ command, step: stepOf(reply, this.#parts.clock.now()) }]);
  }

  #refuseFrozen(): void {
    const frozen = this.#parts.book.frozenSpaces();
    if (frozen.size === 0) return;
    const at = this.#parts.clock.now();
    const changes = [...this.#running.values()].flatMap((command) => {
      const freeze = frozen.get(command.space);
      if (freeze === undefined) return [];
      const detail = `alarm ${freeze.alarm}`;
      return [{ command, step: { state: "refused", at, why: "roomFrozen", detail } as const }];
    });
    this.#write(changes);
  }

  /** One transaction for all; then memory, then whoever listens. A step that cannot follow is dropped. */
  #write(changes: readonly { readonly command: Command; readonly step?: CommandStep }[]): void {
    const next = changes.flatMap(({ command, step }) => {
      if (step === undefined) return [command];
      const after = commandAfter(command, step);
      return after.ok ? [after.value] : [];
    });
    if (next.length === 0) return;
    this.#parts.db.transaction(() => {
      for (const command of next) this.#table.put(command);
    });
    for (const command of next) {
      if (isEnded(command.state)) this.#running.delete(command.id);
      else this.#running.set(command.id, command);
      this.#holders.note(command);
    }
    for (const command of next) tellAll(this.#listeners, command);
  }
}
