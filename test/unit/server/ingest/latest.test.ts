import { expect, it } from "vitest";
import type { PointId } from "../../../../core/ids.ts";
import type { Sample } from "../../../../core/sample.ts";
import { instant } from "../../../../core/time.ts";
import { Latest } from "../../../../server/ingest/latest.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const START = Date.UTC(2026, 10, 23, 8);
const sample = (value: number, s: number): Sample => ({
  point: "a/x" as PointId,
  time: instant(START + s * 1_000),
  sequence: 0,
  timeSource: "gateway",
  quality: "good",
  value,
});
const newestValue = (latest: Latest): unknown => {
  const newest = latest.get("a/x" as PointId);
  return newest?.quality === "good" ? newest.value : undefined;
};

it.each([
  ["a newer sample takes its place", [sample(1, 0), sample(2, 1)], 2],
  ["a late one does not", [sample(1, 10), sample(2, 1)], 1],
  ["of one time, the later stored", [sample(1, 0), sample(2, 0)], 2],
  ["one from the future gives way again", [sample(1, 7_200), sample(2, 1)], 2],
] as const)("%s", (_name, samples, value) => {
  const latest = new Latest(new FakeClock(instant(START)), []);
  for (const one of samples) latest.stored([one], false);
  expect(newestValue(latest)).toBe(value);
});

it("begins with what the store has, and tells listeners in the order of storing", () => {
  const latest = new Latest(new FakeClock(instant(START)), [sample(1, 0)]);
  expect(newestValue(latest)).toBe(1);
  const heard: unknown[] = [];
  const end = latest.onSamples((samples, late) => heard.push([samples.length, late]));
  latest.stored([sample(2, 1)], true);
  end();
  latest.stored([sample(3, 2)], false);
  expect(heard).toEqual([[1, true]]);
});
