import { describe, expect, it } from "vitest";
import { milliseconds, seconds } from "../../../../../../core/time.ts";
import { budgetOf, sentencesOf } from "../../../../../../gateway/sources/modbus/line/budget.ts";
import {
  type LineTiming,
  NOTHING_KNOWN,
  planDevice,
} from "../../../../../../gateway/sources/modbus/plan.ts";
import { at, modbusPoint, modbusProfile } from "../../../../../support/modbus-profile.ts";

const SLOW: LineTiming = { byteMs: 10_000 / 9_600, turnaroundMs: 15, frameBytes: 6 };

function budget(devices: number, registers: number, answerWithin = seconds(0.5)) {
  const points = Array.from({ length: registers }, (_, i) => modbusPoint(`p${i}`, at(i)));
  const { reads } = planDevice(modbusProfile(points), SLOW, NOTHING_KNOWN);
  const list = Array.from({ length: devices }, (_, i) => ({
    device: `d${i}`,
    reads,
    answerWithin,
  }));
  return budgetOf(list, SLOW);
}

describe("the plan in numbers", () => {
  it("adds up what is asked for", () => {
    expect(budget(3, 20)).toMatchObject({ devices: 3, requests: 3, registers: 60, points: 60 });
  });

  it("predicts a request at 9,600 baud", () => {
    // 8 bytes there, 5 + 40 back, 10 bits each, and 15 ms in between.
    expect(budget(1, 20).rounds[0]?.busy).toBe(Math.round(53 * (10_000 / 9_600) + 15));
  });

  it.each([
    { name: "fits", devices: 5, verdict: "kept" },
    { name: "fits while nobody dies", devices: 10, verdict: "kept unless a device dies" },
    { name: "does not fit", devices: 20, verdict: "not kept" },
  ])("says when a round $name", ({ devices, verdict }) => {
    expect(budget(devices, 20).rounds[0]).toMatchObject({ verdict });
  });

  it("needs no reserve where there are no neighbours", () => {
    expect(budget(1, 20, seconds(5)).rounds[0]).toMatchObject({ reserve: 0, verdict: "kept" });
  });

  it("names a cure with numbers, in both languages", () => {
    const [warning] = budget(20, 20).warnings;
    expect(warning?.en).toMatch(/cannot be kept: ask every 2s instead, use a higher baud rate or/);
    expect(warning?.zh).toMatch(/无法按时完成：请改为每 2s 询问一次、提高波特率/);
  });

  it("is printed as sentences", () => {
    const english = sentencesOf(budget(3, 20)).map((sentence) => sentence.en);
    expect(english).toEqual([
      "3 requests touching 60 registers for 60 points of 3 devices; the line is busy 21 % of the time",
      "every 1s: 3 requests, predicted round 0.21 s, 500 ms in reserve, kept",
    ]);
  });

  it("counts longer periods into the shorter ones only as one transaction in the way", () => {
    const points = [
      modbusPoint("gas", at(0), { hazard: "combustibleGas" }),
      modbusPoint("total", at(100), { poll: "energy" }),
    ];
    const { reads } = planDevice(modbusProfile(points), SLOW, NOTHING_KNOWN);
    const list = [{ device: "d", reads, answerWithin: milliseconds(500) }];
    const [hazard, energy] = budgetOf(list, SLOW).rounds;
    expect(hazard).toMatchObject({ period: 500, busy: Math.round(2 * 30.625) });
    expect(energy?.busy).toBe(Math.round(31 * 30.625));
  });
});
