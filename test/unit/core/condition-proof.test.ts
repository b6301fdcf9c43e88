import { expect, test } from "vitest";
import {
  listeningSince,
  proofAfterSample,
  proofAfterTick,
  silenceOf,
} from "../../../core/condition-proof.ts";
import { instant, seconds } from "../../../core/time.ts";
import { bad, doubtful, good } from "../../support/campus.ts";

const T = (second: number) => instant(second * 1_000);
const after = { kind: "notProven", after: seconds(10) } as const;
const tickAt = (second: number, gatewayOnline = true) => ({
  now: T(second),
  silence: seconds(10),
  gatewayOnline,
});

test("silence counts from the last proof, and is noticed at the limit, not before", () => {
  const heard = proofAfterSample(listeningSince(T(0)), {
    sample: good("a/b", T(5), 1),
    heardAt: T(5),
  });
  expect(proofAfterTick(heard.state, tickAt(14.999)).transition).toBeUndefined();
  expect(proofAfterTick(heard.state, tickAt(15)).transition).toMatchObject({
    kind: "lost",
    reason: "silent",
    began: T(5),
  });
});

test("a point that speaks rarely is given its own time", () => {
  expect(silenceOf(after, seconds(60))).toBe(seconds(60));
  expect(silenceOf(after, seconds(5))).toBe(seconds(10));
});

test("a sensor that names its own fault is unproven at once", () => {
  const step = proofAfterSample(listeningSince(T(0)), {
    sample: bad("a/b", T(1), "sensorFault"),
    heardAt: T(1),
  });
  expect(step.transition).toMatchObject({ kind: "lost", reason: "sensorFault" });
});

test.each([
  ["bad samples prove nothing", bad("a/b", T(9), "timeout"), "timeout"],
  ["a warming-up sensor proves nothing", doubtful("a/b", T(9), 0, "warmUp"), "warmUp"],
] as const)("%s", (_, sample, reason) => {
  const { state, transition } = proofAfterSample(listeningSince(T(0)), { sample, heardAt: T(9) });
  expect(transition).toBeUndefined();
  expect(proofAfterTick(state, tickAt(10)).transition).toMatchObject({ reason });
});

test("with the gateway away that is the reason, whatever came before", () => {
  const { state } = proofAfterSample(listeningSince(T(0)), {
    sample: bad("a/b", T(9), "timeout"),
    heardAt: T(9),
  });
  expect(proofAfterTick(state, tickAt(10, false)).transition).toMatchObject({
    reason: "gatewayOffline",
  });
});

test("lost once, until a good sample proves it again", () => {
  const lost = proofAfterTick(listeningSince(T(0)), tickAt(10)).state;
  expect(proofAfterTick(lost, tickAt(50)).transition).toBeUndefined();
  const again = proofAfterSample(lost, { sample: good("a/b", T(60), 0), heardAt: T(60) });
  expect(again.transition?.kind).toBe("proven");
});
