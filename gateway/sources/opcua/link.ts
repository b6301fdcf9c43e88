/**
 * What happens within one session: find the variables, subscribe to them, poll what cannot be subscribed,
 * look at what has not spoken for its heartbeat, and notice when the server falls silent.
 *
 *   resolve ─► monitor ─► values ─┐
 *       └────► poll ─► values ────┴─► onValue        heard? ─no─► onSilent ─► ended
 */
import type { Clock } from "../../../core/clock.ts";
import { wordsOf } from "../../../core/errors.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import {
  type Duration,
  elapsed,
  formatDuration,
  type Instant,
  type Monotonic,
  milliseconds,
  seconds,
} from "../../../core/time.ts";
import { POLL_PERIODS } from "../../../device-profiles/poll-classes.ts";
import type { Log } from "../../../platform/log.ts";
import type { BrowseStep, EventRequest, OpcuaEvent, OpcuaSession } from "./asking.ts";
import { isWaiting } from "./decode.ts";
import { eventPlanOf } from "./event.ts";
import { type Item, objectPathOf, paceOf, pathOf, pathText } from "./plan.ts";
import { Seen } from "./seen.ts";
import type { OpcuaValue } from "./value.ts";

/** A subscription is silent after two of its keep-alives and this. */
const SILENCE_MARGIN = seconds(1);
/** The server is asked for a sign of life this often: some agree to no keep-alive below several seconds. */
const PING_EVERY = seconds(1);
const PING_SILENCE = seconds(3);
/** A silent session that does not speak again within this is given up for a new one. */
const SILENCE_PATIENCE = seconds(8);
/** Where a server tells all its events. */
const SERVER_OBJECT = "ns=0;i=2253";
/** How often the clock is looked at. */
const TICK = milliseconds(250);
/** A variable may say that it waits for its device this long before that is a fault. */
const FIRST_VALUE_WITHIN = seconds(5);
/** Items asked for their history in one part, and parts without any before the rest is left out. */
const HISTORY_PART = 20;
const HISTORY_PARTS_WITHOUT = 3;
/** Lines about variables that are not there; the number of all of them is in the last. */
const MISSING_LINES_MAX = 5;

export interface LinkListener {
  /** `isCurrent`: asked for or reported at the start, so true now whatever its source time. */
  onValue(item: Item, value: OpcuaValue, isCurrent: boolean): void;
  /** From the server's history, oldest first per item. */
  onStored(item: Item, value: OpcuaValue): void;
  onEvent(item: Item, event: OpcuaEvent): void;
  /** The variable is not there, or not to be had. */
  onMissing(item: Item, why: string): void;
  onSilent(why: string): void;
  /** Something was heard again after silence. */
  onHeardAgain(): void;
}

interface Watched {
  readonly item: Item;
  readonly node: string;
  readonly seen: Seen;
  /** Milliseconds between reads when there is no subscription for it. */
  pollMs: number | undefined;
  heardAt: Monotonic;
  hasValue: boolean;
  waiting: OpcuaValue | undefined;
}

interface Pulse {
  at: Monotonic;
  readonly limit: Duration;
}

export class Link {
  readonly #session: OpcuaSession;
  readonly #listener: LinkListener;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watched: Watched[] = [];
  readonly #pulses: Pulse[] = [];
  readonly #ping: Pulse;
  readonly #startedAt: Monotonic;
  #silentSince: Monotonic | undefined;
  #isReading = false;
  #isPinging = false;
  #pingedAt: Monotonic;

  constructor(
    session: OpcuaSession,
    options: { readonly clock: Clock; readonly log: Log; readonly listener: LinkListener },
  ) {
    this.#session = session;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#listener = options.listener;
    this.#startedAt = options.clock.monotonic();
    this.#pingedAt = this.#startedAt;
    this.#ping = { at: this.#startedAt, limit: PING_SILENCE };
  }

