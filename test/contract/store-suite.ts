/**
 * What every store of series must do. `open` gives a store over the same data each time it is called, so
 * that a test can close one and look again.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Lane } from "../../core/batch.ts";
import { gatewayId, type PointId } from "../../core/ids.ts";
import type { Sample } from "../../core/sample.ts";
import { hours, type Instant, instant, minutes, seconds } from "../../core/time.ts";
import type { AppendRequest, SampleStore } from "../../server/store/store.ts";

export interface StoreUnderTest {
  open(): Promise<SampleStore>;
  /** After the last test of one store: removes its data. */
  remove(): Promise<void>;
}

const START = instant(Date.UTC(2026, 10, 23, 8, 0, 0));
const at = (offsetMs: number): Instant => instant(START + offsetMs);
const power = "a1-main/power_active" as PointId;
const energy = "a1-main/energy_import" as PointId;
const door = "lab1-door/access" as PointId;

const good = (point: PointId, time: Instant, value: number | string, sequence = 0): Sample => ({
  point,
  time,
  sequence,
  timeSource: "gateway",
  quality: "good",
  value,
});

const request = (
  number: number,
  samples: readonly Sample[],
  lane: Lane = "live",
): AppendRequest => ({
  origin: { gateway: gatewayId("gw-1"), epoch: "e1", lane, number },
  receivedAt: START,
  samples,
  refused: 0,
});

