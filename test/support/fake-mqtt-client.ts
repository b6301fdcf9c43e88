/** An MQTT client without a broker: tests say what arrives and see what was published. */
import type { MqttClient, MqttMessage, MqttState } from "../../platform/mqtt-client.ts";

export interface Published {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export class FakeMqttClient implements MqttClient {
  readonly published: Published[] = [];
  connected = false;
  readonly #messages: ((message: MqttMessage) => void)[] = [];
  readonly #states: ((state: MqttState) => void)[] = [];

  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: { readonly retain?: boolean },
  ): Promise<void> {
    if (!this.connected) throw new Error("not connected");
    this.published.push({ topic, payload: String(payload), retain: options.retain === true });
  }

  async subscribe(): Promise<void> {}

  onMessage(listener: (message: MqttMessage) => void): void {
    this.#messages.push(listener);
  }

  onDurableMessage(): void {}

  onState(listener: (state: MqttState) => void): void {
    this.#states.push(listener);
  }

  async close(): Promise<void> {}

  becomes(state: MqttState): void {
    this.connected = state === "connected";
    for (const listener of this.#states) listener(state);
  }

  receive(topic: string, body: unknown, retained = false): void {
    const payload = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    for (const listener of this.#messages) {
      listener({ topic, payload, retained, qos: 1, duplicate: false });
    }
  }

  /** What was published on topics ending so, since the last call. */
  take(ending: string): readonly Published[] {
    const taken = this.published.filter((p) => p.topic.endsWith(ending));
    const rest = this.published.filter((p) => !p.topic.endsWith(ending));
    this.published.splice(0, Number.POSITIVE_INFINITY, ...rest);
    return taken;
  }
}
