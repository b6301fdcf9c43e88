/** Waits for a condition with a deadline: how acceptance tests wait, instead of sleeping. */
import { type Duration, seconds } from "../../core/time.ts";

/** Often enough for people, seldom enough for the server's limit of requests. */
const LOOK_EVERY_MS = 100;

export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  within: Duration = seconds(10),
): Promise<T> {
  const deadline = performance.now() + within;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${within} ms: ${what}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
