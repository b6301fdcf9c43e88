import { describe, expect, it } from "vitest";
import type { Fault } from "../../../../simulators/faults/fault.ts";
import { damaged, isDown, wireEffect } from "../../../../simulators/faults/wire-effect.ts";
import { hex, toHex } from "../../../support/hex.ts";

const moment = { roll: () => 0.4, monotonicMs: 0, bytes: 20 };

describe("wireEffect", () => {
  it.each<[string, readonly Fault[], object]>([
    ["nothing wrong", [], { kind: "answer", damage: "none", delayMs: 0 }],
    ["silent", [{ kind: "silence", share: 1 }], { kind: "silence" }],
    ["silent less often than the dice say", [{ kind: "silence", share: 0.4 }], { kind: "answer" }],
    ["silent as often as the dice say", [{ kind: "silence", share: 0.41 }], { kind: "silence" }],
    ["half open", [{ kind: "halfOpen" }], { kind: "silence" }],
    ["reset", [{ kind: "reset", share: 1 }], { kind: "reset" }],
    ["late", [{ kind: "delay", ms: 100, jitterMs: 50 }], { kind: "answer", delayMs: 120 }],
    ["busy", [{ kind: "exception", code: 6, share: 1 }], { kind: "exception", code: 6 }],
    [
      "late and damaged",
      [
        { kind: "delay", ms: 10, jitterMs: 0 },
        { kind: "corrupt", share: 1 },
      ],
      { kind: "answer", damage: "corrupt", delayMs: 10 },
    ],
    // (20 + 7) bytes of 11 bits at 9600 baud.
    ["slow line", [{ kind: "baud", baud: 9_600 }], { kind: "answer", delayMs: 30.9375 }],
    ["a fault of the values", [{ kind: "stuck" }], { kind: "answer", damage: "none" }],
  ])("%s", (_, faults, expected) => {
    expect(wireEffect(faults, moment)).toMatchObject(expected);
  });
});

describe("isDown", () => {
  it.each([
    [0, false],
    [999, false],
    [1_000, true],
    [1_499, true],
    [1_500, false],
  ])("up 1 s, down 0.5 s: at %i ms %s", (monotonicMs, expected) => {
    expect(isDown({ upMs: 1_000, downMs: 500 }, monotonicMs)).toBe(expected);
  });
});

describe("damaged", () => {
  const bytes = Buffer.from(hex("00 01 00 00 00 05 02 04 02 00 05"));
  it.each([
    ["none", "00 01 00 00 00 05 02 04 02 00 05"],
    ["truncate", "00 01 00 00"],
    ["corrupt", "00 01 00 00 08 05 02 04 02 00 05"],
    ["wrongUnit", "00 01 00 00 00 05 7D 04 02 00 05"],
    ["duplicate", "00 01 00 00 00 05 02 04 02 00 05 00 01 00 00 00 05 02 04 02 00 50"],
  ] as const)("%s", (damage, expected) => {
    expect(toHex(damaged(bytes, damage, 6, () => 0.4))).toBe(expected);
  });
});
