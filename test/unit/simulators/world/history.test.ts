import { describe, expect, it } from "vitest";
import { days, instant, minutes } from "../../../../core/time.ts";
import { demoCampus } from "../../../../simulators/campus/demo.ts";
import { COMMISSIONED, registersAt } from "../../../../simulators/world/baseline.ts";
import { history, historyPoints } from "../../../../simulators/world/history.ts";
import { planOf } from "../../../../simulators/world/plan.ts";

const campus = demoCampus();
const points = historyPoints(campus).map(({ point }) => point);
const FROM = instant(Date.UTC(2026, 9, 30, 16));

function rows(seed: number, from = FROM, length = days(14), step = minutes(15)): number[][] {
  const made: number[][] = [];
  for (const { time, values } of history(campus, seed, from, instant(from + length), step)) {
    made.push([time, ...values]);
  }
  return made;
}

describe("history", () => {
  it("names a column for every meter's register and rate", () => {
    expect(points).toContain("site-main/energy_import");
    expect(points).toContain("dorm-water/volume");
    expect(new Set(points).size).toBe(points.length);
  });

  it("is the same for the same seed and another for another", () => {
    expect(rows(7, FROM, days(2))).toEqual(rows(7, FROM, days(2)));
    expect(rows(7, FROM, days(2))).not.toEqual(rows(8, FROM, days(2)));
  });

  it("gives the same registers wherever it begins", () => {
    const early = rows(1, FROM, days(4)).at(-1);
    const late = rows(1, instant(FROM + days(3)), days(1)).at(-1);
    early!.forEach((value, i) => {
      expect(late![i]).toBeCloseTo(value, 4);
    });
  });

  it("has counters that never fall and grow by their power", () => {
    const column = 1 + points.indexOf("a1-main/energy_import");
    const power = 1 + points.indexOf("a1-main/power_active");
    const made = rows(1);
    for (let i = 1; i < made.length; i++) {
      const grown = made[i]![column]! - made[i - 1]![column]!;
      expect(grown).toBeGreaterThanOrEqual(0);
      // Single precision registers: 1/128 kWh at this height.
      expect(Math.abs(grown - made[i - 1]![power]! / 4_000)).toBeLessThan(0.02);
    }
  });

  it("uses less on Sunday than on Tuesday in a teaching building, and more heat when it is cold", () => {
    const column = 1 + points.indexOf("a1-main/energy_import");
    const made = rows(1, FROM, days(7));
    const used = (day: number): number =>
      made[Math.min(day * 96 + 95, made.length - 1)]![column]! - made[day * 96]![column]!;
    // 31 October 2026 is a Saturday.
    expect(used(1)).toBeLessThan(used(3) * 0.7);
    const heat = 1 + points.indexOf("a1-heat/heat_power");
    const winter = rows(1, instant(Date.UTC(2026, 11, 1)), days(1));
    const summer = rows(1, instant(Date.UTC(2026, 5, 1)), days(1));
    expect(Math.max(...winter.map((row) => row[heat]!))).toBeGreaterThan(30);
    expect(Math.max(...summer.map((row) => row[heat]!))).toBe(0);
  });

  it("says nothing of the time before the meters were there", () => {
    const made = rows(1, instant(COMMISSIONED - days(2)), days(3));
    expect(made[0]![0]).toBeGreaterThanOrEqual(COMMISSIONED);
  });

  it("is continued by a world that starts where it ends", () => {
    const end = instant(FROM + days(1));
    const last = rows(1, FROM, days(1)).at(-1)!;
    const registers = registersAt(planOf(campus), 1, end);
    const column = points.indexOf("site-main/energy_import");
    expect(registers.energyKwh[0]).toBeGreaterThanOrEqual(last[1 + column]!);
    expect(registers.energyKwh[0]! - last[1 + column]!).toBeLessThan(60);
  });
});
