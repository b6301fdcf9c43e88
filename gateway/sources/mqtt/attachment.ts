/**
 * Where the messages of an MQTT source come from and its commands go to: a broker somewhere else, or the
 * gateway's own. For the source they are the same.
 */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { seconds } from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import {
  type Broker,
  type BrokerLimits,
  type BrokerUsers,
  startBroker,
} from "../../../platform/mqtt-broker.ts";
import type { MqttClient, MqttMessage } from "../../../platform/mqtt-client.ts";

type Listener = (message: MqttMessage) => Promise<void>;

export interface MqttAttachment {
  /** From now on messages on these topics come to the listener, whose promise holds the acknowledgement. */
  listen(topics: readonly string[], listener: Listener): Promise<void>;
  /** At least once, never retained: a retained command would switch again at every reconnect. */
  publish(topic: string, payload: string): Promise<void>;
  /** The way to the devices is there, or gone and why; called at once when it is known. */
  onState(listener: (state: "connected" | "disconnected", why?: string) => void): void;
}

/**
 * Through a broker of somebody else. The client belongs to the caller, who closes it, and must be fresh: a
 * broker that kept our session delivers at once, and what comes before `listen` waits unacknowledged.
 */
export function attachToBroker(client: MqttClient): MqttAttachment {
  const listening = Promise.withResolvers<Listener>();
  client.onDurableMessage(async (message) => (await listening.promise)(message));
  return {
    listen: (topics, listener) => {
      listening.resolve(listener);
      return client.subscribe(topics, 1);
    },
    publish: (topic, payload) => client.publish(topic, payload, { qos: 1, retain: false }),
    onState: (listener) => {
      client.onState(listener);
      if (client.connected) listener("connected");
    },
  };
}

export interface DeviceBrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly users: BrokerUsers;
  readonly limits?: Partial<BrokerLimits>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DeviceBroker {
  readonly broker: Broker;
  /** One per MQTT connection of the gateway that says `broker: embedded`. */
  attach(): MqttAttachment;
}

/** Messages that come before somebody listens wait this long for it; after that nobody ever will. */
const LISTENER_WITHIN = seconds(30);

/** The gateway's own broker, for devices that should have no other. */
export async function startDeviceBroker(options: DeviceBrokerOptions): Promise<DeviceBroker> {
  const listeners = new Map<string, Listener[]>();
  const listening = Promise.withResolvers<void>();
  let attached = 0;
  const cancel = options.clock.after(LISTENER_WITHIN, listening.resolve);
  const broker = await startBroker({
    ...options,
    onPublish: async (_client, message) => {
      await listening.promise;
      const wanted = listeners.get(message.topic);
      if (wanted === undefined) return;
      await Promise.all(wanted.map((listener) => listener(message)));
    },
  });
  const attach = (): MqttAttachment => {
    attached++;
    return {
      listen: async (topics, listener) => {
        for (const topic of topics) {
          listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
        }
        attached--;
        if (attached > 0) return;
        cancel();
        listening.resolve();
      },
      publish: (topic, payload) => broker.publish(topic, payload, { qos: 1, retain: false }),
      onState: (listener) => listener("connected"),
    };
  };
  return { broker, attach };
}

/** A device's file password and topics → what the broker wants to know of a user. */
export function deviceUsers(
  users: Readonly<
    Record<string, { readonly password: string; readonly topics: readonly string[] }>
  >,
): BrokerUsers {
  return new Map(
    Object.entries(users).map(([name, { password, topics }]) => {
      if (password.length === 0) {
        throw new LamplighterError("CONFIG_INVALID", `MQTT user "${name}" has an empty password.`);
      }
      return [name, { password, publish: topics, subscribe: topics }];
    }),
  );
}
