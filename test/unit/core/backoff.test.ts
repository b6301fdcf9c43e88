import { expect, test } from "vitest";
import { backoff } from "../../../core/backoff.ts";
import { seconds } from "../../../core/time.ts";

const take = (random: number) => {
  const pauses = backoff({
    first: seconds(1),
    max: seconds(10),
    jitter: 0.5,
    random: () => random,
  });
  return Array.from({ length: 6 }, () => pauses.next().value / 1_000);
};

test("pauses double up to the last one and stay there", () => {
  expect(take(0)).toEqual([1, 2, 4, 8, 10, 10]);
});

test("jitter takes away up to its share and never adds", () => {
  expect(take(1)).toEqual([0.5, 1, 2, 4, 5, 5]);
});
