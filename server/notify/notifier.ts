/**
 * Tells every channel of every step of an alarm that people must know. The queue is durable and joins
 * the alarm's own transaction; each channel has its own loop, so a dead one holds up nobody else. The
 * fate of each delivery becomes a line of the alarm's history. A crash between the answer of a receiver
 * and our commit repeats the message under the same id.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { backoff } from "../../core/backoff.ts";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import type { PointId } from "../../core/ids.ts";
import { steadyTime } from "../../core/steady-time.ts";
import {
  hours,
  type Instant,
  instant,
  later,
  milliseconds,
  minutes,
  seconds,
} from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { Database } from "../../platform/sqlite.ts";
import type { Alarm, AlarmStep, AlarmStepKind } from "../alarms/alarm.ts";
import type { AlarmBook } from "../alarms/alarm-book.ts";
import type { AlarmChange, AlarmDraft } from "../alarms/alarm-draft.ts";
import { alarmStepView, alarmView } from "../alarms/alarm-view.ts";
import { ALARM_PRIORITIES, type AlarmPriority } from "../api/contract.ts";
import type { DeliveryOutcome, NotificationChannel } from "./channel.ts";
import { Outbox, type QueuedNotification } from "./outbox.ts";

/** Deliveries of one channel under way at one time. */
export const DELIVERIES_AT_ONCE_MAX = 8;
/** A message this old is given up; its alarm says so. */
export const GIVE_UP_AFTER = hours(1);
const RETRY_FIRST = seconds(2);
const RETRY_MAX = minutes(5);
/** A message carries the newest lines of the history, not all of them. */
const HISTORY_STEPS_TOLD = 20;
const LOOK_AGAIN = minutes(1);

const TOLD: ReadonlySet<AlarmStepKind> = new Set<AlarmStepKind>([
  "raised",
  "raisedAgain",
  "levelRose",
  "acknowledged",
  "returned",
  "closed",
  "unshelved",
  "inService",
]);

