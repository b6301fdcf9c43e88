/**
 * A client that stays connected to a broker: it retries for ever with growing, jittered pauses, renews its
 * subscriptions, and never queues while disconnected, because the real queue is on disk.
 *
 *   connectMqtt ─► open ─► subscribe ─► "connected" ─► … ended ─► "disconnected" ─► pause ─► open …
 */
import { backoff } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { elapsed, milliseconds, seconds } from "../core/time.ts";
import type { Log } from "./log.ts";
import {
  type MqttConnection,
  type MqttCredentials,
  type MqttMessage,
  openMqtt,
  type PublishOptions,
  type Qos,
} from "./mqtt-connection.ts";

export type { MqttMessage } from "./mqtt-connection.ts";

/** Pauses between attempts grow from the first to the last, which is how long a hazard may wait for a server
 * that is back. */
const RETRY_FIRST = milliseconds(250);
const RETRY_LAST = seconds(5);
/** A connection that lasted this long starts the pauses anew; two clients with one id never get there. */
const STABLE_AFTER = seconds(10);
/** A broker that does not answer a subscription is as good as gone. */
const SUBSCRIBE_WITHIN = seconds(15);
/** Filters of one client. */
const FILTERS_MAX = 100_000;
/** Filters of one SUBSCRIBE packet. */
const FILTERS_PER_PACKET = 500;

export interface MqttClientOptions extends MqttCredentials {
  readonly clock: Clock;
  readonly log: Log;
  /** 0 ≤ random() < 1, for the jitter of the pauses. */
  readonly random?: () => number;
}

export interface MqttClient {
  /**
   * Resolves when the broker acknowledged (QoS 1) or the packet is written (QoS 0); rejects with
   * BROKER_UNREACHABLE when there is no connection or it ends first. Waits while too many are in flight.
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void>;
  /**
   * Remembered, and renewed after each reconnect before "connected" is said. While connected it resolves when
   * the broker granted it and rejects with BROKER_REFUSED when not; otherwise it resolves at once.
   */
  subscribe(filters: readonly string[], qos: Qos): Promise<void>;
  /** At arrival; QoS 1 is acknowledged when the listener returns. */
  onMessage(listener: (message: MqttMessage) => void): void;
  /** Holds the acknowledgement until the promise resolves, many at once; a rejection ends the connection,
   * so that a broker that keeps our session sends the message again. */
  onDurableMessage(listener: (message: MqttMessage) => Promise<void>): void;
  onState(listener: (state: MqttState, why?: string) => void): void;
  readonly connected: boolean;
  /** Says goodbye to the broker and ends for good. */
  close(): Promise<void>;
}

export type MqttState = "connected" | "disconnected";

/** Returns at once; throws CONFIG_INVALID only when the address is none. */
export function connectMqtt(options: MqttClientOptions): MqttClient {
  if (!/^mqtts?:$/.test(URL.parse(options.url)?.protocol ?? "")) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `"${options.url}" is not the address of an MQTT broker, like mqtt://192.0.2.1:1883.`,
    );
  }
  return new ReconnectingClient(options);
}

async function subscribeInParts(
  connection: MqttConnection,
  filters: ReadonlyMap<string, Qos>,
): Promise<readonly string[]> {
  const all = [...filters];
  const refused: string[] = [];
  for (let i = 0; i < all.length; i += FILTERS_PER_PACKET) {
    const part = new Map(all.slice(i, i + FILTERS_PER_PACKET));
    refused.push(...(await connection.subscribe(part)));
  }
  return refused;
}

class ReconnectingClient implements MqttClient {
  readonly #options: MqttClientOptions;
  readonly #credentials: MqttCredentials;
  readonly #filters = new Map<string, Qos>();
  readonly #listeners: ((message: MqttMessage) => void)[] = [];
  readonly #durableListeners: ((message: MqttMessage) => Promise<void>)[] = [];
  readonly #stateListeners: ((state: MqttState, why?: string) => void)[] = [];
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #connection: MqttConnection | undefined;
  #said = "";
  #announced: MqttState | undefined;

