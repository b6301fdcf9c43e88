/** The embedded broker against peers that do not behave, byte by byte. */
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { seconds } from "../../core/time.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import {
  type Broker,
  type BrokerOptions,
  type BrokerUser,
  startBroker,
} from "../../platform/mqtt-broker.ts";
import { eventually } from "../support/eventually.ts";
import {
  connectPacket,
  publishPacket,
  type RawPeer,
  rawPeer,
  subscribePacket,
} from "../support/raw-mqtt.ts";
import { client, connected } from "./mqtt-client-suite.ts";

const users = new Map<string, BrokerUser>([
  ["plant", { password: "secret", publish: ["#"], subscribe: ["#"] }],
  ["door", { password: "secret", publish: ["door/#"], subscribe: ["door/+/set"] }],
]);

async function start(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const base = { port: 0, users, clock: systemClock, log: silentLog };
  const broker = await startBroker({ ...base, ...options });
  onTestFinished(() => broker.close());
  return broker;
}

const urlOf = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;

async function signedIn(broker: Broker, id = "raw"): Promise<RawPeer> {
  const peer = await rawPeer(broker.port);
  onTestFinished(() => void peer.socket.destroy());
  peer.socket.write(connectPacket(id, "plant", "secret"));
  // CONNACK, §3.2: accepted, no session.
  await eventually("CONNACK", () => peer.received().equals(Buffer.from([0x20, 2, 0, 0])));
  return peer;
}

