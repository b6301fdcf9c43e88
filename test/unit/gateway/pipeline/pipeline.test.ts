import { expect, it } from "vitest";
import type { PointId } from "../../../../core/ids.ts";
import type { Sample } from "../../../../core/sample.ts";
import { instant, milliseconds, minutes } from "../../../../core/time.ts";
import type { CommitPart } from "../../../../gateway/buffer/buffer.ts";
import { Committer } from "../../../../gateway/buffer/committer.ts";
import { Pipeline } from "../../../../gateway/pipeline/pipeline.ts";
import { silentLog } from "../../../../platform/log.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { MemoryBuffer } from "../../../support/memory-buffer.ts";

const POINT = "a/x" as PointId;
const rule = { kind: "gauge", isHazard: false, deadband: 0, heartbeat: minutes(1) } as const;

function rig(isHazard = false) {
  const clock = new FakeClock();
  const parts: CommitPart[] = [];
  const buffer = new MemoryBuffer();
  buffer.onPart = (part) => parts.push(part);
  const committer = new Committer(clock, silentLog, buffer);
  const rules = new Map([[POINT, { ...rule, isHazard }]]);
  const uplinkAwayFor = () => milliseconds(0);
  const pipeline = new Pipeline(silentLog, committer, { rules, uplinkAwayFor });
  const offer = (value: number, ms: number) =>
    pipeline.offer({
      point: POINT,
      time: instant(ms),
      timeSource: "gateway",
      quality: "good",
      value,
    });
  const samples = (): readonly Sample[] => parts.flatMap((part) => part.samples);
  return { clock, pipeline, committer, buffer, offer, samples, parts };
}

it("tells samples of one millisecond apart by their sequence, and begins anew with the next", async () => {
  const { clock, offer, samples } = rig();
  offer(1, 5);
  offer(2, 5);
  offer(3, 5);
  offer(4, 6);
  await clock.advance(milliseconds(300));
  expect(samples().map((s) => [s.time, s.sequence])).toEqual([
    [5, 0],
    [5, 1],
    [5, 2],
    [6, 0],
  ]);
});

it("counts what it drops as unchanged, and remembers the newest all the same", () => {
  const { pipeline, offer } = rig();
  offer(1, 5);
  offer(1, 6);
  expect(pipeline.counts()).toMatchObject({ offered: 2, passedOn: 1, unchanged: 1 });
  expect(pipeline.newest(POINT)?.time).toBe(6);
});

it("commits hazards within milliseconds and the rest together after a quarter of a second", async () => {
  const hazard = rig(true);
  hazard.offer(1, 5);
  await hazard.clock.advance(milliseconds(5));
  expect(hazard.samples()).toHaveLength(1);
  const live = rig();
  live.offer(1, 5);
  await live.clock.advance(milliseconds(249));
  expect(live.samples()).toHaveLength(0);
  live.offer(2, 6);
  await live.clock.advance(milliseconds(1));
  expect(live.parts).toHaveLength(1);
  expect(live.samples()).toHaveLength(2);
});

it("answers a source that waits only when its samples are durable, also after a full disk", async () => {
  const { clock, pipeline, buffer, samples } = rig();
  buffer.failWith = new Error("database or disk is full");
  let isKept = false;
  const value = { point: POINT, time: instant(1), timeSource: "gateway", quality: "good" } as const;
  void pipeline.keep([{ ...value, value: 1 }]).then(() => {
    isKept = true;
  });
  await clock.advance(milliseconds(500));
  expect(isKept).toBe(false);
  buffer.failWith = undefined;
  await clock.advance(milliseconds(1_100));
  expect(isKept).toBe(true);
  expect(samples()).toHaveLength(1);
});

it("drops the oldest ordinary samples when the disk refuses for too long, and says so when it can", async () => {
  const { clock, offer, buffer, samples } = rig();
  buffer.failWith = new Error("full");
  for (let i = 0; i < 200_001; i++) offer(i, i);
  buffer.failWith = undefined;
  await clock.advance(milliseconds(2_000));
  const kept = samples().length;
  expect(kept).toBe(198_001);
  expect(buffer.dropped()).toEqual([{ point: POINT, lane: "live", samples: 200_001 - kept }]);
});
