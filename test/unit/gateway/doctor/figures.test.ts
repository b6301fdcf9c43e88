import { describe, expect, it } from "vitest";
import { monotonic, seconds } from "../../../../core/time.ts";
import { LineFigures } from "../../../../gateway/doctor/figures.ts";
import { LineBench } from "../../../support/line-report.ts";

const at = (s: number) => monotonic(seconds(s));
const look = (figures: LineFigures, bench: LineBench, s: number) =>
  figures.look(bench.doctor.report(at(s)), at(s));

describe("the figures of a line", () => {
  it("are shares of what was asked, and times of what was answered", () => {
    const bench = new LineBench();
    bench.ask(0, "answered", 90);
    bench.ask(1, "timeout", 5);
    bench.ask(1, "crc", 3);
    bench.ask(1, "exception", 2);
    bench.doctor.stranger("lateAnswer");
    expect(look(new LineFigures(at(0)), bench, 10)).toEqual({
      duty_cycle: 20,
      answer_time_p50: 20,
      answer_time_p95: 20,
      poll_lag_p95: 3,
      timeout_rate: 5,
      crc_error_rate: 3,
      late_answer_rate: 1,
      exception_rate: 2,
    });
  });

  it("are absent where nothing was asked, but for the time in use", () => {
    expect(look(new LineFigures(at(0)), new LineBench(), 10)).toEqual({ duty_cycle: 0 });
  });

  it("have no answer time when nobody answered", () => {
    const bench = new LineBench();
    bench.ask(1, "timeout", 4);
    const figures = look(new LineFigures(at(0)), bench, 10);
    expect(figures).toMatchObject({ timeout_rate: 100 });
    expect(figures).not.toHaveProperty("answer_time_p95");
  });

  it("forget what is older than a minute instead of telling it again", () => {
    const bench = new LineBench();
    const figures = new LineFigures(at(0));
    bench.ask(0, "timeout", 10);
    expect(look(figures, bench, 10)).toMatchObject({ timeout_rate: 100 });
    for (let s = 20; s <= 60; s += 10) {
      expect(look(figures, bench, s)).toMatchObject({ timeout_rate: 100 });
    }
    bench.ask(0, "answered", 10);
    expect(look(figures, bench, 70)).toMatchObject({ timeout_rate: 0 });
    for (let s = 80; s <= 130; s += 10) look(figures, bench, s);
    const late = look(figures, bench, 140);
    expect(Object.keys(late)).toEqual(["duty_cycle"]);
  });
});
