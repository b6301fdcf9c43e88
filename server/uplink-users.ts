/** Who may do what on the embedded broker: each gateway below its own topics, the server everywhere. */

import { LANES } from "../core/batch.ts";
import type { SiteId } from "../core/ids.ts";
import { gatewayId } from "../core/ids.ts";
import { type UplinkChannel, uplinkTopic } from "../core/uplink.ts";
import type { BrokerUser } from "../platform/mqtt-broker.ts";

export const SERVER_USER = "lamplighter-server";

const FROM_GATEWAY: readonly UplinkChannel[] = [
  "birth",
  "state",
  "reply",
  ...LANES.map((lane) => `data/${lane}` as const),
];
const TO_GATEWAY: readonly UplinkChannel[] = ["ack", "command", "config"];

export function gatewayUser(site: SiteId, id: string, password: string): BrokerUser {
  const topic = (channel: UplinkChannel): string =>
    uplinkTopic({ site, gateway: gatewayId(id) }, channel);
  return { password, publish: FROM_GATEWAY.map(topic), subscribe: TO_GATEWAY.map(topic) };
}

export const serverUser = (site: SiteId, password: string): BrokerUser => ({
  password,
  publish: TO_GATEWAY.map((channel) => `lamplighter/1/${site}/+/${channel}`),
  subscribe: [`lamplighter/1/${site}/#`],
});
