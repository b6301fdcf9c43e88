/** The real clock: the one place where Node's clocks and timers are read. */
import type { Clock } from "../core/clock.ts";
import { type Duration, instant, monotonic } from "../core/time.ts";

/** Longer timers overflow Node's 32-bit delay and would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  now: () => instant(Date.now()),
  monotonic: () => monotonic(performance.now()),
  sleep: (duration: Duration, signal?: AbortSignal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(duration, TIMER_MS_MAX));
      signal?.addEventListener("abort", end, { once: true });
    }),
  after: (duration: Duration, action: () => void) => {
    const timer = setTimeout(action, Math.min(duration, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
