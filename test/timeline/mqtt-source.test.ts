/** Devices behind an MQTT broker over time: when they are there, when they are lost, what is acknowledged. */
import { describe, expect, it, onTestFinished } from "vitest";
import { deviceId, pointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import type { MqttProfile } from "../../device-profiles/profile.ts";
import type { MqttAttachment } from "../../gateway/sources/mqtt/attachment.ts";
import { createMqttSource } from "../../gateway/sources/mqtt/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { DeviceStatus } from "../../gateway/sources/source.ts";
import { silentLog } from "../../platform/log.ts";
import type { MqttMessage } from "../../platform/mqtt-client.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { libraryProfile, profileOf } from "../support/profiles.ts";
import { RecordingSink } from "../support/source-sink.ts";

class MemoryAttachment implements MqttAttachment {
  topics: readonly string[] = [];
  readonly published: string[] = [];
  #listener: (message: MqttMessage) => Promise<void> = () => Promise.resolve();
  #state: (state: "connected" | "disconnected", why?: string) => void = () => {};

  async listen(topics: readonly string[], listener: (m: MqttMessage) => Promise<void>) {
    this.topics = topics;
    this.#listener = listener;
  }

  async publish(topic: string, payload: string): Promise<void> {
    this.published.push(`${topic} ${payload}`);
  }

  onState(listener: (state: "connected" | "disconnected", why?: string) => void): void {
    this.#state = listener;
    listener("connected");
  }

  say(state: "connected" | "disconnected", why?: string): void {
    this.#state(state, why);
  }

  send(topic: string, payload: unknown, options: Partial<MqttMessage> = {}): Promise<void> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const bytes = payload instanceof Uint8Array ? payload : Buffer.from(text);
    const base = { topic, payload: bytes, retained: false, qos: 1, duplicate: false } as const;
    return this.#listener({ ...base, ...options });
  }
}

interface Bench {
  readonly clock: FakeClock;
  readonly attachment: MemoryAttachment;
  readonly sink: RecordingSink;
  readonly statuses: DeviceStatus[];
  readonly source: ReturnType<typeof createMqttSource>;
}

