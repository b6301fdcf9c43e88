import { describe, expect, test } from "vitest";
import type { Sample } from "../../../../core/sample.ts";
import { instant, milliseconds } from "../../../../core/time.ts";
import type { LatestView } from "../../../../server/api/contract.ts";
import { LiveHub, REMEMBERED_EVENTS_MAX } from "../../../../server/api/live-hub.ts";
import { point } from "../../../support/api-rig.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const view = (sample: Sample): LatestView => ({
  point: sample.point,
  time: String(sample.time),
  quality: sample.quality,
  ...(sample.quality === "bad" ? {} : { value: sample.value }),
  timeSource: "gateway",
  unit: "W",
  stale: false,
});

const sample = (name: string, time: number, value: number | string): Sample => ({
  point: point(name),
  time: instant(time),
  sequence: 0,
  timeSource: "gateway",
  quality: "good",
  value,
});

function setup() {
  const clock = new FakeClock();
  const hub = new LiveHub(clock, view, "life");
  const frames: string[] = [];
  const listener = { send: (frame: string) => frames.push(frame) };
  const items = (frame: string | undefined) =>
    JSON.parse(/data: (.*)/.exec(frame ?? "")?.[1] ?? "{}").items;
  return { clock, hub, frames, listener, items };
}
const calm = () => false;

describe("samples", () => {
  test("are gathered for 100 ms, the newest of each point", async () => {
    const { clock, hub, frames, listener, items } = setup();
    hub.listen(listener, undefined);
    hub.offer([sample("a/x", 1, 1), sample("a/y", 1, 5)], calm);
    await clock.advance(milliseconds(50));
    hub.offer([sample("a/x", 2, 2)], calm);
    await clock.advance(milliseconds(49));
    expect(frames).toHaveLength(0);
    await clock.advance(milliseconds(1));
    expect(items(frames[0]).map((i: LatestView) => [i.point, i.value])).toEqual([
      ["a/x", 2],
      ["a/y", 5],
    ]);
  });
  test("of hazards are told at once", () => {
    const { hub, frames, listener } = setup();
    hub.listen(listener, undefined);
    hub.offer([sample("lab/gas_lel", 1, 26)], () => true);
    expect(frames).toHaveLength(1);
  });
  test("that are events are each told", async () => {
    const { clock, hub, frames, listener, items } = setup();
    hub.listen(listener, undefined);
    hub.offer([sample("door/access_event", 1, "a"), sample("door/access_event", 2, "b")], calm);
    await clock.advance(milliseconds(100));
    expect(items(frames[0])).toHaveLength(2);
  });
  test("that come late do not take the place of newer ones", async () => {
    const { clock, hub, frames, listener, items } = setup();
    hub.listen(listener, undefined);
    hub.offer([sample("a/x", 5, 5), sample("a/x", 4, 4)], calm);
    await clock.advance(milliseconds(100));
    expect(items(frames[0])[0].value).toBe(5);
  });
});

describe("a page that was away", () => {
  test("gets what it missed, and no more", () => {
    const { hub, frames, listener } = setup();
    for (const n of [1, 2, 3]) hub.emit("alarm", { n });
    hub.listen(listener, "life-1");
    expect(frames.map((f) => f.split("\n")[0])).toEqual(["id: life-2", "id: life-3"]);
  });
  test.each([
    ["of another life of the server", "other-1"],
    ["that makes no sense", "x"],
    ["from the future", "life-99"],
  ])("with an id %s asks for everything again", (_name, id) => {
    const { hub, frames, listener } = setup();
    hub.emit("alarm", {});
    hub.listen(listener, id);
    expect(frames).toHaveLength(1);
    expect(frames[0]).toContain("event: reset");
    // The reset carries the present number, so that the next resumption goes on from here.
    expect(frames[0]).toContain("id: life-1");
  });
  test("for longer than is remembered asks for everything again", () => {
    const { hub, frames, listener } = setup();
    for (let n = 0; n < REMEMBERED_EVENTS_MAX + 2; n++) hub.emit("alarm", { n });
    hub.listen(listener, "life-1");
    expect(frames[0]).toContain("event: reset");
    hub.listen(listener, "life-2");
    expect(frames).toHaveLength(1 + REMEMBERED_EVENTS_MAX);
  });
});
