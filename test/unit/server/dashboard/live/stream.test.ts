import { expect, it } from "vitest";
import { ms } from "../../../../../server/dashboard/format/instant.ts";
import {
  RETRY_FIRST,
  RETRY_MAX,
  retryAfter,
  runStream,
  SILENCE_MAX,
} from "../../../../../server/dashboard/live/stream.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

/** A server whose answers are given one by one; each open stream can be written to and ended. */
function rig() {
  const clock = new FakeClock();
  const opened: { lastEventId: string; write: (text: string) => void; end: () => void }[] = [];
  const seen: string[] = [];
  const abort = new AbortController();
  let status = 200;
  const open = async (lastEventId: string, signal: AbortSignal): Promise<Response> => {
    if (status !== 200) return new Response("", { status });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        opened.push({
          lastEventId,
          write: (text) => controller.enqueue(new TextEncoder().encode(text)),
          end: () => controller.close(),
        });
        signal.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(body);
  };
  const ended = runStream(
    {
      clock,
      random: () => 0,
      open,
      onMessage: ({ event, data }) => seen.push(`${event} ${data}`),
      onState: (state) => seen.push(state),
      onSignedOut: () => seen.push("signedOut"),
    },
    abort.signal,
  );
  const answer = (next: number): void => {
    status = next;
  };
  return { clock, opened, seen, abort, ended, answer };
}

it("resumes after the last event it has seen", async () => {
  const { clock, opened, seen, abort, ended } = rig();
  await clock.advance(ms(0));
  opened[0]?.write("id: 41\nevent: alarm\ndata: {}\n\n");
  opened[0]?.end();
  await clock.advance(RETRY_FIRST);
  expect(seen).toEqual(["open", "alarm {}", "cut", "open"]);
  expect(opened[1]?.lastEventId).toBe("41");
  abort.abort();
  await ended;
});

it("takes silence for a dead line, and a comment for life", async () => {
  const { clock, opened, seen, abort, ended } = rig();
  await clock.advance(ms(SILENCE_MAX - 1));
  opened[0]?.write(": beat\n\n");
  await clock.advance(ms(SILENCE_MAX - 1));
  expect(seen).toEqual(["open"]);
  await clock.advance(ms(1));
  expect(seen).toEqual(["open", "cut"]);
  abort.abort();
  await ended;
});

it("ends when nobody is signed in any more", async () => {
  const { clock, seen, ended, opened, answer } = rig();
  await clock.advance(ms(0));
  answer(401);
  opened[0]?.end();
  await clock.advance(RETRY_FIRST);
  await ended;
  expect(seen).toEqual(["open", "cut", "cut", "signedOut"]);
});

it("waits longer after each failure, up to a limit", () => {
  const pauses = [0, 1, 2, 3, 50].map((failures) => retryAfter(failures, () => 0));
  expect(pauses).toEqual([RETRY_FIRST, 1_000, 2_000, 4_000, RETRY_MAX]);
  expect(retryAfter(0, () => 0.999)).toBeGreaterThanOrEqual(RETRY_FIRST / 2);
});