  constructor(options: MqttClientOptions) {
    this.#options = options;
    const { clock: _clock, log: _log, random: _random, ...credentials } = options;
    this.#credentials = credentials;
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    if (this.#connection !== undefined) return this.#connection.publish(topic, payload, options);
    return Promise.reject(
      new LamplighterError(
        "BROKER_UNREACHABLE",
        `MQTT publish to ${topic} failed: not connected to ${this.#options.url}.`,
      ),
    );
  }

  async subscribe(filters: readonly string[], qos: Qos): Promise<void> {
    if (this.#filters.size + filters.length > FILTERS_MAX) {
      throw new LamplighterError(
        "OVERLOADED",
        `MQTT subscription refused: more than ${FILTERS_MAX} filters on one connection.`,
      );
    }
    const asked = new Map(filters.map((filter) => [filter, qos]));
    for (const [filter] of asked) this.#filters.set(filter, qos);
    if (this.#connection === undefined) return;
    const refused = await subscribeInParts(this.#connection, asked);
    if (refused.length === 0) return;
    for (const filter of refused) this.#filters.delete(filter);
    throw new LamplighterError(
      "BROKER_REFUSED",
      `MQTT broker ${this.#options.url} does not let this user read ${refused.join(", ")}.`,
      { fields: { filters: refused } },
    );
  }

  onMessage(listener: (message: MqttMessage) => void): void {
    this.#listeners.push(listener);
  }

  onDurableMessage(listener: (message: MqttMessage) => Promise<void>): void {
    this.#durableListeners.push(listener);
  }

  onState(listener: (state: MqttState, why?: string) => void): void {
    this.#stateListeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection?.close(this.#options.clock);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const schedule = { first: RETRY_FIRST, max: RETRY_LAST, jitter: 0.5, random };
    let pauses = backoff(schedule);
    while (!this.#closing.signal.aborted) {
      const start = clock.monotonic();
      const why = await this.#connectOnce();
      if (this.#closing.signal.aborted) return;
      this.#say("disconnected", why);
      if (elapsed(start, clock.monotonic()) >= STABLE_AFTER) pauses = backoff(schedule);
      await clock.sleep(pauses.next().value, this.#closing.signal);
    }
  }

  /** One connection from its first byte to its last; resolves with why it ended. */
  async #connectOnce(): Promise<string> {
    const signal = this.#closing.signal;
    try {
      const connection = await openMqtt(this.#credentials, (m) => this.#deliver(m), signal);
      await this.#renew(connection);
      this.#connection = connection;
      this.#say("connected");
      const ended = await connection.ended;
      return ended.message;
    } catch (error) {
      return wordsOf(error);
    } finally {
      this.#connection = undefined;
    }
  }

  async #renew(connection: MqttConnection): Promise<void> {
    const isLate = (): void => connection.abort("it did not answer our subscription in time");
    const inTime = this.#options.clock.after(SUBSCRIBE_WITHIN, isLate);
    const abort = (): void => connection.abort("closed by us");
    this.#closing.signal.addEventListener("abort", abort, { once: true });
    try {
      let granted = 0;
      while (granted < this.#filters.size) {
        const asked = new Map([...this.#filters].slice(granted));
        const refused = await subscribeInParts(connection, asked);
        granted += asked.size;
        if (refused.length === 0) continue;
        this.#options.log.warn("broker refused subscriptions", {
          broker: this.#options.url,
          filters: refused.slice(0, 20),
        });
      }
    } finally {
      inTime();
      this.#closing.signal.removeEventListener("abort", abort);
    }
  }

  #deliver(message: MqttMessage): Promise<void> | undefined {
    for (const listener of this.#listeners) this.#call(listener, message);
    const kept = this.#durableListeners.map((listener) => listener(message));
    return kept.length === 0 ? undefined : Promise.all(kept).then(() => undefined);
  }

  /** A listener that throws must not end the process on what a stranger sent. */
  #call(listener: (message: MqttMessage) => void, message: MqttMessage): void {
    try {
      listener(message);
    } catch (error) {
      this.#options.log.error("message listener failed", { topic: message.topic, error });
    }
  }

  /** One line per change, also when only the reason changes: "refused" is not "unreachable". */
  #say(state: MqttState, why?: string): void {
    const words = `${state} ${why ?? ""}`;
    if (words === this.#said) return;
    const wasConnected = this.#said.startsWith("connected");
    this.#said = words;
    const { log, url } = this.#options;
    if (state === "connected") log.info("broker connected", { broker: url });
    else log.warn("broker not connected", { broker: url, why });
    if (state === "disconnected" && !wasConnected && this.#announced === state) return;
    this.#announced = state;
    for (const listener of this.#stateListeners) listener(state, why);
  }
}
