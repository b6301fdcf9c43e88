/**
 * Random histories against the model: batches in order, late, repeated and contradicting, with whatever
 * a store does in between, must give the answers that the model gives.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { gatewayId, type PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { days, hours, type Instant, instant, minutes, seconds } from "../../core/time.ts";
import type { Bucket, SampleStore } from "../../server/store/store.ts";
import { StoreModel } from "./store-model.ts";
import type { StoreUnderTest } from "./store-suite.ts";

const POINTS = ["m1/energy_import", "m2/power_active"] as PointId[];
/** A spring night in Berlin, so that histories around it have days of 23 hours. */
const START = Date.UTC(2026, 2, 28, 20, 0, 0);
const EXPECT_EVERY = minutes(15);
/** As the store's: samples may come a little later than expected. */
const SLACK = 1.5;

const time: fc.Arbitrary<Instant> = fc.oneof(
  fc.integer({ min: 0, max: 200 }).map((n) => instant(START + n * minutes(15))),
  fc.integer({ min: 0, max: 500 }).map((n) => instant(START + n * seconds(10))),
  fc.integer({ min: -40, max: 60 }).map((n) => instant(START + n * days(1))),
  fc.integer({ min: 0, max: days(3) }).map((n) => instant(START + n)),
);

const number = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100);

const sampleWith = (value: fc.Arbitrary<number | string | undefined>): fc.Arbitrary<Sample> =>
  fc
    .record({
      point: fc.constantFrom(...POINTS),
      time,
      sequence: fc.constantFrom(0, 0, 0, 1),
      value,
    })
    .map(({ value: one, ...rest }): Sample => {
      const stamped = { ...rest, timeSource: "gateway" } as const;
      if (one === undefined) return { ...stamped, quality: "bad", reason: "timeout" };
      return { ...stamped, quality: "good", value: one };
    });

/** As meters send them: every few seconds or minutes, rising, for hours; long ones are cut into hours. */
const run: fc.Arbitrary<readonly Sample[]> = fc
  .record({
    point: fc.constantFrom(...POINTS),
    start: time,
    count: fc.integer({ min: 1, max: 2_000 }),
    everyMs: fc.constantFrom(1_000, 10_000, 60_000, 900_000),
    first: fc.integer({ min: 0, max: 1_000 }),
  })
  .map(({ point, start, count, everyMs, first }) =>
    Array.from({ length: count }, (_, i) => {
      const value = first + i / 10;
      const at = instant(start + i * everyMs);
      const stamped = { point, time: at, sequence: 0, timeSource: "gateway" } as const;
      return { ...stamped, quality: "good", value } as const;
    }),
  );

const anySample = sampleWith(fc.oneof(number, number, fc.constantFrom("text", undefined)));

const stepWith = (sample: fc.Arbitrary<Sample>) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.array(sample, { maxLength: 60 }) },
    { weight: 2, arbitrary: run },
    { weight: 2, arbitrary: fc.constant("seal" as const) },
    { weight: 1, arbitrary: fc.constant("reopen" as const) },
  );

const bucket: fc.Arbitrary<Bucket> = fc.oneof(
  fc
    .constantFrom(minutes(7), minutes(15), hours(1), hours(6), days(1), days(30))
    .map((length) => ({ kind: "duration", length }) as const),
  fc
    .record({
      kind: fc.constantFrom("day" as const, "month" as const),
      zone: fc.constantFrom("Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata"),
    })
    .map((zoned) => zoned),
);

const question = fc
  .record({ point: fc.constantFrom(...POINTS), a: time, b: time, bucket })
  .filter(({ a, b }) => a !== b)
  .map(({ point, a, b, bucket: of }) => ({
    query: { point, from: instant(Math.min(a, b)), to: instant(Math.max(a, b)) },
    bucket: of,
  }));

export interface StoreProperties {
  readonly make: () => Promise<StoreUnderTest>;
  /** Whatever the store may do at any time. */
  readonly seal: (store: SampleStore) => Promise<void>;
  readonly runs: number;
  /** `numbers` for a store that cannot take a number back; all kinds otherwise. */
  readonly samples?: "numbers";
}

export function itAnswersLikeTheModel({ make, seal, runs, samples }: StoreProperties): void {
  it("answers like the model, whatever came in whatever order", { timeout: 120_000 }, async () => {
    const step = stepWith(samples === "numbers" ? sampleWith(number) : anySample);
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(question, { minLength: 5, maxLength: 12 }),
      async (steps, questions) => {
        const under = await make();
        let store = await under.open();
        try {
          const model = new StoreModel();
          let number = 0;
          for (const next of steps) {
            if (next === "seal") {
              await seal(store);
            } else if (next === "reopen") {
              await store.close();
              store = await under.open();
            } else {
              number += 1;
              await append(store, number, next);
              model.append(next);
            }
          }
          for (const { query, bucket: of } of questions) await compare(store, model, query, of);
        } finally {
          await store.close();
          await under.remove();
        }
      },
    );
    await fc.assert(property, {
      numRuns: runs,
      endOnFailure: false,
      interruptAfterTimeLimit: 90_000,
    });
  });
}

async function append(store: SampleStore, number: number, samples: readonly Sample[]) {
  const outcome = await store.append({
    origin: { gateway: gatewayId("gw-1"), epoch: "e1", lane: "live", number },
    receivedAt: instant(START),
    samples,
    refused: 0,
  });
  expect(outcome.kind).toBe("stored");
}

async function compare(
  store: SampleStore,
  model: StoreModel,
  query: { readonly point: PointId; readonly from: Instant; readonly to: Instant },
  of: Bucket,
): Promise<void> {
  const raw: Sample[] = [];
  let after: string | undefined;
  do {
    const page = await store.raw(query, { limit: 700, ...(after === undefined ? {} : { after }) });
    raw.push(...page.samples);
    after = page.next;
  } while (after !== undefined);
  expect(raw).toEqual(model.raw(query));
  const [latest] = await store.latest([query.point]);
  expect(latest).toEqual(model.latest(query.point));
  expectRows(await store.buckets(query, of), model.buckets(query, of));
  const increase = model.increase(query, of, EXPECT_EVERY * SLACK);
  expectRows(await store.increase(query, of, EXPECT_EVERY), increase);
}

/** Sums in another order differ in the last places. */
function expectRows<Row extends object>(rows: readonly Row[], expected: readonly Row[]): void {
  const rounded = (list: readonly Row[]) =>
    list.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, n]) => [key, Math.round(n * 1e6) / 1e6])),
    );
  expect(rounded(rows)).toEqual(rounded(expected));
}
