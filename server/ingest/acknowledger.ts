/**
 * Tells gateways how far their lanes are stored. Acknowledgements of one lane are put together for a
 * moment; the hazard lane's go at once. Nothing is said here that is not durable already.
 */
import type { Lane } from "../../core/batch.ts";
import type { Clock } from "../../core/clock.ts";
import { wordsOf } from "../../core/errors.ts";
import type { GatewayId, SiteId } from "../../core/ids.ts";
import { milliseconds } from "../../core/time.ts";
import {
  type Acknowledgement,
  type Refusal,
  type Request,
  uplinkTopic,
} from "../../core/uplink.ts";
import type { Log } from "../../platform/log.ts";
import type { MqttClient } from "../../platform/mqtt-client.ts";

export const ACK_AFTER = milliseconds(20);
/** Refused batches named in one acknowledgement; the rest is in the quarantine all the same. */
export const ACK_REFUSED_MAX = 100;

type Refused = Acknowledgement["refused"][number];

interface PendingAck {
  readonly gateway: GatewayId;
  readonly epoch: string;
  readonly lane: Lane;
  storedThrough: number;
  refused: Refused[];
}

export class Acknowledger {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #client: MqttClient;
  readonly #site: SiteId;
  readonly #pending = new Map<string, PendingAck>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, log: Log, client: MqttClient, site: SiteId) {
    this.#clock = clock;
    this.#log = log;
    this.#client = client;
    this.#site = site;
  }

  add(lane: Omit<PendingAck, "refused">, refused?: Refused): void {
    const key = `${lane.gateway} ${lane.epoch} ${lane.lane}`;
    const pending = this.#pending.get(key) ?? { ...lane, refused: [] };
    pending.storedThrough = lane.storedThrough;
    if (refused !== undefined && pending.refused.length < ACK_REFUSED_MAX) {
      pending.refused.push(refused);
    }
    this.#pending.set(key, pending);
    if (lane.lane === "hazard") this.flush();
    else this.#cancel ??= this.#clock.after(ACK_AFTER, () => this.flush());
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { gateway, ...ack } of pending) this.say(gateway, ack);
  }

  say(gateway: GatewayId, message: Acknowledgement | Request | Refusal): void {
    const topic = uplinkTopic({ site: this.#site, gateway }, "ack");
    this.#client.publish(topic, JSON.stringify(message), { qos: 1 }).catch((error: unknown) => {
      // The gateway sends again after its timeout, and hears it then.
      this.#log.debug("acknowledgement not sent", { gateway, why: wordsOf(error) });
    });
  }
}
