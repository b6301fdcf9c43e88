/**
 * A retry schedule is an endless iterator of durations: exponential from `first` to `max`, each with up
 * to `jitter` of itself taken away so that many clients do not return at one moment.
 */
import { type Duration, milliseconds } from "./time.ts";

export interface BackoffOptions {
  readonly first: Duration;
  readonly max: Duration;
  /** 0 to 1; 0.5 takes away up to half. */
  readonly jitter: number;
  /** 0 ≤ random() < 1, injected. */
  readonly random: () => number;
}

export function* backoff(options: BackoffOptions): Generator<Duration, never, void> {
  for (let step: number = options.first; ; step = Math.min(step * 2, options.max)) {
    yield milliseconds(Math.round(step * (1 - options.jitter * options.random())));
  }
}
