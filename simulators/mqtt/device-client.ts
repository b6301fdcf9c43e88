/** One MQTT connection of a device, reconnecting for ever; the only file here that imports mqtt. */
import { connect, type MqttClient } from "mqtt";
import type { Duration } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";

export interface DeviceClientOptions {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly will?: { readonly topic: string; readonly payload: string };
  readonly retryEvery: Duration;
  readonly onConnect: () => void;
  readonly onMessage: (topic: string, payload: string) => void;
}

/** A message the broker has not confirmed when the next ones pile up is dropped: sensors have no disk. */
const UNCONFIRMED_MAX = 64;
const KEEP_ALIVE_S = 15;

export class DeviceClient {
  readonly #client: MqttClient;
  readonly #log: Log;
  #unconfirmed = 0;

  constructor(options: DeviceClientOptions, log: Log) {
    this.#log = log;
    const { username, password, will } = options;
    this.#client = connect(options.url, {
      clientId: options.clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(will === undefined
        ? {}
        : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
      reconnectPeriod: options.retryEvery,
      connectTimeout: 10_000,
      keepalive: KEEP_ALIVE_S,
      queueQoSZero: false,
      // Refused for a wrong password is tried again too: the gateway may still be starting.
      reconnectOnConnackError: true,
    });
    this.#client.on("connect", () => {
      this.#unconfirmed = 0;
      options.onConnect();
    });
    this.#client.on("error", (error) =>
      log.debug("device client failed", { error: error.message }),
    );
    this.#client.on("message", (topic, payload) => options.onMessage(topic, payload.toString()));
  }

  get isConnected(): boolean {
    return this.#client.connected;
  }

  /** Not connected, or too much unconfirmed: the message is gone, as with the real device. */
  publish(topic: string, payload: string, options: { readonly retain: boolean }): boolean {
    if (!this.#client.connected || this.#unconfirmed >= UNCONFIRMED_MAX) return false;
    this.#unconfirmed++;
    this.#client.publish(topic, payload, { qos: 1, retain: options.retain }, (error) => {
      this.#unconfirmed = Math.max(0, this.#unconfirmed - 1);
      if (error) this.#log.debug("publish failed", { topic, error: error.message });
    });
    return true;
  }

  subscribe(topics: readonly string[]): void {
    this.#client.subscribe([...topics], { qos: 1 }, (error) => {
      if (error) this.#log.debug("subscribe failed", { error: error.message });
    });
  }

  /** Pulls the plug: no goodbye, so that the broker speaks the last will. Comes back by itself. */
  cut(): void {
    this.#client.stream.destroy();
  }

  /** Off the mains until `resume`. */
  suspend(): void {
    this.#client.options.reconnectPeriod = 0;
    this.#client.stream.destroy();
  }

  resume(retryEvery: Duration): void {
    this.#client.options.reconnectPeriod = retryEvery;
    this.#client.reconnect();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#client.end(true, {}, () => resolve());
    });
  }
}