export function storeSuite(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let under: StoreUnderTest;
    let store: SampleStore;

    beforeEach(async () => {
      under = await make();
      store = await under.open();
    });

    afterEach(async () => {
      await store.close();
      await under.remove();
    });

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await under.open();
    };

    describe("the log", () => {
      it("stores the next batch of a lane, answers a replay and a gap, and counts", async () => {
        const first = await store.append(request(1, [good(power, at(0), 1)]));
        expect(first).toEqual({ kind: "stored", position: store.end() });
        expect(await store.append(request(1, [good(power, at(0), 1)]))).toEqual({
          kind: "replay",
          storedThrough: 1,
        });
        expect(await store.append(request(3, []))).toEqual({ kind: "gap", storedThrough: 1 });
        expect((await store.append({ ...request(2, []), refused: 4 })).kind).toBe("stored");
        expect(await store.lanes()).toEqual([
          { gateway: "gw-1", epoch: "e1", lane: "live", storedThrough: 2, samples: 1, refused: 4 },
        ]);
      });

      it("keeps lanes and epochs apart", async () => {
        await store.append(request(1, [good(power, at(0), 1)]));
        const hazard = await store.append(request(1, [good(power, at(1), 1)], "hazard"));
        expect(hazard.kind).toBe("stored");
        const fresh = request(1, []);
        const newEpoch = { ...fresh, origin: { ...fresh.origin, epoch: "e2" } };
        expect((await store.append(newEpoch)).kind).toBe("stored");
        expect(await store.lanes()).toHaveLength(3);
      });

      it("stores requests made at once in their order, each an entry of its own", async () => {
        await store.release("suite", 0);
        const requests = [1, 2, 3, 4, 5].map((n) => request(n, [good(power, at(n), n)]));
        const outcomes = await Promise.all(requests.map((r) => store.append(r)));
        const positions = outcomes.map((o) => (o.kind === "stored" ? o.position : -1));
        expect(positions).toEqual([...positions].sort((a, b) => a - b));
        const entries = await store.read(0, 100);
        expect(entries.map((e) => e.position)).toEqual(positions);
        expect(entries.map((e) => e.origin.number)).toEqual([1, 2, 3, 4, 5]);
        expect(await store.read(positions[1] ?? 0, 2)).toEqual(entries.slice(2, 4));
        expect(await store.read(store.end(), 10)).toEqual([]);
      });

      it("gives back exactly what was stored, also after it was opened again", async () => {
        const samples: Sample[] = [
          good(power, at(0), -0.1),
          good(door, at(1), "门禁 \u{1F6AA} denied", 3),
          { ...good(power, at(2), 5), quality: "uncertain", doubt: "retained", value: 5 } as Sample,
          {
            point: energy,
            time: at(3),
            sequence: 65_535,
            timeSource: "device",
            quality: "bad",
            reason: "exception",
            detail: "exception 2",
          },
        ];
        await store.release("suite", 0);
        await store.append(request(1, samples));
        const [before] = await store.read(0, 1);
        expect(before?.samples).toEqual(samples);
        await reopen();
        expect(await store.read(0, 1)).toEqual([before]);
        expect(store.end()).toBe(before?.position);
        expect((await store.append(request(1, samples))).kind).toBe("replay");
      });

      it("wakes who waits when the next entry is stored, and when the wait is given up", async () => {
        const giveUp = new AbortController();
        const next = store.waitBeyond(store.end(), giveUp.signal);
        await store.append(request(1, [good(power, at(0), 1)]));
        await next;
        await store.waitBeyond(store.end() - 1, giveUp.signal);
        const never = store.waitBeyond(store.end(), giveUp.signal);
        giveUp.abort();
        await never;
      });

      it("keeps entries that a reader has not released", async () => {
        await store.release("rules", 0);
        await store.append(request(1, [good(power, at(0), 1)]));
        await reopen();
        expect(await store.read(0, 10)).toHaveLength(1);
      });
    });

    describe("latest", () => {
      it("is the newest by time and sequence, bad ones included, also after opening again", async () => {
        const bad: Sample = {
          point: energy,
          time: at(9),
          sequence: 0,
          timeSource: "gateway",
          quality: "bad",
          reason: "timeout",
        };
        await store.append(request(1, [good(power, at(5), 2, 1), good(energy, at(1), 7)]));
        await store.append(request(2, [good(power, at(5), 1, 0), bad]));
        const expected = [good(power, at(5), 2, 1), bad];
        expect(await store.latest([power, energy])).toEqual(expected);
        expect(await store.latest()).toHaveLength(2);
        await reopen();
        expect(await store.latest([power, energy])).toEqual(expected);
        expect(await store.latest([door])).toEqual([]);
      });
    });

    describe("queries", () => {
      it("pages raw samples in order, each identity once, the end of the range left out", async () => {
        await store.append(request(1, [good(power, at(3), 3), good(power, at(1), 1)]));
        await store.append(request(2, [good(power, at(1), 1.5, 1), good(power, at(3), 3)]));
        await store.append(request(3, [good(power, at(10), 10)]));
        const query = { point: power, from: at(0), to: at(10) };
        const page = await store.raw(query, { limit: 2 });
        expect(page.samples).toEqual([good(power, at(1), 1), good(power, at(1), 1.5, 1)]);
        const rest = await store.raw(query, { limit: 2, after: page.next ?? "" });
        expect(rest).toEqual({ samples: [good(power, at(3), 3)] });
      });

      it("buckets numbers and leaves out empty buckets and bad samples", async () => {
        const bad: Sample = {
          point: power,
          time: at(20),
          sequence: 0,
          timeSource: "gateway",
          quality: "bad",
          reason: "timeout",
        };
        await store.append(request(1, [good(power, at(0), 4), good(power, at(10), 2), bad]));
        await store.append(request(2, [good(power, at(30), 3), good(power, at(hours(2)), 9)]));
        const rows = await store.buckets(
          { point: power, from: at(0), to: at(hours(3)) },
          { kind: "duration", length: hours(1) },
        );
        expect(rows).toEqual([
          { time: at(0), count: 3, min: 2, mean: 3, max: 4, first: 4, last: 3 },
          { time: at(hours(2)), count: 1, min: 9, mean: 9, max: 9, first: 9, last: 9 },
        ]);
      });

      it("begins days at midnight of the zone, 23 and 25 hours long where clocks change", async () => {
        const spring = instant(Date.UTC(2026, 2, 28, 23, 0));
        const samples = [0, 22.99, 23, 24].map((h) => good(power, instant(spring + h * 3.6e6), h));
        await store.append(request(1, samples));
        const rows = await store.buckets(
          { point: power, from: spring, to: instant(spring + 4 * 86_400_000) },
          { kind: "day", zone: "Europe/Berlin" },
        );
        expect(rows.map((r) => [r.time - spring, r.count])).toEqual([
          [0, 2],
          [23 * 3.6e6, 2],
        ]);
        const months = await store.buckets(
          { point: power, from: spring, to: instant(spring + 4 * 86_400_000) },
          { kind: "month", zone: "Asia/Shanghai" },
        );
        expect(months.map((r) => r.time)).toEqual([Date.UTC(2026, 1, 28, 16)]);
      });

      it("has days of the site's zone from a single sample on", async () => {
        await store.append(request(1, [good(power, at(0), 4)]));
        await store.append(request(2, [good(power, at(1), 6)]));
        const day = { kind: "day", zone: "Asia/Shanghai" } as const;
        const range = { point: power, from: at(-hours(30)), to: at(hours(30)) };
        const midnight = Date.UTC(2026, 10, 22, 16);
        expect(await store.buckets(range, day)).toEqual([
          { time: midnight, count: 2, min: 4, mean: 5, max: 6, first: 4, last: 6 },
        ]);
        const rows = await store.increase(range, day, seconds(1));
        expect(rows.map(({ time, increase }) => [time, increase])).toEqual([[midnight, 2]]);
      });

      it("adds up a counter's rises across buckets, a reset counts nothing", async () => {
        const quarter = minutes(15);
        const values = [100, 104, 108, 112, 116, 2, 6];
        const samples = values.map((v, i) => good(energy, at(i * quarter), v));
        await store.append(request(1, samples));
        const rows = await store.increase(
          { point: energy, from: at(0), to: at(hours(2)) },
          { kind: "duration", length: hours(1) },
          quarter,
        );
        expect(rows).toEqual([
          { time: at(0), increase: 16, coverage: 1 },
          { time: at(hours(1)), increase: 4, coverage: 0.5 },
        ]);
      });

      it("shares a rise over a gap among its buckets and calls the gap uncovered", async () => {
        await store.append(request(1, [good(energy, at(0), 10), good(energy, at(hours(4)), 18)]));
        const rows = await store.increase(
          { point: energy, from: at(hours(1)), to: at(hours(3)) },
          { kind: "duration", length: hours(1) },
          seconds(10),
        );
        expect(rows).toEqual([
          { time: at(hours(1)), increase: 2, coverage: 0 },
          { time: at(hours(2)), increase: 2, coverage: 0 },
        ]);
      });

      it("refuses ranges that nobody can mean, with a sentence", async () => {
        const query = { point: power, from: at(0), to: at(0) };
        await expect(store.raw(query)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
        const year = { point: power, from: at(0), to: at(hours(8760)) };
        const length = seconds(1);
        await expect(store.buckets(year, { kind: "duration", length })).rejects.toMatchObject({
          code: "RANGE_TOO_LARGE",
        });
        for (const ms of [0, -1, 1.5, Number.NaN, 1e13]) {
          const bucket = { kind: "duration", length: seconds(ms / 1000) } as const;
          await expect(store.buckets(year, bucket)).rejects.toMatchObject({
            code: "REQUEST_INVALID",
          });
        }
      });

      it("has nothing to say about a point it never met", async () => {
        const query = { point: door, from: at(0), to: at(1) };
        expect(await store.raw(query)).toEqual({ samples: [] });
        expect(await store.buckets(query, { kind: "day", zone: "Asia/Shanghai" })).toEqual([]);
      });
    });

    it("gives up a question that nobody waits for any more", async () => {
      await store.append(request(1, [good(power, at(0), 4)]));
      const query = { point: power, from: at(0), to: at(hours(1)) };
      const gone = AbortSignal.abort(new Error("gone"));
      const bucket = { kind: "duration", length: hours(1) } as const;
      await expect(store.raw(query, {}, gone)).rejects.toThrow("gone");
      await expect(store.buckets(query, bucket, gone)).rejects.toThrow("gone");
      const leaving = new AbortController();
      const asked = store.increase(query, bucket, seconds(1), leaving.signal);
      leaving.abort(new Error("left"));
      await expect(asked).rejects.toThrow("left");
    });

    it("refuses what is no number and no time, and stores nothing of that request", async () => {
      for (const sample of [
        good(power, at(0), Number.NaN),
        good(power, at(0), Number.POSITIVE_INFINITY),
        good(power, instant(-1), 1),
        good(power, instant(0.5), 1),
      ]) {
        const wrong = store.append(request(1, [good(power, at(0), 1), sample]));
        await expect(wrong).rejects.toMatchObject({ code: "REQUEST_INVALID" });
      }
      expect(await store.latest()).toEqual([]);
      expect((await store.append(request(1, []))).kind).toBe("stored");
    });

    it("takes nothing after it was closed", async () => {
      await store.close();
      await expect(store.append(request(1, []))).rejects.toMatchObject({ code: "OVERLOADED" });
      store = await under.open();
    });
  });
}
