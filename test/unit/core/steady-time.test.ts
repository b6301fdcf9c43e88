import { expect, test } from "vitest";
import { steadyTime } from "../../../core/steady-time.ts";
import { hours, monotonic, seconds } from "../../../core/time.ts";
import { FakeClock } from "../../support/fake-clock.ts";

class FractionalClock extends FakeClock {
  override monotonic() {
    return monotonic(super.monotonic() + 0.7 * (super.monotonic() > 0 ? 1 : 0));
  }
}

test("goes on with the monotonic clock when the wall clock is set, in whole milliseconds", async () => {
  const clock = new FractionalClock();
  const steady = steadyTime(clock);
  const start = clock.now();
  expect(steady()).toBe(start);
  clock.step(hours(-3));
  await clock.advance(seconds(5));
  expect(steady()).toBe(start + seconds(5));
});