async function start(devices: Record<string, MqttProfile>): Promise<Bench> {
  const [clock, attachment, sink] = [new FakeClock(), new MemoryAttachment(), new RecordingSink()];
  const statuses: DeviceStatus[] = [];
  const source = createMqttSource({
    devices: Object.entries(devices).map(([id, profile]) => ({
      id: deviceId(id),
      profile,
      topic: `plant/${id}`,
    })),
    attachment,
    sink,
    clock,
    log: silentLog,
    onStatus: (status) => statuses.push(status),
    hash: createPersonalHash(Buffer.alloc(32, 7)),
    zone: "Asia/Shanghai",
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  await settle();
  return { clock, attachment, sink, statuses, source };
}

const labSensor = () => libraryProfile("mqtt", "lamplighter/lab-sensor");
const doorPanel = () => libraryProfile("mqtt", "lamplighter/door-panel");

const state = (values: object) => ({
  time: "2026-11-23T08:00:00Z",
  gas_lel: 0.8,
  temperature: 22.4,
  humidity: 41,
  sensor_state: "normal",
  ...values,
});

describe("a laboratory sensor over time", () => {
  it("is online with its first message, whose samples carry the sensor's own time", async () => {
    const { attachment, sink, statuses } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({ time: "2026-11-23T07:59:59.5Z" }));
    expect(statuses.map((s) => s.state)).toEqual(["online"]);
    expect(sink.last("lab/gas_lel")).toEqual({
      point: "lab/gas_lel",
      time: Date.UTC(2026, 10, 23, 7, 59, 59, 500),
      timeSource: "device",
      quality: "good",
      value: 0.8,
    });
  });

  it("is lost after its silence, once, and back with the next message", async () => {
    const { attachment, sink, statuses, clock } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({}));
    await clock.advance(seconds(9.9));
    expect(statuses.map((s) => s.state)).toEqual(["online"]);
    await clock.advance(seconds(0.3));
    expect(statuses.at(-1)).toMatchObject({ state: "offline", reason: "deviceOffline" });
    await clock.advance(seconds(60));
    expect(sink.of("lab/gas_lel").map((v) => v.quality)).toEqual(["good", "bad"]);
    expect(sink.last("lab/gas_lel")).toMatchObject({ detail: "no message for 10s" });
    await attachment.send("plant/lab/state", state({}));
    expect(statuses.map((s) => s.state)).toEqual(["online", "offline", "online"]);
  });

  it("that never says a word is lost as well", async () => {
    const { statuses, clock } = await start({ lab: await labSensor() });
    await clock.advance(seconds(11));
    expect(statuses).toMatchObject([{ state: "offline", reason: "deviceOffline" }]);
  });

  it("is lost at once by its last will", async () => {
    const { attachment, sink, statuses } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({}));
    await attachment.send("plant/lab/availability", "offline");
    expect(statuses.at(-1)).toMatchObject({ state: "offline" });
    expect(sink.last("lab/gas_lel")).toMatchObject({ quality: "bad", reason: "deviceOffline" });
    expect(sink.last("lab/humidity")).toMatchObject({ quality: "bad", reason: "deviceOffline" });
  });

  it("is not alive because of a retained message, whose values are in doubt", async () => {
    const { attachment, sink, statuses } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({}), { retained: true });
    expect(statuses).toEqual([]);
    expect(sink.last("lab/gas_lel")).toMatchObject({ quality: "uncertain", doubt: "retained" });
  });

  it("shows no gas value while it warms up", async () => {
    const { attachment, sink } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({ sensor_state: "warm-up", gas_lel: 60 }));
    expect(sink.last("lab/gas_lel")).toMatchObject({ quality: "bad", reason: "gated" });
    expect(sink.last("lab/sensor_state")).toMatchObject({ quality: "good", value: 2 });
  });

  it("outlives a broker that restarts, and is lost when the broker stays away", async () => {
    const { attachment, sink, statuses, clock } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", state({}));
    attachment.say("disconnected", "ECONNREFUSED");
    await clock.advance(seconds(2));
    attachment.say("connected");
    await clock.advance(seconds(5));
    expect(statuses.map((s) => s.state)).toEqual(["online"]);
    await attachment.send("plant/lab/state", state({}));
    attachment.say("disconnected", "ECONNREFUSED");
    await clock.advance(seconds(4));
    expect(statuses.at(-1)).toMatchObject({ state: "offline", reason: "connectionLost" });
    expect(sink.last("lab/gas_lel")).toMatchObject({ quality: "bad", reason: "connectionLost" });
    attachment.say("connected");
    await clock.advance(seconds(11));
    expect(statuses.at(-1)).toMatchObject({ state: "offline", reason: "deviceOffline" });
  });
});

describe("what is acknowledged", () => {
  it("is durable before", async () => {
    const { attachment, sink } = await start({ lab: await labSensor() });
    let commit = (): void => {};
    sink.durable = () => new Promise((resolve) => (commit = resolve));
    let isAcknowledged = false;
    const sent = attachment.send("plant/lab/state", state({})).then(() => (isAcknowledged = true));
    await settle();
    expect(isAcknowledged).toBe(false);
    commit();
    await sent;
    expect(isAcknowledged).toBe(true);
  });

  it("is nothing when the buffer refuses", async () => {
    const { attachment, sink } = await start({ lab: await labSensor() });
    sink.durable = () => Promise.reject(new Error("disk full"));
    await expect(attachment.send("plant/lab/state", state({}))).rejects.toThrow("disk full");
  });

  it("is also a message that means nothing to us, so that it does not come for ever", async () => {
    const { attachment, source } = await start({ lab: await labSensor() });
    await attachment.send("plant/other/state", "x");
    expect(source.counts()).toMatchObject({ messages: 1, foreign: 1, samples: 0 });
  });
});

