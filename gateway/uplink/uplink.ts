/**
 * Speaks to the server (docs/uplink.md): announces the gateway, sends what waits in the buffer, and moves
 * on only by the server's acknowledgements. What to send is decided in `window.ts`; here are the client,
 * the phases and the clock.
 *
 *   away ─connected─► greeting ─server's word on every lane─► sending
 *     ▲                  ▲ └─ lower numbers, other epoch ────────┘ │
 *     └── disconnected ──┴───────────────◄─────────────────────────┘
 */
import { LANES, type Lane } from "../../core/batch.ts";
import type { Clock } from "../../core/clock.ts";
import type { CommandMessage, CommandReply } from "../../core/command.ts";
import { wordsOf } from "../../core/errors.ts";
import { type Duration, elapsed, type Monotonic, milliseconds, seconds } from "../../core/time.ts";
import {
  type Acknowledgement,
  type GatewayAddress,
  type GatewayState,
  parseAck,
  parseCommandMessage,
  type Refusal,
  type UplinkChannel,
  uplinkTopic,
} from "../../core/uplink.ts";
import type { Log } from "../../platform/log.ts";
import type { MqttClient, MqttMessage } from "../../platform/mqtt-client.ts";
import type { SampleBuffer } from "../buffer/buffer.ts";
import {
  ACK_TIMEOUT,
  nextSend,
  noteAck,
  noteSent,
  oldestInFlight,
  openWindow,
  rewindDue,
  type SendWindow,
} from "./window.ts";

/** Also how soon a rewind or a free rate is noticed when nothing else happens. */
const TICK = milliseconds(100);
/** A server that has not answered the greeting is greeted again. */
export const GREETING_RETRY = seconds(10);
/** The server measures our clock with each of these. */
export const STATE_EVERY = seconds(60);
/** A wall clock that moved by more than this against the steady one was set; the server hears at once. */
const CLOCK_STEP_MIN = seconds(1);
/** Another process has our name: ask again only after this. */
export const REFUSED_PAUSE = seconds(60);
/** Replies that wait for the server; the oldest go first and the server sees its command expire. */
const REPLIES_MAX = 1_000;

export interface UplinkOptions {
  readonly address: GatewayAddress;
  /** This process, told apart from another with the same name. */
  readonly instance: string;
  readonly version: string;
  readonly catalogue: { readonly version: string; readonly json: string };
  readonly onCommand: (message: CommandMessage) => void;
}

type Phase =
  | { readonly kind: "away" }
  | { readonly kind: "greeting"; readonly since: Monotonic; readonly heard: Map<Lane, number> }
  | { readonly kind: "sending"; readonly window: SendWindow }
  | { readonly kind: "refused"; readonly since: Monotonic };

/** The last will for `state`, which the broker says for us when we cannot. */
export const lastWill = (address: GatewayAddress, instance: string) =>
  ({
    topic: uplinkTopic(address, "state"),
    payload: JSON.stringify({ state: "offline", instance } satisfies GatewayState),
    retain: true,
    qos: 1,
  }) as const;

export class Uplink {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #buffer: SampleBuffer;
  readonly #client: MqttClient;
  readonly #options: UplinkOptions;
  readonly #replies: CommandReply[] = [];
  #phase: Phase = { kind: "away" };
  #awaySince: Monotonic | undefined;
  #stateSentAt: Monotonic;
  /** Wall time less steady time when the state was said last. */
  #clockBase: number;
  #counts = { batches: 0, rewinds: 0, greetings: 0 };

  constructor(
    clock: Clock,
    log: Log,
    parts: { readonly buffer: SampleBuffer; readonly client: MqttClient },
    options: UplinkOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#buffer = parts.buffer;
    this.#client = parts.client;
    this.#options = options;
    this.#awaySince = clock.monotonic();
    this.#stateSentAt = clock.monotonic();
    this.#clockBase = clock.now() - clock.monotonic();
  }