export interface NotifierParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly db: Database;
  readonly book: AlarmBook;
  /** Nobody is to be told of this point's alarms now. */
  readonly isSilent: (point: PointId) => boolean;
  /** 0 ≤ random() < 1. */
  readonly random: () => number;
}

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #outbox: Outbox;
  readonly #channels: readonly NotificationChannel[];
  readonly #wakes = new Map<string, () => void>();
  readonly #failing = new Set<string>();
  /** Retries are planned by this, so that a set clock neither hurries nor forgets them. */
  readonly #steadyNow: () => Instant;
  #pausedUntil = instant(0);
  readonly #settled: { readonly one: QueuedNotification; readonly outcome: DeliveryOutcome }[] = [];

  constructor(parts: NotifierParts, channels: readonly NotificationChannel[]) {
    this.#parts = parts;
    this.#channels = channels;
    this.#steadyNow = steadyTime(parts.clock);
    this.#outbox = new Outbox(parts.db);
    // The wall clock may have been set back while we were away.
    this.#outbox.hasten(later(this.#steadyNow(), RETRY_MAX));
    parts.book.follow((changes) => this.#enqueue(changes));
    parts.book.onChange(() => this.#wakeAll());
  }

  /** Per channel: how many messages wait, and whether its last delivery failed. */
  states(): readonly {
    readonly channel: string;
    readonly waiting: number;
    readonly failing: boolean;
  }[] {
    return this.#channels.map(({ id }) => ({
      channel: id,
      waiting: this.#outbox.waiting(id),
      failing: this.#failing.has(id),
    }));
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#dropOrphans();
    await Promise.all(this.#channels.map((channel) => this.#serve(channel, signal)));
  }

  /** Runs inside the transaction that changes the alarms. */
  #enqueue(changes: readonly AlarmChange[]): void {
    const now = this.#steadyNow();
    for (const { alarm, steps } of changes) {
      if (alarm.foundLate || alarm.shelved !== undefined) continue;
      if (this.#parts.isSilent(alarm.point)) continue;
      steps.forEach((step, i) => {
        if (!TOLD.has(step.what)) return;
        const number = alarm.stepCount - steps.length + i + 1;
        const body = bodyOf(alarm, step, number);
        for (const channel of this.#channels) {
          if (!isTold(channel, alarm.priority)) continue;
          const { priority, id } = alarm;
          this.#outbox.put({
            alarm: id,
            step: number,
            channel: channel.id,
            priority,
            at: now,
            body,
          });
        }
      });
    }
  }

  #wakeAll(): void {
    for (const wake of this.#wakes.values()) wake();
  }

  async #serve(channel: NotificationChannel, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const underWay = new Map<number, Promise<void>>();
    while (!signal.aborted) {
      const woken = new AbortController();
      this.#wakes.set(channel.id, () => woken.abort());
      let wait: number = LOOK_AGAIN;
      try {
        wait = this.#start(channel, underWay, signal);
      } catch (error) {
        log.error("notifications failed", { channel: channel.id, why: wordsOf(error) });
      }
      await clock.sleep(milliseconds(wait), AbortSignal.any([signal, woken.signal]));
    }
    this.#wakes.delete(channel.id);
    await Promise.all(underWay.values());
  }

  /** Starts what is due and may start; says after how many milliseconds to look again. */
  #start(
    channel: NotificationChannel,
    underWay: Map<number, Promise<void>>,
    signal: AbortSignal,
  ): number {
    const now = this.#steadyNow();
    if (now < this.#pausedUntil) return this.#pausedUntil - now;
    const due = this.#outbox.due(channel.id, now, DELIVERIES_AT_ONCE_MAX * 2);
    for (const one of due) {
      if (underWay.size >= DELIVERIES_AT_ONCE_MAX) break;
      if (underWay.has(one.number)) continue;
      const delivery = this.#deliver(channel, one, signal).finally(() => {
        underWay.delete(one.number);
        this.#wakes.get(channel.id)?.();
      });
      underWay.set(one.number, delivery);
    }
    if (underWay.size > 0) return LOOK_AGAIN;
    const next = this.#outbox.nextDue(channel.id);
    return next === undefined ? LOOK_AGAIN : Math.min(LOOK_AGAIN, Math.max(1, next - now));
  }

  async #deliver(
    channel: NotificationChannel,
    one: QueuedNotification,
    signal: AbortSignal,
  ): Promise<void> {
    const message = { id: `${one.alarm}-${one.step}-${one.channel}`, body: one.body };
    const outcome = await channel.deliver(message, signal);
    // Stopped in the middle: it stays queued and goes out again after the start.
    if (signal.aborted && outcome.kind !== "delivered") return;
    this.#noteHealth(channel.id, outcome);
    this.#settled.push({ one, outcome });
    await nextTurn();
    this.#settle();
  }

  /** One commit for all that ended in this turn: a storm of alarms is not a storm of commits. */
  #settle(): void {
    const settled = this.#settled.splice(0);
    if (settled.length === 0) return;
    try {
      this.#parts.book.write((draft) => {
        for (const { one, outcome } of settled) this.#record(draft, one, outcome);
      });
    } catch (error) {
      // They are still queued, and go out again under the same ids once the disk may be better.
      this.#pausedUntil = later(this.#steadyNow(), RETRY_FIRST);
      this.#parts.log.error("deliveries not recorded", { why: wordsOf(error) });
    }
  }

  #record(draft: AlarmDraft, one: QueuedNotification, outcome: DeliveryOutcome): void {
    const at = this.#parts.clock.now();
    const attempt = one.attempts + 1;
    const dueAt = this.#retryAt(one, this.#steadyNow());
    const givenUp = outcome.kind === "refused" || dueAt - one.queuedAt > GIVE_UP_AFTER;
    const line = (what: AlarmStepKind, detail: string): AlarmStep => ({
      at,
      what,
      channel: one.channel,
      detail: `#${one.step} · ${detail}`,
    });
    if (outcome.kind === "delivered") {
      this.#outbox.done(one);
      draft.note(one.alarm, line("notified", `${outcome.detail} · ${attempt}×`));
    } else if (givenUp) {
      this.#outbox.done(one);
      const why = `${outcome.detail} · ${attempt}× · gaveUp`;
      draft.note(one.alarm, line("notificationFailed", why));
    } else {
      this.#outbox.again(one, dueAt);
      if (attempt > 1) return;
      const why = `${outcome.detail} · ${attempt}× · willRetry`;
      draft.note(one.alarm, line("notificationFailed", why));
    }
  }

  #retryAt(one: QueuedNotification, now: Instant): Instant {
    const { random } = this.#parts;
    const delays = backoff({ first: RETRY_FIRST, max: RETRY_MAX, jitter: 0.3, random });
    let delay = delays.next().value;
    for (let i = 0; i < one.attempts; i++) delay = delays.next().value;
    return later(now, delay);
  }

  #noteHealth(channel: string, outcome: DeliveryOutcome): void {
    const isFailing = outcome.kind !== "delivered";
    if (isFailing === this.#failing.has(channel)) return;
    const { log } = this.#parts;
    if (isFailing) {
      this.#failing.add(channel);
      log.warn("notification channel failing", { channel, why: outcome.detail });
    } else {
      this.#failing.delete(channel);
      log.info("notification channel working again", { channel });
    }
  }

  /** Messages for a channel that is no longer configured: their alarms say that nobody was told. */
  #dropOrphans(): void {
    const known = new Set(this.#channels.map((channel) => channel.id));
    const now = this.#parts.clock.now();
    for (const channel of this.#outbox.channels()) {
      if (known.has(channel)) continue;
      const far = later(now, hours(24 * 365));
      this.#parts.book.write((draft) => {
        for (const one of this.#outbox.due(channel, far, Number.MAX_SAFE_INTEGER)) {
          this.#outbox.done(one);
          const detail = `#${one.step} · channelRemoved · gaveUp`;
          draft.note(one.alarm, { at: now, what: "notificationFailed", channel, detail });
        }
      });
    }
  }
}

const isTold = (channel: NotificationChannel, priority: AlarmPriority): boolean =>
  ALARM_PRIORITIES.indexOf(priority) <= ALARM_PRIORITIES.indexOf(channel.from);

function bodyOf(alarm: Alarm, step: AlarmStep, number: number): string {
  const history = alarm.history.slice(-HISTORY_STEPS_TOLD);
  const view = alarmView({ ...alarm, history });
  return JSON.stringify({ kind: "alarm", step: { number, ...alarmStepView(step) }, alarm: view });
}