describe("bad payloads", () => {
  const rows: readonly [string, string | Uint8Array, string][] = [
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), "badPayload"],
    ["not JSON", "{gas_lel: 1}", "badPayload"],
    ["a word where a number belongs", JSON.stringify(state({ gas_lel: "high" })), "typeMismatch"],
    ["an object where a number belongs", JSON.stringify(state({ gas_lel: {} })), "typeMismatch"],
    ["null", JSON.stringify(state({ gas_lel: null })), "notImplemented"],
    ["no such field", '{"sensor_state":"normal"}', "badPayload"],
    ["beyond what can be", JSON.stringify(state({ gas_lel: 250 })), "outOfRange"],
    ["nothing", "", "badPayload"],
    ["a field of the prototype", '{"__proto__":{"gas_lel":1}}', "badPayload"],
    ["100,000 levels deep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "badPayload"],
    ["300 kB", JSON.stringify(state({ filling: "x".repeat(300_000) })), "tooLarge"],
  ];
  it.each(rows)("%s", async (_name, payload, reason) => {
    const { attachment, sink } = await start({ lab: await labSensor(), other: await labSensor() });
    await attachment.send("plant/lab/state", payload);
    await attachment.send("plant/other/state", state({}));
    expect(sink.last("lab/gas_lel")).toMatchObject({ quality: "bad", reason });
    expect(sink.last("other/gas_lel")).toMatchObject({ quality: "good", value: 0.8 });
  });

  it("50 MB, which the client did not even take", async () => {
    const { attachment, sink } = await start({ lab: await labSensor() });
    await attachment.send("plant/lab/state", "", { tooLarge: 50_000_000 });
    expect(sink.last("lab/gas_lel")).toMatchObject({
      reason: "tooLarge",
      detail: "message of 50000000 bytes, allowed are 262144",
    });
  });
});

describe("a door panel", () => {
  it("gives every card as an event of its own, and never the card's number", async () => {
    const { attachment, sink } = await start({ door: await doorPanel() });
    const granted = { time: "2026-11-23T08:00:00Z", what: "granted", card: "04A2247F" };
    await attachment.send("plant/door/event", granted);
    await attachment.send("plant/door/event", granted);
    await attachment.send("plant/door/event", { ...granted, what: "forced", card: undefined });
    const events = sink.of("door/access_event").map((v) => v.quality !== "bad" && v.value);
    // HMAC-SHA-256 of the text with 32 bytes of 0x07, by `openssl dgst -sha256 -mac HMAC`.
    const card = "k:e6b86106d37f46604d2422c077511fcd";
    expect(events[1]).toBe(events[0]);
    expect(events[2]).toBe('{"what":"forced"}');
    expect(events[0]).toBe(`{"what":"granted","card":"${card}"}`);
    expect(JSON.stringify(sink.values)).not.toContain("04A2247F");
  });

  it("whose clock is a year ahead is believed in everything but the time", async () => {
    const { attachment, sink, clock } = await start({ door: await doorPanel() });
    const wrong = { time: "2027-11-23T08:00:00Z", door_open: true, locked: false, tamper: false };
    await attachment.send("plant/door/state", wrong);
    expect(sink.last("door/door_open")).toMatchObject({
      time: clock.now(),
      timeSource: "gateway",
      quality: "uncertain",
      doubt: "clockCorrected",
      value: 1,
    });
  });
});

describe("commands", () => {
  const relay = () =>
    profileOf(
      "mqtt",
      `silentAfter: 1h
points:
  light_on:
    topic: stat/POWER
    words: { "ON": 1, "OFF": 0 }
    write: { topic: cmnd/POWER, payload: "{value}" }
    command: { settle: 1s }
`,
    );

  it("are published in the device's words, and read back from its next message", async () => {
    const { attachment, source } = await start({ relay: await relay() });
    const point = pointId(deviceId("relay"), "light_on");
    await expect(source.write({ point, value: 1, timeout: seconds(1) })).resolves.toEqual({
      kind: "accepted",
    });
    expect(attachment.published).toEqual(["plant/relay/cmnd/POWER ON"]);
    const shown = source.read(point, seconds(5));
    await attachment.send("plant/relay/stat/POWER", "ON", { qos: 0 });
    await expect(shown).resolves.toMatchObject({ kind: "value", value: 1 });
  });

  it("go unanswered when the device does not speak, or is known to be away", async () => {
    const { source, clock, attachment } = await start({ relay: await relay() });
    const point = pointId(deviceId("relay"), "light_on");
    const shown = source.read(point, seconds(5));
    await clock.advance(seconds(5));
    await expect(shown).resolves.toMatchObject({ kind: "none" });
    await clock.advance(seconds(3_600));
    const answer = await source.write({ point, value: 0, timeout: seconds(1) });
    expect(answer).toMatchObject({ kind: "noAnswer" });
    expect(attachment.published).toEqual([]);
  });

  it("with a value the device has no word for are refused", async () => {
    const { source } = await start({ relay: await relay() });
    const point = pointId(deviceId("relay"), "light_on");
    const answer = await source.write({ point, value: 3, timeout: seconds(1) });
    expect(answer).toEqual({ kind: "refused", detail: "3 has no word (known: 1, 0)" });
  });
});
