/** Ingest on a clock moved by hand, hearing what no honest gateway would send. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Batch, encodeBatch, type Lane } from "../../core/batch.ts";
import type { PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { hours, instant, minutes, seconds } from "../../core/time.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../platform/sqlite.ts";
import { createIngest, type Ingest } from "../../server/ingest/ingest.ts";
import { QUEUE_BYTES_MAX } from "../../server/ingest/queue.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { FakeMqttClient } from "../support/fake-mqtt-client.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { SITE, testCatalogue } from "../support/uplink-rig.ts";

const ROOT = `lamplighter/1/${SITE}/gw1`;
const POWER = "gw1-meter/power" as PointId;
const CATALOGUE = testCatalogue("gw1", ["power", "gas"]);
let folder: string;
let database: Database;
let clock: FakeClock;
let client: FakeMqttClient;
let store: MemoryStore;
let ingest: Ingest;
let ending: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingest-"));
  database = Database.open({ file: join(folder, "records.sqlite"), commits: "relaxed" });
  clock = new FakeClock();
  client = new FakeMqttClient();
  store = new MemoryStore();
  ingest = await createIngest(clock, silentLog, { client, store, database }, SITE);
  ending = new AbortController();
  running = ingest.run(ending.signal);
  client.becomes("connected");
  await settle();
});
afterEach(async () => {
  ending.abort();
  await clock.advance(seconds(2));
  await running;
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const wait = (): Promise<void> => clock.advance(seconds(1));
const say = (channel: string, body: unknown, retained = false): void =>
  client.receive(`${ROOT}/${channel}`, body, retained);
const online = (more: object = {}, retained = false): void =>
  say(
    "state",
    {
      state: "online",
      epoch: "e1",
      instance: "a",
      timeMs: clock.now(),
      catalogue: CATALOGUE.version,
      ...more,
    },
    retained,
  );
async function greeted(): Promise<void> {
  say("birth", CATALOGUE, true);
  online();
  await wait();
  client.published.splice(0);
}
const sample = (value: number, more: Partial<Sample> = {}): Sample =>
  ({
    point: POWER,
    time: clock.now(),
    sequence: 0,
    timeSource: "gateway",
    quality: "good",
    value,
    ...more,
  }) as Sample;
const batch = (number: number, samples: readonly Sample[], more: Partial<Batch> = {}): string =>
  encodeBatch({ epoch: "e1", lane: "live" as Lane, number, samples, ...more });
const acks = (): readonly unknown[] => client.take("ack").map((p) => JSON.parse(p.payload));

it("answers a greeting with how far each lane is stored", async () => {
  say("birth", CATALOGUE, true);
  online();
  await wait();
  expect(acks()).toEqual(
    ["hazard", "live", "backfill"].map((lane) => ({
      epoch: "e1",
      lane,
      storedThrough: 0,
      refused: [],
    })),
  );
});

it("acknowledges many batches of a lane in one word, and a hazard in its own at once", async () => {
  await greeted();
  for (let number = 1; number <= 5; number++) say("data/live", batch(number, [sample(number)]));
  say("data/hazard", batch(1, [sample(1)], { lane: "hazard" }));
  await wait();
  const said = acks();
  expect(said).toContainEqual({ epoch: "e1", lane: "hazard", storedThrough: 1, refused: [] });
  expect(said).toContainEqual({ epoch: "e1", lane: "live", storedThrough: 5, refused: [] });
  expect(said.length).toBeLessThanOrEqual(3);
});

it("asks for the birth of a gateway it does not know, keeps nothing of it, and does not nag", async () => {
  online();
  for (let number = 1; number <= 3; number++) say("data/live", batch(number, [sample(number)]));
  await wait();
  expect(acks()).toEqual([{ ask: "birth" }]);
  expect(store.entries).toEqual([]);
});

it("asks anew when what it heard was kept by the broker for anybody", async () => {
  say("birth", CATALOGUE, true);
  online({}, true);
  await wait();
  expect(acks()).toEqual([{ ask: "birth" }]);
  expect(ingest.registry.gateways()[0]?.clockOffset).toBeUndefined();
});

it("does not store a batch twice, nor one that is not the next", async () => {
  await greeted();
  say("data/live", batch(1, [sample(1)]));
  say("data/live", batch(1, [sample(1)]));
  say("data/live", batch(3, [sample(3)]));
  await wait();
  expect(store.samples()).toHaveLength(1);
  expect(acks().at(-1)).toMatchObject({
    storedThrough: 1,
    refused: [{ number: 3, samples: 0, why: "not the next, which is 2" }],
  });
  expect(ingest.counts()).toMatchObject({ replays: 1, gaps: 1, batches: 1 });
});

it("goes on behind a batch that cannot be read, and records it", async () => {
  await greeted();
  const broken = batch(1, [sample(1)]).slice(0, -20);
  say("data/live", broken);
  say("data/live", batch(2, [sample(2)]));
  await wait();
  expect(acks().at(-1)).toMatchObject({
    storedThrough: 2,
    refused: [{ number: 1, why: expect.stringContaining("not JSON") }],
  });
  expect(store.samples()).toHaveLength(1);
  expect(ingest.quarantine.list({ limit: 9 })).toMatchObject([{ number: 1, point: "" }]);
});

it.each([
  ["no JSON", "}{"],
  ["nothing", ""],
  ["another shape", "[1,2,3]"],
  ["an infinite number", '{"version":1,"epoch":"e1","lane":"live","number":1e999}'],
  ["deep nesting", "[".repeat(50_000)],
  ["bytes", Buffer.from([0xff, 0xfe, 0x00, 0x80]).toString("latin1")],
])("survives %s on every topic, and serves the next honest batch", async (_name, garbage) => {
  await greeted();
  for (const channel of ["data/live", "data/hazard", "state", "birth", "reply", "data/none", "x"]) {
    say(channel, garbage);
  }
  say("data/live", batch(1, [sample(7)]));
  await wait();
  expect(store.samples()).toMatchObject([{ value: 7 }]);
});

it("keeps the rest of a batch with bad samples in it, and shows those to a person", async () => {
  await greeted();
  const stranger = sample(1, { point: "gw1-meter/nobody" as PointId });
  const future = sample(2, { time: instant(clock.now() + hours(48)) });
  say("data/live", batch(1, [stranger, future, sample(3)]));
  await wait();
  expect(store.samples()).toMatchObject([{ value: 3 }]);
  expect(acks()).toContainEqual(
    expect.objectContaining({ refused: [{ number: 1, samples: 2, why: expect.any(String) }] }),
  );
  expect(ingest.quarantine.list({ limit: 9 }).map((q) => q.why)).toEqual([
    expect.stringContaining("ahead of the server"),
    expect.stringContaining("never announced"),
  ]);
});

it("corrects and doubts the samples of a gateway whose clock is an hour behind", async () => {
  say("birth", CATALOGUE, true);
  online({ timeMs: clock.now() - hours(1) });
  await wait();
  const now = clock.now();
  say("data/live", batch(1, [sample(1, { time: instant(now - hours(1)) })]));
  await wait();
  expect(ingest.registry.gateways()).toMatchObject([{ clockOffset: -hours(1) }]);
  expect(store.samples()).toMatchObject([
    { time: now, quality: "uncertain", doubt: "clockCorrected", value: 1 },
  ]);
});

it("takes no more than its queue holds, and hears the rest again", async () => {
  await greeted();
  const text = "x".repeat(3_500_000);
  const big = (number: number): string =>
    batch(number, [sample(number)]).replace(/}$/, `,"more":"${text}"}`);
  const count = Math.ceil(QUEUE_BYTES_MAX / 3_500_000) + 2;
  for (let number = 1; number <= count; number++) say("data/live", big(number));
  expect(ingest.counts().notQueued).toBeGreaterThan(0);
  expect(ingest.counts().queueBytes).toBeLessThanOrEqual(QUEUE_BYTES_MAX);
  await clock.advance(seconds(5));
  const { storedThrough } = (await store.lanes())[0]!;
  for (let number = storedThrough + 1; number <= count; number++) {
    say("data/live", batch(number, [sample(number)]));
  }
  await clock.advance(seconds(5));
  expect(store.samples()).toHaveLength(count);
});

it("keeps a sample set aside by a full disk for the next try", async () => {
  await greeted();
  store.failWith = new Error("disk is full");
  say("data/live", batch(1, [sample(1)]));
  await wait();
  expect(acks()).toEqual([]);
  store.failWith = undefined;
  await clock.advance(minutes(1));
  say("data/live", batch(1, [sample(1)]));
  await wait();
  expect(store.samples()).toHaveLength(1);
});

it("says that a gateway is offline by its last will, and not by that of its forerunner", async () => {
  await greeted();
  online({ instance: "b" });
  say("state", { state: "offline", instance: "a" }, false);
  expect(ingest.registry.gateways()).toMatchObject([{ state: "online" }]);
  say("state", { state: "offline", instance: "b" }, false);
  expect(ingest.registry.gateways()).toMatchObject([{ state: "offline" }]);
});
