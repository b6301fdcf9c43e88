import { expect, test } from "vitest";
import type { PointId } from "../../../../../core/ids.ts";
import type { Sample } from "../../../../../core/sample.ts";
import { type Instant, instant, minutes, seconds } from "../../../../../core/time.ts";
import type { AlarmRule } from "../../../../../server/rules/rule.ts";
import { loadRules } from "../../../../../server/rules/rule-directory.ts";
import { runBacktest } from "../../../../../server/rules/trial/backtest.ts";
import type { RangeQuery, RawPage } from "../../../../../server/store/store.ts";
import { good, pid, TestPlant, testSpaces } from "../../../../support/campus.ts";

const HOOD = pid("hood/face_velocity");
const OTHER = pid("hood2/face_velocity");
const FROM = instant(Date.UTC(2026, 0, 1));
const T = (second: number): Instant => instant(FROM + second * 1_000);
const PAGE = 7;

function seriesOf(samples: ReadonlyMap<PointId, readonly Sample[]>) {
  return {
    async raw({ point, from, to }: RangeQuery, page: { after?: string } = {}): Promise<RawPage> {
      const all = (samples.get(point) ?? []).filter((s) => s.time >= from && s.time < to);
      const start = Number(page.after ?? 0);
      const next = start + PAGE < all.length ? { next: String(start + PAGE) } : {};
      return { samples: all.slice(start, start + PAGE), ...next };
    },
  };
}

function rule(id: string): AlarmRule {
  const found = loadRules().find((r) => r.id === id);
  if (found?.kind !== "alarm") throw new Error(`no rule ${id}`);
  return found;
}

function parts(values: Readonly<Record<string, readonly (readonly [number, number])[]>>) {
  const plant = new TestPlant();
  const samples = new Map<PointId, readonly Sample[]>();
  for (const [name, list] of Object.entries(values)) {
    plant.announce(name, "a1-lab", { quantity: "faceVelocity", hazard: "airflow", unit: "m/s" });
    samples.set(
      pid(name),
      list.map(([s, v]) => good(name, T(s), v)),
    );
  }
  return { points: plant.points(), spaces: testSpaces(), series: seriesOf(samples) };
}

const every10s = (values: readonly number[]) => values.map((v, i): [number, number] => [i * 10, v]);
const never = new AbortController().signal;

test("counts raises and durations, and says which delay would have been quieter", async () => {
  const dips = [0.5, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5];
  const calm = Array<number>(10).fill(0.5);
  const long = Array<number>(60).fill(0.25);
  const report = await runBacktest(
    rule("fume-hood-airflow"),
    parts({
      [HOOD]: every10s([...dips, ...calm, ...dips, ...calm, ...long, ...calm]),
      [OTHER]: every10s(calm),
    }),
    { from: FROM, to: T(3_600) },
    never,
  );
  expect(report).toMatchObject({ points: 2, samples: 114, raises: 3, misfits: [] });
  expect(report.worst).toEqual([{ point: HOOD, raises: 3 }]);
  expect(report.episodes.map((e) => [(e.from - FROM) / 1_000, e.level])).toEqual([
    [20, 2],
    [190, 2],
    [350, 2],
  ]);
  expect(report.longest).toBeGreaterThan(minutes(9));
  expect(report.variants.map((v) => [v.onDelay ?? v.hysteresis, v.raises])).toEqual([
    [seconds(60), 1],
    [seconds(300), 1],
    [0.06, 3],
  ]);
});

test("what still stands at the end has no end", async () => {
  const report = await runBacktest(
    rule("fume-hood-airflow"),
    parts({ [HOOD]: every10s([0.5, 0.2, 0.2, 0.2]) }),
    { from: FROM, to: T(100) },
    never,
  );
  expect(report.episodes).toEqual([{ point: HOOD, from: T(20), level: 2 }]);
  expect(report.active).toBe(seconds(80));
});

test("silence counts from when it is noticed to the next word", async () => {
  const report = await runBacktest(
    rule("hazard-sensor-not-proven"),
    parts({
      [HOOD]: [
        [0, 0.5],
        [5, 0.5],
        [65, 0.5],
        [70, 0.5],
      ],
    }),
    { from: FROM, to: T(75) },
    never,
  );
  expect(report).toMatchObject({ raises: 1, active: seconds(50) });
});
