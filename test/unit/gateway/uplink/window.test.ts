import { describe, expect, it } from "vitest";
import type { Lane } from "../../../../core/batch.ts";
import { monotonic } from "../../../../core/time.ts";
import {
  ACK_TIMEOUT,
  BACKFILL_BYTES_PER_SECOND_MAX,
  IN_FLIGHT_MAX,
  nextSend,
  noteAck,
  noteSent,
  openWindow,
  REWIND_PAUSE,
  rewindDue,
} from "../../../../gateway/uplink/window.ts";

const at = monotonic;
const none = { hazard: 0, live: 0, backfill: 0 };
const last = (lanes: Partial<Record<Lane, number>>) => ({ ...none, ...lanes });

function sendAll(window: ReturnType<typeof openWindow>, lane: Lane, numbers: readonly number[]) {
  for (const number of numbers) noteSent(window, lane, { number, bytes: 100, at: at(0) });
}

describe("nextSend", () => {
  it("takes hazards first, then live, then back-fill", () => {
    const window = openWindow(none, at(0));
    const waiting = last({ hazard: 1, live: 1, backfill: 1 });
    const order: Lane[] = [];
    for (
      let send = nextSend(window, waiting, at(0));
      send;
      send = nextSend(window, waiting, at(0))
    ) {
      order.push(send.lane);
      sendAll(window, send.lane, [send.from]);
    }
    expect(order).toEqual(["hazard", "live", "backfill"]);
  });

  it("stops at a full window and goes on where it was acknowledged", () => {
    const window = openWindow(none, at(0));
    const { batches } = IN_FLIGHT_MAX.live;
    sendAll(
      window,
      "live",
      Array.from({ length: batches }, (_, i) => i + 1),
    );
    expect(nextSend(window, last({ live: 1_000 }), at(0))).toBeUndefined();
    noteAck(window, { lane: "live", storedThrough: 3, wasRefused: false }, at(1));
    expect(nextSend(window, last({ live: 1_000 }), at(1))).toMatchObject({
      from: batches + 1,
      batchesMax: 3,
    });
  });

  it("holds back-fill to its rate and no other lane", () => {
    const window = openWindow(none, at(0));
    const bytes = BACKFILL_BYTES_PER_SECOND_MAX + 1_000;
    noteSent(window, "backfill", { number: 1, bytes, at: at(0) });
    noteAck(window, { lane: "backfill", storedThrough: 1, wasRefused: false }, at(0));
    expect(nextSend(window, last({ backfill: 9 }), at(0))).toBeUndefined();
    expect(nextSend(window, last({ backfill: 9, live: 1 }), at(0))?.lane).toBe("live");
    expect(nextSend(window, last({ backfill: 9 }), at(10))?.lane).toBe("backfill");
  });
});

describe("acknowledgements", () => {
  it("advances, and says when a number is below what was said before", () => {
    const window = openWindow(none, at(0));
    sendAll(window, "live", [1, 2, 3]);
    const ack = (storedThrough: number) =>
      noteAck(window, { lane: "live", storedThrough, wasRefused: false }, at(1));
    expect([ack(2), ack(2), ack(1), ack(3)]).toEqual(["advanced", "same", "below", "advanced"]);
  });

  it("rewinds at once when the server refused a batch out of turn, then at most once a second", () => {
    const window = openWindow(none, at(0));
    const refuse = (now: number) =>
      noteAck(window, { lane: "live", storedThrough: 1, wasRefused: true }, at(now));
    sendAll(window, "live", [1, 2, 3]);
    expect(refuse(10)).toBe("rewind");
    expect(rewindDue(window, at(10))).toEqual([{ lane: "live", reason: "refused" }]);
    expect(nextSend(window, last({ live: 3 }), at(10))?.from).toBe(2);
    sendAll(window, "live", [2, 3]);
    refuse(20);
    expect(rewindDue(window, at(20))).toEqual([]);
    expect(rewindDue(window, at(10 + REWIND_PAUSE))).toHaveLength(1);
  });

  it("sends again what nobody acknowledged in time", () => {
    const window = openWindow(none, at(0));
    sendAll(window, "hazard", [1]);
    expect(rewindDue(window, at(ACK_TIMEOUT - 1))).toEqual([]);
    expect(rewindDue(window, at(ACK_TIMEOUT))).toEqual([{ lane: "hazard", reason: "timeout" }]);
    expect(nextSend(window, last({ hazard: 1 }), at(ACK_TIMEOUT))?.from).toBe(1);
  });
});
