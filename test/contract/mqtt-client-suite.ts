/** What our client promises towards any broker; run against the embedded one and against strangers. */
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import {
  connectMqtt,
  type MqttClient,
  type MqttClientOptions,
  type MqttMessage,
} from "../../platform/mqtt-client.ts";
import { eventually } from "../support/eventually.ts";

/** A broker with the users `plant`/`secret` (everything) and `door`/`secret` (below `door/` only). */
export interface BrokerUnderTest {
  readonly url: string;
  /** Ends it as a crash would, and starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export function mqttClientSuite(name: string, start: () => Promise<BrokerUnderTest>): void {
  describe(`MQTT client against ${name}`, () => {
    async function broker(): Promise<BrokerUnderTest> {
      const started = await start();
      onTestFinished(() => started.stop());
      return started;
    }

    it("delivers QoS 1 messages in order, after the broker acknowledged them", async () => {
      const { url } = await broker();
      const [sender, receiver] = [client(url, "sender"), client(url, "receiver")];
      const got: MqttMessage[] = [];
      receiver.onMessage((message) => got.push(message));
      await receiver.subscribe(["lab/+/gas"], 1);
      await connected(sender, receiver);
      await Promise.all(
        Array.from({ length: 3_000 }, (_, i) =>
          sender.publish(`lab/${i}/gas`, String(i), { qos: 1 }),
        ),
      );
      await eventually("3000 messages", () => got.length === 3_000);
      expect(got.map((m) => Buffer.from(m.payload).toString())).toEqual(
        Array.from({ length: 3_000 }, (_, i) => String(i)),
      );
    });

    it("tells a retained message from a fresh one", async () => {
      const { url } = await broker();
      const sender = client(url, "sender");
      await connected(sender);
      await sender.publish("door/1/state", "open", { qos: 1, retain: true });
      const receiver = client(url, "receiver");
      const got: MqttMessage[] = [];
      receiver.onMessage((message) => got.push(message));
      await receiver.subscribe(["door/#"], 1);
      await connected(receiver);
      await eventually("the old value", () => got.length === 1);
      await sender.publish("door/1/state", "closed", { qos: 1, retain: true });
      await eventually("the new value", () => got.length === 2);
      expect(got.map((m) => [String(m.payload), m.retained])).toEqual([
        ["open", true],
        ["closed", false],
      ]);
    });

    it("says that the password is wrong", async () => {
      const { url } = await broker();
      const stranger = client(url, "stranger", { password: "guess" });
      const why = await new Promise<string>((resolve) =>
        stranger.onState((_state, words) => resolve(words ?? "")),
      );
      expect(why).toMatch(/wrong user name or password/);
      expect(why).not.toContain("guess");
      expect(stranger.connected).toBe(false);
      await expect(stranger.publish("a", "b", { qos: 1 })).rejects.toMatchObject({
        code: "BROKER_UNREACHABLE",
      });
    });

    it("comes back after the broker restarted, with its subscriptions", async () => {
      const under = await broker();
      const [sender, receiver] = [client(under.url, "sender"), client(under.url, "receiver")];
      const states: string[] = [];
      receiver.onState((state) => states.push(state));
      const got: string[] = [];
      receiver.onMessage((message) => got.push(String(message.payload)));
      await receiver.subscribe(["x/#"], 1);
      await connected(sender, receiver);
      await under.restart();
      await eventually("said that it is gone", () => states.includes("disconnected"));
      await connected(sender, receiver);
      await sender.publish("x/1", "after", { qos: 1 });
      await eventually("message after the restart", () => got.includes("after"));
      expect(states).toEqual(["connected", "disconnected", "connected"]);
    });

    it("publishes the last will of a client that dies, not of one that says goodbye", async () => {
      const { url } = await broker();
      const watcher = client(url, "watcher");
      const got: string[] = [];
      watcher.onMessage((message) => got.push(`${message.topic} ${String(message.payload)}`));
      await watcher.subscribe(["state/#"], 1);
      const will = (topic: string) =>
        ({ topic, payload: "offline", retain: true, qos: 1 }) as const;
      const polite = client(url, "polite", { will: will("state/polite") });
      const first = client(url, "same-id", { will: will("state/dead") });
      await connected(watcher, polite, first);
      await polite.close();
      // The same client id again makes the broker end the first connection as if it had died.
      const second = client(url, "same-id");
      await eventually("the will", () => got.length > 0);
      await second.close();
      await first.close();
      expect(new Set(got)).toEqual(new Set(["state/dead offline"]));
    });

    it("takes a message of 50 MB for what it is and goes on with the next", async () => {
      const { url } = await broker();
      const [sender, receiver] = [client(url, "sender"), client(url, "receiver")];
      const got: MqttMessage[] = [];
      receiver.onMessage((message) => got.push(message));
      await receiver.subscribe(["x/#"], 1);
      await connected(sender, receiver);
      void sender.publish("x/huge", Buffer.alloc(50_000_000), { qos: 1 }).catch(() => {});
      await eventually("the next message", async () => {
        await sender.publish("x/small", "1", { qos: 1 });
        return got.some((message) => message.topic === "x/small");
      });
      expect(got.every((message) => message.payload.length <= 1)).toBe(true);
    });
  });
}

export function client(
  url: string,
  clientId: string,
  options: Partial<MqttClientOptions> = {},
): MqttClient {
  const made = connectMqtt({
    url,
    clientId,
    username: "plant",
    password: "secret",
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  onTestFinished(() => made.close());
  return made;
}

export async function connected(...clients: readonly MqttClient[]): Promise<void> {
  for (const each of clients) await eventually("connected", () => each.connected);
}
