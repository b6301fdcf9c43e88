/** Commands go out to gateways, and their replies come back, over the uplink. */
import type { CommandMessage, CommandReply } from "../../core/command.ts";
import type { GatewayId, SiteId } from "../../core/ids.ts";
import { uplinkTopic } from "../../core/uplink.ts";
import type { MqttClient } from "../../platform/mqtt-client.ts";
import type { CommandOutlet } from "../commands/outlet.ts";
import type { Plant } from "../plant.ts";

type ReplyListener = (gateway: GatewayId, reply: CommandReply) => void;

export class MqttOutlet implements CommandOutlet {
  readonly #client: MqttClient;
  readonly #plant: Plant;
  readonly #site: SiteId;
  readonly #listeners = new Set<ReplyListener>();

  constructor(client: MqttClient, plant: Plant, site: SiteId) {
    this.#client = client;
    this.#plant = plant;
    this.#site = site;
  }

  /** `sent` when the broker has it; whether the gateway got it is for its replies to say. */
  async send(gateway: GatewayId, message: CommandMessage): Promise<"sent" | "offline"> {
    const status = this.#plant.gateways().find((g) => g.gateway === gateway);
    if (status?.state !== "online" || !this.#client.connected) return "offline";
    const topic = uplinkTopic({ site: this.#site, gateway }, "command");
    try {
      await this.#client.publish(topic, JSON.stringify(message), { qos: 1 });
      return "sent";
    } catch {
      return "offline";
    }
  }

  onReply(listener: ReplyListener): void {
    this.#listeners.add(listener);
  }

  /** Called by ingest with what came on `reply`. */
  replied(gateway: GatewayId, reply: CommandReply): void {
    for (const listener of this.#listeners) listener(gateway, reply);
  }
}
