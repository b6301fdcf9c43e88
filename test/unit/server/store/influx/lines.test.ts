import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PointId } from "../../../../../core/ids.ts";
import type { Sample } from "../../../../../core/sample.ts";
import { INSTANT_MAX, instant } from "../../../../../core/time.ts";
import {
  lineOf,
  nanoseconds,
  sampleOf,
  timeAndSequence,
} from "../../../../../server/store/influx/lines.ts";

const stamped = {
  point: "a1-main/power_active" as PointId,
  time: instant(1_764_000_000_000),
  sequence: 0,
  timeSource: "gateway",
} as const;

const table: readonly (readonly [string, Sample, string])[] = [
  [
    "a number",
    { ...stamped, quality: "good", value: -1.5 },
    "power_active,device=a1-main mark=0i,value=-1.5,ms=1764000000000i 1764000000000000000",
  ],
  [
    "a text with everything that is escaped in it, and a sequence",
    { ...stamped, sequence: 7, quality: "good", value: 'say "hi" \\ 门\n禁, a=b' },
    'power_active,device=a1-main mark=0i,text="say \\"hi\\" \\\\ 门\n禁, a=b" 1764000000000000007',
  ],
  [
    "a doubtful number of the device's own clock",
    { ...stamped, timeSource: "device", quality: "uncertain", doubt: "retained", value: 1e21 },
    "power_active,device=a1-main mark=-1i,device_time=true,value=1e+21,ms=1764000000000i 1764000000000000000",
  ],
  [
    "a bad sample",
    { ...stamped, quality: "bad", reason: "exception", detail: "exception 2" },
    'power_active,device=a1-main mark=3i,detail="exception 2" 1764000000000000000',
  ],
];

describe("lineOf", () => {
  it.each(table)("writes %s", (_, sample, line) => {
    expect(lineOf(sample)).toBe(line);
  });
});

describe("nanoseconds", () => {
  it("are found again as time and sequence", () => {
    const time = fc.integer({ min: 0, max: INSTANT_MAX });
    const sequence = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(time, sequence, (ms, n) => {
        const digits = nanoseconds(ms, n);
        expect(BigInt(digits)).toBe(BigInt(ms) * 1_000_000n + BigInt(n));
        expect(timeAndSequence(digits)).toEqual({ time: ms, sequence: n });
      }),
    );
  });
});

describe("sampleOf", () => {
  it("knows an empty text from no value", () => {
    const row = new Map([
      ["time", "1764000000000000000"],
      ["value", ""],
      ["text", ""],
      ["mark", "0"],
    ]);
    expect(sampleOf(row, stamped.point)).toEqual({ ...stamped, quality: "good", value: "" });
  });
});
