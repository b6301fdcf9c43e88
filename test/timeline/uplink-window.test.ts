/** The uplink on a clock moved by hand: who waits for whom, and for how long. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { LANES, type Lane } from "../../core/batch.ts";
import { commandId, gatewayId, type PointId, siteId } from "../../core/ids.ts";
import { type Duration, hours, instant, milliseconds, minutes, seconds } from "../../core/time.ts";
import { GREETING_RETRY, REFUSED_PAUSE, STATE_EVERY, Uplink } from "../../gateway/uplink/uplink.ts";
import { ACK_TIMEOUT } from "../../gateway/uplink/window.ts";
import { silentLog } from "../../platform/log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeMqttClient } from "../support/fake-mqtt-client.ts";
import { MemoryBuffer } from "../support/memory-buffer.ts";

const ROOT = "lamplighter/1/s/g";
let clock: FakeClock;
let client: FakeMqttClient;
let buffer: MemoryBuffer;
let uplink: Uplink;
let ending: AbortController;
let running: Promise<void>;
let commands: string[];

beforeEach(async () => {
  clock = new FakeClock();
  client = new FakeMqttClient();
  buffer = new MemoryBuffer();
  ending = new AbortController();
  commands = [];
  uplink = new Uplink(
    clock,
    silentLog,
    { buffer, client },
    {
      address: { site: siteId("s"), gateway: gatewayId("g") },
      instance: "me",
      version: "test",
      catalogue: { version: "v1", json: "{}" },
      onCommand: (message) => commands.push(message.id),
    },
  );
  running = uplink.run(ending.signal);
  await wait(milliseconds(0));
});
afterEach(async () => {
  ending.abort();
  await clock.advance(seconds(1));
  await running;
});

const wait = (by: Duration): Promise<void> => clock.advance(by);
function sample(lane: Lane, value: number): void {
  const base = { point: "a/x" as PointId, time: instant(value), sequence: 0 } as const;
  const one = { ...base, timeSource: "gateway", quality: "good", value } as const;
  buffer.commit([{ lane, isPrecious: false, samples: [one] }], clock.now());
  uplink.pump();
}
function ack(lane: Lane, storedThrough: number, refused: readonly object[] = []): void {
  client.receive(`${ROOT}/ack`, { epoch: buffer.epoch(), lane, storedThrough, refused });
}
function ackAll(live = 0): void {
  for (const lane of LANES) ack(lane, lane === "live" ? live : 0);
}
const numbers = (lane: Lane = "live"): readonly number[] =>
  client.take(`data/${lane}`).map((p) => JSON.parse(p.payload).number);

it("greets with birth and state, and sends nothing before it has heard of every lane", async () => {
  sample("live", 1);
  client.becomes("connected");
  await wait(seconds(1));
  expect(client.take("birth")).toMatchObject([{ retain: true }]);
  expect(client.take("state").map((p) => JSON.parse(p.payload))).toMatchObject([
    { state: "online", epoch: buffer.epoch(), instance: "me", catalogue: "v1" },
  ]);
  ack("live", 0);
  ack("hazard", 0);
  expect(numbers()).toEqual([]);
  ack("backfill", 0);
  expect(numbers()).toEqual([1]);
  expect(uplink.awayFor()).toBe(0);
});

it("greets again when nobody answers", async () => {
  client.becomes("connected");
  await wait(GREETING_RETRY);
  await wait(milliseconds(100));
  expect(client.take("state")).toHaveLength(2);
  expect(uplink.awayFor()).toBeGreaterThanOrEqual(GREETING_RETRY);
});

it("sends again after ten seconds of silence, from what is stored, and counts as away meanwhile", async () => {
  client.becomes("connected");
  ackAll();
  for (let i = 1; i <= 3; i++) sample("live", i);
  expect(numbers()).toEqual([1, 2, 3]);
  ack("live", 1);
  await wait(seconds(6));
  expect(uplink.awayFor()).toBe(seconds(6));
  await wait(ACK_TIMEOUT);
  expect(numbers()).toEqual([2, 3]);
  ack("live", 3);
  expect(uplink.awayFor()).toBe(0);
});

it("goes back at once when the server got a batch out of turn", async () => {
  client.becomes("connected");
  ackAll();
  for (let i = 1; i <= 3; i++) sample("live", i);
  numbers();
  ack("live", 1, [{ number: 3, samples: 0, why: "not the next, which is 2" }]);
  expect(numbers()).toEqual([2, 3]);
});

it("does not go back for samples that were set aside", async () => {
  client.becomes("connected");
  ackAll();
  for (let i = 1; i <= 3; i++) sample("live", i);
  numbers();
  ack("live", 1, [{ number: 1, samples: 1, why: "its point was never announced" }]);
  await wait(seconds(1));
  expect(numbers()).toEqual([]);
});

it("greets anew when the server has stored less than before, and sends again what it lacks", async () => {
  client.becomes("connected");
  ackAll();
  for (let i = 1; i <= 3; i++) sample("live", i);
  ack("live", 3);
  client.published.splice(0);
  ack("live", 1);
  expect(client.take("state")).toHaveLength(1);
  ackAll(1);
  expect(numbers()).toEqual([2, 3]);
});

it("ignores acknowledgements of another epoch, and garbage", async () => {
  client.becomes("connected");
  ackAll();
  sample("live", 1);
  client.receive(`${ROOT}/ack`, { epoch: "other", lane: "live", storedThrough: 1, refused: [] });
  client.receive(`${ROOT}/ack`, "}{");
  client.receive(`${ROOT}/ack`, { lane: "live" });
  client.receive(`${ROOT}/command`, "garbage");
  expect(buffer.lane("live").storedThrough).toBe(0);
});

it("is silent for a minute when its name belongs to another process, and keeps its samples", async () => {
  client.becomes("connected");
  client.receive(`${ROOT}/ack`, { refuse: "somebody else", why: "not us" });
  ackAll();
  client.receive(`${ROOT}/ack`, { refuse: "me", why: "g is online from another process" });
  client.published.splice(0);
  sample("live", 1);
  ackAll();
  await wait(seconds(59));
  expect(client.published).toEqual([]);
  await wait(REFUSED_PAUSE);
  ackAll();
  expect(numbers()).toEqual([1]);
});

it("announces itself again when the server asks", async () => {
  client.becomes("connected");
  ackAll();
  client.published.splice(0);
  client.receive(`${ROOT}/ack`, { ask: "birth" });
  expect(client.take("birth")).toHaveLength(1);
  expect(client.take("state")).toHaveLength(1);
});

it("says its state every minute, and at once when its clock was set", async () => {
  client.becomes("connected");
  ackAll();
  client.published.splice(0);
  await wait(STATE_EVERY);
  await wait(milliseconds(100));
  expect(client.take("state")).toHaveLength(1);
  clock.step(hours(1));
  await wait(milliseconds(200));
  const [said] = client.take("state");
  expect(JSON.parse(said?.payload ?? "{}").timeMs).toBeGreaterThan(clock.now() - seconds(1));
  await wait(seconds(5));
  expect(client.take("state")).toHaveLength(0);
});

it("hands commands on, but not one that a broker has kept", async () => {
  client.becomes("connected");
  const command = (id: string) => ({
    id: commandId(id),
    point: "a/x",
    value: 1,
    priority: "schedule",
    ttlMs: seconds(5),
    reason: "test",
  });
  client.receive(`${ROOT}/command`, command("c1"));
  client.receive(`${ROOT}/command`, command("c2"), true);
  expect(commands).toEqual(["c1"]);
});

it("keeps replies for the server while the broker is away", async () => {
  const reply = { id: commandId("c1"), state: "accepted", timeMs: instant(1) } as const;
  uplink.reply(reply);
  await wait(minutes(1));
  client.becomes("connected");
  expect(client.take("reply").map((p) => JSON.parse(p.payload))).toEqual([reply]);
});

it("lets hazards pass a full window of back-fill", async () => {
  client.becomes("connected");
  ackAll();
  for (let i = 1; i <= 100; i++) {
    sample("backfill", i);
    buffer.read("backfill", i, { batchesMax: 1, bytesMax: 1 });
  }
  expect(numbers("backfill")).toHaveLength(16);
  sample("hazard", 1);
  expect(numbers("hazard")).toEqual([1]);
});

it("says goodbye when it ends", async () => {
  client.becomes("connected");
  client.published.splice(0);
  ending.abort();
  await wait(seconds(1));
  await running;
  expect(client.take("state").map((p) => JSON.parse(p.payload))).toEqual([
    { state: "offline", instance: "me" },
  ]);
});
