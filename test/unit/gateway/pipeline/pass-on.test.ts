import { describe, expect, it } from "vitest";
import type { PointId } from "../../../../core/ids.ts";
import { instant, seconds } from "../../../../core/time.ts";
import {
  type Candidate,
  decidePassOn,
  type PassOnRule,
} from "../../../../gateway/pipeline/pass-on.ts";

const gauge: PassOnRule = { kind: "gauge", isHazard: false, deadband: 0.5, heartbeat: seconds(60) };
const base = { point: "a/x" as PointId, timeSource: "gateway" } as const;
const good = (value: number | string, s = 0): Candidate => ({
  ...base,
  time: instant(s * 1_000),
  quality: "good",
  value,
});
const bad = (reason: "timeout" | "exception", s = 0): Candidate => ({
  ...base,
  time: instant(s * 1_000),
  quality: "bad",
  reason,
});
const retained = (value: number): Candidate => ({
  ...base,
  time: instant(0),
  quality: "uncertain",
  value,
  doubt: "retained",
});

describe("decidePassOn", () => {
  it.each([
    ["the first sample goes on", gauge, undefined, good(1), "first"],
    ["a change of exactly the deadband is none", gauge, good(1), good(1.5, 1), "unchanged"],
    ["a change beyond the deadband goes on", gauge, good(1), good(1.51, 1), "changed"],
    ["a fall counts like a rise", gauge, good(1), good(0.4, 1), "changed"],
    ["nothing new just before the heartbeat", gauge, good(1), good(1, 59), "unchanged"],
    ["the heartbeat itself goes on", gauge, good(1), good(1, 60), "heartbeat"],
    ["good to bad goes on", gauge, good(1), bad("timeout", 1), "quality"],
    ["bad to good goes on", gauge, bad("timeout"), good(1, 1), "quality"],
    ["another reason goes on", gauge, bad("timeout"), bad("exception", 1), "quality"],
    [
      "the same reason waits for the heartbeat",
      gauge,
      bad("timeout"),
      bad("timeout", 1),
      "unchanged",
    ],
    ["uncertain to good goes on", gauge, retained(1), good(1, 1), "quality"],
    ["a clock that went back goes on", gauge, good(1, 100), good(1, 40), "stepped"],
    ["a text that changed goes on", { ...gauge, kind: "text" }, good("a"), good("b", 1), "changed"],
    ["a hazard goes on unchanged", { ...gauge, isHazard: true }, good(1), good(1, 1), "hazard"],
    ["an event goes on unchanged", { ...gauge, kind: "event" }, good("e"), good("e", 1), "event"],
  ] as const)("%s", (_name, rule, previous, next, reason) => {
    expect(decidePassOn(rule, previous, next)).toBe(reason);
  });
});