describe("embedded broker", () => {
  const garbage: readonly [string, Buffer][] = [
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["a length of five bytes", Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ["packet type 0", Buffer.from([0x00, 0x00])],
    ["a message before CONNECT", publishPacket("a", Buffer.from("1"))],
    ["CONNECT with nothing in it", Buffer.from([0x10, 0x00])],
    ["CONNECT of another protocol", Buffer.from([0x10, 6, 0, 4, 0x58, 0x58, 0x58, 0x58])],
    ["CONNECT of MQTT 5", Buffer.from("101000044d5154540502003c00000378797a", "hex")],
    ["random bytes", Buffer.from("b3f1c20a7e99d04411", "hex")],
  ];
  it.each(garbage)("ends a connection that sends %s, and nothing else", async (_name, bytes) => {
    const broker = await start();
    const good = client(urlOf(broker), "good");
    await connected(good);
    const peer = await rawPeer(broker.port);
    peer.socket.write(bytes);
    await peer.closed;
    await good.publish("still/there", "1", { qos: 1 });
  });

  it("ends a CONNECT of 50 MB at its first bytes, before any is kept", async () => {
    const broker = await start();
    const peer = await rawPeer(broker.port);
    const before = process.memoryUsage().rss;
    // §2.2.3: 50,000,000 as remaining length.
    peer.socket.write(Buffer.from([0x10, 0x80, 0xe1, 0xeb, 0x17]));
    peer.socket.write(Buffer.alloc(8_000_000));
    await peer.closed;
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
    expect(broker.statistics()).toMatchObject({ malformed: 1, clients: 0 });
  });

  it("ends a message longer than allowed, and no other client", async () => {
    const broker = await start({ limits: { packetBytesMax: 1_000 } });
    const good = client(urlOf(broker), "good");
    await connected(good);
    const peer = await signedIn(broker);
    peer.socket.write(publishPacket("a", Buffer.alloc(1_001), 1));
    await peer.closed;
    expect(broker.statistics().malformed).toBe(1);
    await good.publish("a", Buffer.alloc(900), { qos: 1 });
  });

  it("holds the acknowledgement until the message is kept, many at once", async () => {
    let keep = (): void => {};
    const kept = new Promise<void>((resolve) => {
      keep = resolve;
    });
    const seen: string[] = [];
    const broker = await start({
      onPublish: (from, message) => {
        seen.push(`${from.username} ${message.topic}`);
        return kept;
      },
    });
    const peer = await signedIn(broker);
    for (let id = 1; id <= 20; id++) peer.socket.write(publishPacket("gas", Buffer.from("1"), id));
    await eventually("all seen", () => seen.length === 20);
    expect(seen[0]).toBe("plant gas");
    expect(peer.received()).toHaveLength(4);
    keep();
    await eventually("20 PUBACKs of 4 bytes", () => peer.received().length === 4 + 20 * 4);
    // §3.4: PUBACK of packet 1.
    expect(peer.received().subarray(4, 8)).toEqual(Buffer.from([0x40, 2, 0, 1]));
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("disk full"))],
    [
      "throws",
      () => {
        throw new Error("bug");
      },
    ],
  ])("does not acknowledge, and disconnects, when keeping %s", async (_name, onPublish) => {
    const broker = await start({ onPublish });
    const peer = await signedIn(broker);
    peer.socket.write(publishPacket("gas", Buffer.from("1"), 7));
    await peer.closed;
    expect(peer.received()).toHaveLength(4);
  });

  it("lets a user reach its own topics only", async () => {
    const broker = await start();
    const watcher = client(urlOf(broker), "watcher");
    const got: string[] = [];
    watcher.onMessage((message) => got.push(message.topic));
    await watcher.subscribe(["#"], 1);
    const door = client(urlOf(broker), "door", { username: "door" });
    await connected(watcher, door);
    await door.subscribe(["door/1/set"], 1);
    for (const filter of ["#", "door/#", "+/1/set", "$SYS/#", "door/+/+"]) {
      await expect(door.subscribe([filter], 1), filter).rejects.toMatchObject({
        code: "BROKER_REFUSED",
      });
    }
    await door.publish("door/1/state", "open", { qos: 1 });
    await expect(door.publish("lab/gas", "99", { qos: 1 })).rejects.toThrow();
    await eventually("counted", () => broker.statistics().notPermitted === 6);
    expect(got.filter((topic) => !topic.startsWith("door/"))).toEqual([]);
  });

  it("does not let a user take another user's client id", async () => {
    const broker = await start();
    const plant = client(urlOf(broker), "meter-7");
    await connected(plant);
    const thief = client(urlOf(broker), "meter-7", { username: "door" });
    const why = await new Promise<string>((r) => thief.onState((_s, words) => r(words ?? "")));
    expect(why).toContain("wrong user name or password");
    await plant.publish("still/mine", "1", { qos: 1 });
  });

  it("closes a reader that does not read within seconds; the others do not wait for it", async () => {
    const broker = await start({
      limits: { writeBytesMax: 256 * 1024, messagesPerSecondMax: 20_000 },
    });
    const slow = await signedIn(broker, "slow");
    slow.socket.write(subscribePacket("#"));
    await eventually("SUBACK", () => slow.received().length === 9);
    slow.socket.pause();
    const [sender, quick] = [client(urlOf(broker), "sender"), client(urlOf(broker), "quick")];
    let got = 0;
    quick.onMessage(() => got++);
    await quick.subscribe(["#"], 1);
    await connected(sender, quick);
    const payload = Buffer.alloc(50_000);
    const sent = performance.now();
    for (let i = 0; i < 400; i++) await sender.publish("x", payload, { qos: 1 });
    await eventually("the quick reader has all", () => got === 400);
    expect(performance.now() - sent).toBeLessThan(9_000);
    await eventually("the slow one is closed", () => broker.statistics().slowReaders === 1);
  });

  it("reads a flood of 100,000 messages a second no faster than allowed, and others meanwhile", async () => {
    const perSecond = 5_000;
    const broker = await start({
      limits: { messagesPerSecondMax: 1_000, allMessagesPerSecondMax: perSecond },
    });
    const good = client(urlOf(broker), "good");
    await connected(good);
    const burst = Buffer.concat(
      Array.from({ length: 1_000 }, () => publishPacket("flood", Buffer.from("12345678"))),
    );
    const peers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => signedIn(broker, `f${i}`)),
    );
    const began = performance.now();
    for (let round = 0; round < 20; round++) {
      for (const peer of peers) if (peer.socket.writableLength === 0) peer.socket.write(burst);
      const asked = performance.now();
      await good.publish("hazard", "1", { qos: 1 });
      expect(performance.now() - asked).toBeLessThan(5_000);
      await systemClock.sleep(seconds(0.1));
    }
    const tookS = (performance.now() - began) / 1_000;
    const { messages, pauses } = broker.statistics();
    // What was read in one piece before the rate was looked at comes on top: 8 kB of each client.
    const inOnePiece = 11 * Math.ceil((8 * 1_024) / 17);
    expect(messages).toBeLessThan(perSecond * (tookS + 0.1) + inOnePiece);
    expect(pauses).toBeGreaterThan(0);
  });

  it("keeps only so much retained", async () => {
    const broker = await start({ limits: { retainedMax: 2 } });
    const sender = client(urlOf(broker), "sender");
    await connected(sender);
    for (const topic of ["a", "b", "c", "b"]) {
      await sender.publish(topic, "1", { qos: 1, retain: true });
    }
    expect(broker.statistics()).toMatchObject({ retained: 2, retainedRefused: 1 });
    await sender.publish("a", "", { qos: 1, retain: true });
    expect(broker.statistics().retained).toBe(1);
  });

  it("says which port is taken and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it("ends with clients connected, silent strangers and messages not yet kept", async () => {
    const broker = await start({ onPublish: () => new Promise(() => {}) });
    const peer = await signedIn(broker);
    const stranger = await rawPeer(broker.port);
    peer.socket.write(publishPacket("gas", Buffer.from("1"), 1));
    await eventually("held", () => broker.statistics().messages === 1);
    const began = performance.now();
    await broker.close();
    expect(performance.now() - began).toBeLessThan(3_000);
    await Promise.all([peer.closed, stranger.closed]);
  });
});
