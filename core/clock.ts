/**
 * The only way our code learns the time or waits for it. The real one is in `platform/clock.ts`, the one
 * for tests in `test/support/fake-clock.ts`.
 */
import type { Duration, Instant, Monotonic } from "./time.ts";

export interface Clock {
  /** Wall time, for stamping; may step backwards. */
  now(): Instant;
  /** Never steps; for measuring what has elapsed. */
  monotonic(): Monotonic;
  /** Resolves after `duration`, or at once when `signal` aborts; never rejects. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
  /** Calls `action` once after `duration` unless the returned function is called before. */
  after(duration: Duration, action: () => void): () => void;
}