  /** Rejects when the session does not survive the start. */
  async start(items: readonly Item[], eventItems: readonly Item[]): Promise<void> {
    await this.#resolve(items);
    const paces = new Set(this.#watched.map(({ item }) => paceOf(item.point).publishingMs));
    for (const publishingMs of [...paces].sort((a, b) => a - b)) {
      await this.#subscribe(publishingMs);
    }
    if (eventItems.length > 0) await this.#subscribeEvents(eventItems);
  }

  nodeOf(item: Item): string | undefined {
    return this.#watched.find((watched) => watched.item === item)?.node;
  }

  /**
   * What the server stored while nobody listened, told as values of their time. Servers that keep no history
   * say so quickly; after a few such answers the rest is not asked.
   */
  async backfill(from: Instant, to: Instant): Promise<void> {
    let kept = 0;
    for (let i = 0; i < this.#watched.length; i += HISTORY_PART) {
      if (kept === 0 && i >= HISTORY_PART * HISTORY_PARTS_WITHOUT) return;
      const part = this.#watched.slice(i, i + HISTORY_PART);
      const nodes = part.map(({ node }) => node);
      const stored = await this.#session.history(nodes, { from, to });
      for (const [k, values] of stored.entries()) {
        const watched = part[k];
        if (watched === undefined || values === undefined) continue;
        kept++;
        for (const value of values) this.#listener.onStored(watched.item, value);
      }
    }
    if (kept > 0) this.#log.info("outage filled from history", { items: kept });
  }

  /** Until the session ends, is given up, or `signal` aborts; resolves with why. */
  async run(signal: AbortSignal): Promise<string> {
    const ended = { why: undefined as string | undefined };
    void this.#session.ended.then((why) => {
      ended.why = why;
    });
    this.#pulses.push(this.#ping);
    this.#ping.at = this.#clock.monotonic();
    while (!signal.aborted) {
      await this.#clock.sleep(TICK, signal);
      if (ended.why !== undefined) return ended.why;
      this.#pingWhenDue();
      const lost = this.#checkPulse();
      if (lost !== undefined) return lost;
      if (this.#silentSince === undefined) this.#readDue();
    }
    return "the gateway stops";
  }

  async #resolve(items: readonly Item[]): Promise<void> {
    const paths: { readonly item: Item; readonly steps: readonly BrowseStep[] }[] = [];
    const missing: string[] = [];
    const miss = (item: Item, why: string): void => {
      missing.push(`${item.device.id}/${item.point.name}: ${why}`);
      this.#listener.onMissing(item, why);
    };
    for (const item of items) {
      const path = pathOf(item, this.#session.namespaces);
      if (path.ok) paths.push({ item, steps: path.value });
      else miss(item, path.error);
    }
    const nodes = await this.#session.resolve(paths.map(({ steps }) => steps));
    const now = this.#clock.monotonic();
    paths.forEach(({ item }, i) => {
      const node = nodes[i];
      if (node === undefined) miss(item, `the server has no ${pathText(item)}`);
      else this.#watched.push(watch(item, node, now));
    });
    for (const line of missing.slice(0, MISSING_LINES_MAX)) {
      this.#log.warn("variable not found", { what: line, ofAll: missing.length });
    }
  }

