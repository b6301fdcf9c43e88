import { expect, it } from "vitest";
import type { Lane } from "../../../../core/batch.ts";
import { gatewayId } from "../../../../core/ids.ts";
import { instant } from "../../../../core/time.ts";
import {
  IngestQueue,
  QUEUE_BYTES_MAX,
  type ReceivedBatch,
  TAKE_BYTES_MAX,
} from "../../../../server/ingest/queue.ts";

const batch = (lane: Lane, bytes: number): ReceivedBatch => ({
  gateway: gatewayId("gw-1"),
  lane,
  payload: new Uint8Array(bytes),
  receivedAt: instant(0),
});

it("gives hazards first, then live, then back-fill, and not more than a hazard could wait for", () => {
  const queue = new IngestQueue();
  for (const lane of ["backfill", "live", "live", "hazard"] as const) queue.push(batch(lane, 10));
  queue.push(batch("live", TAKE_BYTES_MAX));
  queue.push(batch("live", 10));
  const lanes = () => queue.take().map((b) => b.lane);
  expect([lanes(), lanes(), lanes(), lanes(), lanes()]).toEqual([
    ["hazard"],
    ["live", "live", "live"],
    ["live"],
    ["backfill"],
    [],
  ]);
  expect(queue.bytes).toBe(0);
});

it("keeps room for hazards when it is full", () => {
  const queue = new IngestQueue();
  expect(queue.push(batch("backfill", QUEUE_BYTES_MAX))).toBe(true);
  expect(queue.push(batch("live", 1))).toBe(false);
  expect(queue.push(batch("hazard", 1_000))).toBe(true);
});

it("wakes who waits, and at once when there is something", async () => {
  const queue = new IngestQueue();
  const waiting = queue.waiting(new AbortController().signal);
  queue.push(batch("live", 1));
  await waiting;
  await queue.waiting(new AbortController().signal);
});
