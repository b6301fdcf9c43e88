/**
 * Keeps the live stream open: reads, notices silence, begins again with `Last-Event-ID` and growing
 * pauses. What the events mean is not known here.
 */
import type { Clock } from "../../../core/clock.ts";
import type { Duration } from "../../../core/time.ts";
import { ms } from "../format/instant.ts";
import { EventStreamReader, type StreamMessage } from "./event-stream.ts";

/** The server sends at least a comment more often than this; longer silence is a dead line. */
export const SILENCE_MAX = ms(45_000);
export const RETRY_FIRST = ms(500);
export const RETRY_MAX = ms(10_000);

export interface StreamDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Opens the stream; the id of the last event seen is empty at first. */
  readonly open: (lastEventId: string, signal: AbortSignal) => Promise<Response>;
  readonly onMessage: (message: StreamMessage) => void;
  /** `open` once bytes may come, `cut` when they no longer do. */
  readonly onState: (state: "open" | "cut") => void;
  /** The server no longer knows who this is; the stream has ended. */
  readonly onSignedOut: () => void;
}

/** Returns when `signal` aborts or nobody is signed in any more. */
export async function runStream(deps: StreamDependencies, signal: AbortSignal): Promise<void> {
  let lastEventId = "";
  let failures = 0;
  while (!signal.aborted) {
    const ended = await readOnce(deps, lastEventId, signal);
    lastEventId = ended.lastEventId;
    if (signal.aborted) return;
    deps.onState("cut");
    if (ended.signedOut) {
      deps.onSignedOut();
      return;
    }
    failures = ended.opened ? 0 : failures + 1;
    await deps.clock.sleep(retryAfter(failures, deps.random), signal);
  }
}

/** Doubles from the first to the longest pause, up to half of it taken away at random. */
export function retryAfter(failures: number, random: () => number): Duration {
  const pauseMs = Math.min(RETRY_FIRST * 2 ** Math.min(failures, 10), RETRY_MAX);
  return ms(Math.round(pauseMs * (1 - random() / 2)));
}

interface Ended {
  readonly lastEventId: string;
  readonly opened: boolean;
  readonly signedOut: boolean;
}

async function readOnce(
  deps: StreamDependencies,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Ended> {
  const reader = new EventStreamReader();
  reader.lastEventId = lastEventId;
  const abort = new AbortController();
  const end = (): void => abort.abort();
  signal.addEventListener("abort", end, { once: true });
  let cancelWatch = deps.clock.after(SILENCE_MAX, end);
  let opened = false;
  let signedOut = false;
  try {
    const response = await deps.open(lastEventId, abort.signal);
    signedOut = response.status === 401;
    if (!response.ok || !response.body) return { lastEventId, opened, signedOut };
    opened = true;
    deps.onState("open");
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      cancelWatch();
      cancelWatch = deps.clock.after(SILENCE_MAX, end);
      const messages = reader.push(decoder.decode(bytes, { stream: true }));
      for (const message of messages) deps.onMessage(message);
    }
  } catch {
    // A cut line is ordinary here: the loop above says so on the page and tries again.
  } finally {
    cancelWatch();
    signal.removeEventListener("abort", end);
    abort.abort();
  }
  return { lastEventId: reader.lastEventId, opened, signedOut };
}