  /** Runs until the signal aborts, then says goodbye; the client is closed by who made it. */
  async run(signal: AbortSignal): Promise<void> {
    this.#client.onMessage((message) => this.#receive(message));
    this.#client.onState((state) => {
      if (state === "connected") this.#greet();
      else this.#leave({ kind: "away" });
    });
    const topics = (["ack", "command", "config"] as const).map((channel) => this.#topic(channel));
    await this.#client.subscribe(topics, 1);
    if (this.#client.connected && this.#phase.kind === "away") this.#greet();
    while (!signal.aborted) {
      this.#tick();
      await this.#clock.sleep(TICK, signal);
    }
    const { instance } = this.#options;
    await this.#publish("state", { state: "offline", instance } satisfies GatewayState, true);
  }

  /** How long the server has not been heard; 0 while it acknowledges. */
  awayFor(): Duration {
    const now = this.#clock.monotonic();
    if (this.#awaySince !== undefined) return elapsed(this.#awaySince, now);
    if (this.#phase.kind !== "sending") return milliseconds(0);
    const oldest = oldestInFlight(this.#phase.window, now);
    return oldest > ACK_TIMEOUT / 2 ? oldest : milliseconds(0);
  }

  /** Sends what may be sent; called after each commit. */
  pump(): void {
    if (this.#phase.kind !== "sending" || !this.#client.connected) return;
    const { window } = this.#phase;
    for (;;) {
      const now = this.#clock.monotonic();
      const send = nextSend(window, this.#lasts(), now);
      if (send === undefined) return;
      const batches = this.#buffer.read(send.lane, send.from, send);
      if (batches.length === 0) return;
      for (const batch of batches) {
        const bytes = batch.payload.length;
        noteSent(window, send.lane, { number: batch.number, bytes, at: now });
        this.#counts.batches++;
        void this.#publish(`data/${send.lane}`, batch.payload, false);
      }
    }
  }

  reply(reply: CommandReply): void {
    this.#replies.push(reply);
    if (this.#replies.length > REPLIES_MAX) this.#replies.shift();
    this.#sendReplies();
  }

  counts(): Readonly<{ batches: number; rewinds: number; greetings: number }> {
    return { ...this.#counts };
  }

  #greet(): void {
    const since = this.#clock.monotonic();
    this.#leave({ kind: "greeting", since, heard: new Map() });
    this.#counts.greetings++;
    void this.#publish("birth", this.#options.catalogue.json, true);
    this.#sayState();
    this.#sendReplies();
  }

  #leave(next: Phase): void {
    if (next.kind !== "sending") this.#awaySince ??= this.#clock.monotonic();
    this.#phase = next;
  }

  #sayState(): void {
    const { instance, version, catalogue } = this.#options;
    const state: GatewayState = {
      state: "online",
      epoch: this.#buffer.epoch(),
      timeMs: this.#clock.now(),
      version,
      instance,
      catalogue: catalogue.version,
    };
    this.#stateSentAt = this.#clock.monotonic();
    this.#clockBase = this.#clock.now() - this.#clock.monotonic();
    void this.#publish("state", state, true);
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const phase = this.#phase;
    if (phase.kind === "away") return;
    if (phase.kind === "refused") {
      if (elapsed(phase.since, now) >= REFUSED_PAUSE) this.#greet();
      return;
    }
    if (phase.kind === "greeting") {
      if (elapsed(phase.since, now) >= GREETING_RETRY) this.#greet();
      return;
    }
    const steppedMs = Math.abs(this.#clock.now() - now - this.#clockBase);
    if (steppedMs > CLOCK_STEP_MIN) this.#log.warn("clock was set", { steppedMs });
    if (elapsed(this.#stateSentAt, now) >= STATE_EVERY || steppedMs > CLOCK_STEP_MIN) {
      this.#sayState();
    }
    this.#rewind(phase.window);
    this.pump();
  }

  #rewind(window: SendWindow): void {
    for (const { lane, reason } of rewindDue(window, this.#clock.monotonic())) {
      this.#counts.rewinds++;
      if (reason === "timeout") this.#awaySince ??= this.#clock.monotonic();
      this.#log.warn("sending again", { lane, reason, from: window.lanes[lane].storedThrough + 1 });
    }
  }

  #receive(message: MqttMessage): void {
    const text = Buffer.from(message.payload).toString();
    if (message.topic === this.#topic("command")) {
      const command = parseCommandMessage(text);
      if (command.ok && !message.retained) this.#options.onCommand(command.value);
      else this.#log.warn("command not understood", { why: command.ok ? "kept" : command.error });
      return;
    }
    if (message.topic !== this.#topic("ack")) return;
    const ack = parseAck(text);
    if (!ack.ok) this.#log.warn("acknowledgement not understood", { why: ack.error });
    else if ("ask" in ack.value) this.#greetUnlessRefused();
    else if ("refuse" in ack.value) this.#refused(ack.value);
    else this.#acknowledged(ack.value);
  }

  #greetUnlessRefused(): void {
    if (this.#phase.kind !== "refused") this.#greet();
  }

  #refused(refusal: Refusal): void {
    if (refusal.refuse !== this.#options.instance) return;
    if (this.#phase.kind !== "refused") {
      this.#log.error("server refuses this gateway", { why: refusal.why });
    }
    this.#leave({ kind: "refused", since: this.#clock.monotonic() });
  }

  #acknowledged(ack: Acknowledgement): void {
    if (ack.epoch !== this.#buffer.epoch()) return;
    for (const { number, samples, why } of ack.refused) {
      if (number > ack.storedThrough) continue;
      this.#log.warn("server set samples aside", { lane: ack.lane, number, samples, why });
    }
    if (this.#phase.kind === "greeting") this.#heard(this.#phase.heard, ack);
    else if (this.#phase.kind === "sending") this.#advance(this.#phase.window, ack);
  }

  #heard(heard: Map<Lane, number>, ack: Acknowledgement): void {
    heard.set(ack.lane, ack.storedThrough);
    const [hazard, live, backfill] = LANES.map((lane) => heard.get(lane));
    if (hazard === undefined || live === undefined || backfill === undefined) return;
    const outcome = this.#buffer.reconcile({ hazard, live, backfill });
    if (outcome === "renewed") {
      this.#greet();
      return;
    }
    const stored = (lane: Lane): number => this.#buffer.lane(lane).storedThrough;
    const all = { hazard: stored("hazard"), live: stored("live"), backfill: stored("backfill") };
    this.#leave({ kind: "sending", window: openWindow(all, this.#clock.monotonic()) });
    this.#awaySince = undefined;
    this.#log.info("server answers", { ...all, outcome });
    this.pump();
  }

  #advance(window: SendWindow, ack: Acknowledgement): void {
    const wasRefused = ack.refused.some((r) => r.number > ack.storedThrough);
    const { lane, storedThrough } = ack;
    const now = this.#clock.monotonic();
    const verdict = noteAck(window, { lane, storedThrough, wasRefused }, now);
    if (verdict === "below") {
      this.#log.warn("server has stored less than it said before", { lane, storedThrough });
      this.#greet();
      return;
    }
    this.#awaySince = undefined;
    this.#buffer.acknowledge(lane, storedThrough);
    this.#rewind(window);
    this.pump();
  }

  #sendReplies(): void {
    if (!this.#client.connected) return;
    for (const reply of this.#replies.splice(0)) {
      this.#client
        .publish(this.#topic("reply"), JSON.stringify(reply), { qos: 1 })
        .catch(() => this.#replies.unshift(reply));
    }
  }

  #lasts(): Record<Lane, number> {
    const last = (lane: Lane): number => this.#buffer.lane(lane).last;
    return { hazard: last("hazard"), live: last("live"), backfill: last("backfill") };
  }

  /** What the broker says of it moves nothing: a lost batch is sent again after a timeout. */
  async #publish(channel: UplinkChannel, body: string | object, retain: boolean): Promise<void> {
    const payload = typeof body === "string" ? body : JSON.stringify(body);
    try {
      await this.#client.publish(this.#topic(channel), payload, { qos: 1, retain });
    } catch (error) {
      this.#log.debug("publish failed", { channel, why: wordsOf(error) });
    }
  }

  #topic(channel: UplinkChannel): string {
    return uplinkTopic(this.#options.address, channel);
  }
}
