import { expect, it } from "vitest";
import { seconds } from "../../../core/time.ts";
import { RateBucket } from "../../../platform/mqtt-rate.ts";
import { FakeClock } from "../../support/fake-clock.ts";

it("lets a short burst and then the rate pass", async () => {
  const clock = new FakeClock();
  const bucket = new RateBucket(clock, 1_000);
  const passed = (): number => {
    let count = 0;
    for (; bucket.isOpen(); count++) bucket.take();
    return count;
  };
  expect(passed()).toBe(100);
  expect(passed()).toBe(0);
  await clock.advance(seconds(0.05));
  expect(passed()).toBe(50);
  await clock.advance(seconds(60));
  expect(passed()).toBe(100);
});
