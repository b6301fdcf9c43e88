import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PointId } from "../../../../core/ids.ts";
import { BAD_REASONS, DOUBTS, type Sample } from "../../../../core/sample.ts";
import { INSTANT_MAX, type Instant, instant } from "../../../../core/time.ts";
import { decodeChunk, encodeChunk } from "../../../../server/store/codec.ts";
import {
  columnsOf,
  ordered,
  putSample,
  sampleAt,
} from "../../../../server/store/embedded/columns.ts";

const point = "a1-main/power_active" as PointId;

function columnsFrom(samples: readonly Sample[]) {
  const columns = columnsOf(samples.length);
  samples.forEach((sample, i) => {
    putSample(columns, i, sample);
  });
  return ordered(columns);
}

const samplesIn = (columns: ReturnType<typeof columnsFrom>): Sample[] =>
  Array.from({ length: columns.count }, (_, i) => sampleAt(columns, i, point));

const stamped = {
  point: fc.constant(point),
  time: fc.oneof(
    fc.integer({ min: 0, max: INSTANT_MAX }),
    fc.integer({ min: 1_764_000_000_000, max: 1_764_003_600_000 }),
  ) as fc.Arbitrary<Instant>,
  sequence: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_535 })),
  timeSource: fc.constantFrom("device", "gateway"),
} as const;

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 100),
  fc.string({ unit: "binary" }),
  fc.constantFrom("\ud800", "", "门禁", -0, Number.MIN_VALUE, Number.MAX_VALUE),
);

const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc.record({ ...stamped, quality: fc.constant("good" as const), value }),
  fc.record({
    ...stamped,
    quality: fc.constant("uncertain" as const),
    value,
    doubt: fc.constantFrom(...DOUBTS),
  }),
  fc.record(
    {
      ...stamped,
      quality: fc.constant("bad" as const),
      reason: fc.constantFrom(...BAD_REASONS),
      detail: fc.string(),
    },
    { requiredKeys: ["point", "time", "sequence", "timeSource", "quality", "reason"] },
  ),
);

describe("encodeChunk and decodeChunk", () => {
  it("give back every sample exactly, whatever its kind", () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
        const columns = columnsFrom(samples);
        expect(samplesIn(decodeChunk(encodeChunk(columns), "test"))).toEqual(samplesIn(columns));
      }),
      { numRuns: 500 },
    );
  });

  it("give back runs of numbers of one kind exactly", () => {
    const kinds = fc.oneof(
      fc.array(fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000)),
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
    );
    fc.assert(
      fc.property(kinds, (values) => {
        const samples = values.map((v, i): Sample => {
          const time = instant(1_764_000_000_000 + i * 10_000);
          return { point, time, sequence: 0, timeSource: "gateway", quality: "good", value: v };
        });
        const columns = columnsFrom(samples);
        expect(decodeChunk(encodeChunk(columns), "test").values).toEqual(columns.values);
      }),
      { numRuns: 500 },
    );
  });

  it("need about two bytes for each sample of a meter read every ten seconds", () => {
    const samples = Array.from({ length: 360 }, (_, i): Sample => {
      const time = instant(1_764_000_000_000 + i * 10_000 + ((i * 7919) % 300));
      const kWh = Math.round((1000 + i * 0.07) * 100) / 100;
      return { point, time, sequence: 0, timeSource: "gateway", quality: "good", value: kWh };
    });
    expect(encodeChunk(columnsFrom(samples)).byteLength / 360).toBeLessThan(2.3);
  });

  it.each([
    ["nothing", []],
    ["an unknown version", [2, 0, 0]],
    ["a count beyond all measure", [1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
    ["a body that ends too early", [1, 3, 2, 0, 2]],
    ["what is not deflated", [0x81, 3, 9, 1, 2, 3]],
  ])("refuse %s with a sentence", (_, bytes) => {
    expect(() => decodeChunk(new Uint8Array(bytes), "test")).toThrow(/cannot be decoded: test, /);
  });

  it("read the chunk that the first version wrote", () => {
    // Version 1, 2 samples, a body of 9 bytes: no optional columns; times 1000 and +1000; decimals with 1 place: 0.5, +0.1.
    const bytes = [1, 2, 9, 0, 0xd0, 0x0f, 0xd0, 0x0f, 0, 1, 10, 2];
    const columns = decodeChunk(new Uint8Array(bytes), "test");
    expect([...columns.times]).toEqual([1000, 2000]);
    expect([...columns.values]).toEqual([0.5, 0.6]);
  });
});
