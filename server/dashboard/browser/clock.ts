/** The browser's clock: the one place of the page where clocks and timers are read. */
import type { Clock } from "../../../core/clock.ts";
import type { Duration, Instant, Monotonic } from "../../../core/time.ts";

/** Longer timers overflow the browser's 32-bit delay and would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

function after(duration: Duration, action: () => void): () => void {
  const timer = setTimeout(action, Math.min(duration, TIMER_MS_MAX));
  return () => clearTimeout(timer);
}

export const browserClock: Clock = {
  now: () => Date.now() as Instant,
  monotonic: () => performance.now() as Monotonic,
  sleep: (duration, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = after(duration, end);
      signal?.addEventListener("abort", end, { once: true });
    }),
  after,
};