  async #subscribe(publishingMs: number): Promise<void> {
    const mine = this.#watched
      .filter(({ item }) => paceOf(item.point).publishingMs === publishingMs)
      .sort((a, b) => paceOf(a.item.point).samplingMs - paceOf(b.item.point).samplingMs);
    const pulse = { at: this.#clock.monotonic(), limit: milliseconds(Number.POSITIVE_INFINITY) };
    try {
      const requests = mine.map(({ item, node }) => {
        const { samplingMs, queueSize } = paceOf(item.point);
        return { node, samplingMs, queueSize };
      });
      const { keepAliveMs, refused } = await this.#session.monitor(requests, publishingMs, {
        onHeard: () => {
          pulse.at = this.#clock.monotonic();
        },
        onValue: (index, value) => {
          const watched = mine[index];
          if (watched !== undefined) this.#take(watched, value, !watched.hasValue);
        },
      });
      pulse.at = this.#clock.monotonic();
      pulse.limit = milliseconds(2 * keepAliveMs + SILENCE_MARGIN);
      this.#pulses.push(pulse);
      // What has no value attribute is a method: it is called by commands and has nothing to show.
      refused.forEach((why, i) => {
        const watched = mine[i];
        if (why === undefined || watched === undefined) return;
        if (why === "BadAttributeIdInvalid") watched.pollMs = Number.POSITIVE_INFINITY;
        else poll(watched);
      });
    } catch (error) {
      this.#log.warn("no subscription, polling instead", {
        items: mine.length,
        why: wordsOf(error).slice(0, 200),
      });
      for (const watched of mine) poll(watched);
    }
  }

  /** Events of an object that tells of none itself come from the server as a whole, told apart by source. */
  async #subscribeEvents(items: readonly Item[]): Promise<void> {
    const requests: (EventRequest & { readonly item: Item; readonly source: string })[] = [];
    for (const item of items) {
      const request = await this.#eventRequest(item);
      if (request.ok) requests.push(request.value);
      else this.#listener.onMissing(item, request.error);
    }
    const refused = await this.#session.monitorEvents(requests, (index, event) => {
      const request = requests[index];
      if (request !== undefined) this.#listener.onEvent(request.item, event);
    });
    const again = requests.filter((_, i) => refused[i] !== undefined);
    if (again.length === 0) return;
    const whole = again.map((request) => ({ ...request, node: SERVER_OBJECT }));
    const still = await this.#session.monitorEvents(whole, (index, event) => {
      const request = whole[index];
      if (request?.source === event.sourceNode) this.#listener.onEvent(request.item, event);
    });
    whole.forEach(({ item }, i) => {
      const why = still[i];
      if (why !== undefined) this.#listener.onMissing(item, `no events: the server says ${why}`);
    });
  }

  async #eventRequest(
    item: Item,
  ): Promise<Outcome<EventRequest & { readonly item: Item; readonly source: string }, string>> {
    const { namespaces } = this.#session;
    const path = objectPathOf(item.device, namespaces);
    if (!path.ok) return path;
    const plan = eventPlanOf(item, namespaces);
    if (!plan.ok) return plan;
    const [source] = await this.#session.resolve([path.value]);
    if (source === undefined) return failure(`the server has no ${item.device.object.join(" / ")}`);
    const type = await this.#session.eventType(plan.value.type);
    if (type === undefined) return failure(`the server has no event type ${item.point.eventType}`);
    return success({ item, node: source, source, type, fields: plan.value.fields });
  }

  #take(watched: Watched, value: OpcuaValue, isCurrent: boolean): void {
    watched.heardAt = this.#clock.monotonic();
    if (isWaiting(value) && !watched.hasValue) {
      const waited = elapsed(this.#startedAt, watched.heardAt);
      if (waited < FIRST_VALUE_WITHIN) {
        watched.waiting = value;
        return;
      }
    }
    watched.waiting = undefined;
    watched.hasValue = true;
    if (!isCurrent && watched.seen.before(value)) return;
    if (isCurrent) watched.seen.before(value);
    this.#listener.onValue(watched.item, value, isCurrent);
  }

  #pingWhenDue(): void {
    const now = this.#clock.monotonic();
    if (this.#isPinging || elapsed(this.#pingedAt, now) < PING_EVERY) return;
    this.#isPinging = true;
    this.#pingedAt = now;
    this.#session
      .ping()
      .then(() => {
        this.#ping.at = this.#clock.monotonic();
      })
      .catch(() => {})
      .finally(() => {
        this.#isPinging = false;
      });
  }

  /** Why the session is given up, or undefined. */
  #checkPulse(): string | undefined {
    const now = this.#clock.monotonic();
    const silent = this.#pulses.find((pulse) => elapsed(pulse.at, now) > pulse.limit);
    if (silent === undefined) {
      if (this.#silentSince === undefined) return undefined;
      this.#silentSince = undefined;
      for (const watched of this.#watched) watched.heardAt = monotonicStart;
      this.#listener.onHeardAgain();
      return undefined;
    }
    const quiet = formatDuration(milliseconds(Math.round(elapsed(silent.at, now) / 100) * 100));
    const isServerThere = elapsed(this.#ping.at, now) <= this.#ping.limit;
    // The server answers, but not for this subscription: it has lost it, and waiting would not help.
    if (isServerThere) return `a subscription has said nothing for ${quiet}`;
    if (this.#silentSince === undefined) {
      this.#silentSince = now;
      this.#listener.onSilent(`the server has said nothing for ${quiet}`);
    }
    return elapsed(this.#silentSince, now) > SILENCE_PATIENCE
      ? `the server has said nothing for ${quiet}`
      : undefined;
  }

  /** Reads what is polled, and what has not changed for its heartbeat: it must be seen to be still so. */
  #readDue(): void {
    if (this.#isReading) return;
    const now = this.#clock.monotonic();
    const due = this.#watched.filter((watched) => {
      const every = watched.pollMs ?? watched.item.point.heartbeat;
      return elapsed(watched.heardAt, now) >= every || this.#hasWaitedTooLong(watched, now);
    });
    if (due.length === 0) return;
    this.#isReading = true;
    for (const watched of due) watched.heardAt = now;
    this.#session
      .read(due.map(({ node }) => node))
      .then((values) => {
        values.forEach((value, i) => {
          const watched = due[i];
          if (watched !== undefined) this.#take(watched, value, true);
        });
      })
      .catch((error: unknown) => {
        this.#log.debug("reading failed", { items: due.length, why: wordsOf(error) });
      })
      .finally(() => {
        this.#isReading = false;
      });
  }

  #hasWaitedTooLong(watched: Watched, now: Monotonic): boolean {
    return watched.waiting !== undefined && elapsed(this.#startedAt, now) >= FIRST_VALUE_WITHIN;
  }
}

/** Long ago: whatever is compared with this is due. */
const monotonicStart = Number.NEGATIVE_INFINITY as Monotonic;

const watch = (item: Item, node: string, now: Monotonic): Watched => ({
  item,
  node,
  seen: new Seen(),
  pollMs: undefined,
  heardAt: now,
  hasValue: false,
  waiting: undefined,
});

function poll(watched: Watched): void {
  watched.pollMs = POLL_PERIODS[watched.item.point.poll];
  watched.heardAt = monotonicStart;
}
