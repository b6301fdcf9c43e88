import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, decodeBatch, encodeBatch, LANES } from "../../../core/batch.ts";
import type { PointId } from "../../../core/ids.ts";
import {
  BAD_REASONS,
  DOUBTS,
  type Sample,
  TEXT_VALUE_CHARACTERS_MAX,
} from "../../../core/sample.ts";
import { instant } from "../../../core/time.ts";

/** Written by hand from the description in docs/uplink.md, not by our encoder. */
const GOLDEN = `{"version":1,"epoch":"e1","lane":"live","number":17,
  "points":["a1-main/power_active","lab1-gas/gas_lel"],
  "point":[0,0,1,1],"time":[1764000000000,1000,-400,100],"value":[1.2,1.3,null,0.4],
  "mark":[0,0,1,-2],"deviceTime":[0,0,1,0],"sequence":[0,3,0,0],"detail":{"2":"no answer in 500 ms"}}`;

const wire = (change: object): string => JSON.stringify({ ...JSON.parse(GOLDEN), ...change });

describe("a batch from the wire", () => {
  test("is read as its columns say", () => {
    const decoded = decodeBatch(GOLDEN);
    expect(decoded).toEqual({
      ok: true,
      value: {
        epoch: "e1",
        lane: "live",
        number: 17,
        refused: [],
        samples: [
          {
            point: "a1-main/power_active",
            time: 1764000000000,
            sequence: 0,
            timeSource: "gateway",
            quality: "good",
            value: 1.2,
          },
          {
            point: "a1-main/power_active",
            time: 1764000001000,
            sequence: 3,
            timeSource: "gateway",
            quality: "good",
            value: 1.3,
          },
          {
            point: "lab1-gas/gas_lel",
            time: 1764000000600,
            sequence: 0,
            timeSource: "device",
            quality: "bad",
            reason: "timeout",
            detail: "no answer in 500 ms",
          },
          {
            point: "lab1-gas/gas_lel",
            time: 1764000000700,
            sequence: 0,
            timeSource: "gateway",
            quality: "uncertain",
            value: 0.4,
            doubt: "deviceUncertain",
          },
        ],
      },
    });
  });

  test.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["another version", wire({ version: 2 })],
    ["no epoch", wire({ epoch: "" })],
    ["an unknown lane", wire({ lane: "fast" })],
    ["number 0", wire({ number: 0 })],
    ["a number beyond safe integers", wire({ number: 2 ** 53 })],
    ["points that are no texts", wire({ points: [1, 2] })],
    ["an index outside points", wire({ point: [0, 0, 2, 1] })],
    ["a fractional index", wire({ point: [0, 0.5, 1, 1] })],
    ["columns of different length", wire({ time: [1, 2] })],
    ["a mark column that is too short", wire({ mark: [0] })],
    ["a detail that is no object", wire({ detail: "x" })],
    [
      "too many samples",
      JSON.stringify({
        version: 1,
        epoch: "e",
        lane: "live",
        number: 1,
        points: ["a/b"],
        point: Array(10_001).fill(0),
        time: Array(10_001).fill(0),
        value: Array(10_001).fill(0),
      }),
    ],
  ])("with %s is refused whole", (_name, text) => {
    expect(decodeBatch(text).ok).toBe(false);
  });

  test.each([
    ["a point without a valid name", { points: ["A/B", "lab1-gas/gas_lel"] }, [0, 1]],
    ["a time before 1970", { time: [-1, 1764000000001, 0, 0] }, [0]],
    ["a fractional time", { time: [0.5, 0.5, 0, 0] }, [0]],
    ["a value that is neither number nor text", { value: [1, true, null, {}] }, [1, 3]],
    ["a missing value that claims to be good", { value: [null, 1, null, 1] }, [0]],
    [
      "a text that is too long",
      { value: ["x".repeat(TEXT_VALUE_CHARACTERS_MAX + 1), 1, null, 1] },
      [0],
    ],
    ["an unknown reason", { mark: [0, 0, 200, 0] }, [2]],
    ["an unknown doubt", { mark: [-200, 0, 1, 0] }, [0]],
    ["a negative sequence", { sequence: [-1, 0, 0, 0] }, [0]],
  ])("sets aside %s and keeps the rest", (_name, change, refused) => {
    const decoded = decodeBatch(wire(change));
    if (!decoded.ok) throw new Error(decoded.error);
    expect(decoded.value.refused.map((r) => r.index)).toEqual(refused);
    expect(decoded.value.samples).toHaveLength(4 - refused.length);
  });

  test("a value as large as JSON can write becomes infinite and is set aside", () => {
    const decoded = decodeBatch(GOLDEN.replace("1.2,", "1e999,"));
    expect(decoded.ok && decoded.value.refused.map((r) => r.index)).toEqual([0]);
  });
});

const anyPoint = fc.constantFrom("a1/p", "b.2/energy_import", "c-3/x9") as fc.Arbitrary<PointId>;
const stamp = {
  point: anyPoint,
  time: fc.integer({ min: 0, max: 4_000_000_000_000 }).map(instant),
  sequence: fc.integer({ min: 0, max: 65_535 }),
  timeSource: fc.constantFrom("device" as const, "gateway" as const),
};
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.string({ maxLength: 50, unit: "grapheme" }),
);
const anySample: fc.Arbitrary<Sample> = fc.oneof(
  fc.record({ ...stamp, quality: fc.constant("good" as const), value }),
  fc.record({
    ...stamp,
    quality: fc.constant("uncertain" as const),
    value,
    doubt: fc.constantFrom(...DOUBTS),
  }),
  fc.record({
    ...stamp,
    quality: fc.constant("bad" as const),
    reason: fc.constantFrom(...BAD_REASONS),
  }),
);

test("whatever is encoded is decoded the same", () => {
  const batch = fc.record({
    epoch: fc.string({ minLength: 1, maxLength: 64 }),
    lane: fc.constantFrom(...LANES),
    number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    samples: fc.array(anySample, { maxLength: 40 }),
  });
  fc.assert(
    fc.property(batch, (original: Batch) => {
      const decoded = decodeBatch(encodeBatch(original));
      expect(decoded).toEqual({ ok: true, value: { ...original, refused: [] } });
    }),
  );
});

test("whatever comes from the wire ends in an outcome, never in an exception", () => {
  fc.assert(fc.property(fc.string(), (text) => void decodeBatch(text)));
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom("point", "time", "value", "mark", "detail", "points"),
      (json, key) => {
        decodeBatch(wire({ [key]: json }));
      },
    ),
  );
});
