import { expect, it } from "vitest";
import { ms, SECOND } from "../../../../../server/dashboard/format/instant.ts";
import { Coalescer } from "../../../../../server/dashboard/live/coalesce.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { at, latestView } from "../../../../support/views.ts";

function rig() {
  const clock = new FakeClock();
  const emitted: string[] = [];
  const coalescer = new Coalescer(clock, SECOND, (items) =>
    emitted.push(items.map(({ point, value }) => `${point}=${value}`).join(" ")),
  );
  return { clock, emitted, coalescer };
}

it("hands on the newest of each point once per second", async () => {
  const { clock, emitted, coalescer } = rig();
  coalescer.add(
    [latestView({ point: "a", value: 1 }), latestView({ point: "b", value: 5 })],
    () => false,
  );
  coalescer.add([latestView({ point: "a", value: 2, time: at(1) })], () => false);
  await clock.advance(ms(999));
  expect(emitted).toEqual([]);
  await clock.advance(ms(1));
  expect(emitted).toEqual(["a=2 b=5"]);
  await clock.advance(SECOND);
  expect(emitted).toHaveLength(1);
});

it("hands on a hazard at once, with what waits, and leaves no timer behind", async () => {
  const { clock, emitted, coalescer } = rig();
  coalescer.add([latestView({ point: "a", value: 1 })], () => false);
  coalescer.add([latestView({ point: "gas", value: 31 })], (point) => point === "gas");
  expect(emitted).toEqual(["a=1 gas=31"]);
  expect(clock.pendingTimers).toBe(0);
});
