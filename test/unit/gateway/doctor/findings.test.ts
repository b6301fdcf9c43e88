import { describe, expect, it } from "vitest";
import { monotonic } from "../../../../core/time.ts";
import { findingsOf } from "../../../../gateway/doctor/findings.ts";
import { LineBench } from "../../../support/line-report.ts";

describe("the findings of a line", () => {
  it("begin with the conclusion, then each device, those in trouble first", () => {
    const bench = new LineBench();
    bench.ask(0, "answered", 30);
    bench.ask(1, "answered", 10);
    bench.ask(1, "timeout", 3);
    const findings = findingsOf(bench.doctor.report(monotonic(60_000)));
    expect(findings.map((f) => f.en)).toEqual([
      "unit 2 (m2) is silent since 14:00:00Z: look at its power and plug",
      "unit 2 (m2): no good answer to the last 3 requests; last good answer 2026-11-23T14:00:00Z",
      "unit 1 (m1): 95 % within 20 ms, 0 % failed, last 14:00:00Z",
    ]);
    expect(findings.map((f) => f.device)).toEqual([undefined, "m2", "m1"]);
    for (const { zh } of findings) expect(zh).toMatch(/^从站/);
  });

  it("call no device well behind a connection that is down", () => {
    const bench = new LineBench();
    bench.ask(0, "answered", 30);
    bench.doctor.lineIs("lost");
    const findings = findingsOf(bench.doctor.report(monotonic(60_000)));
    expect(findings.map((f) => f.en)).toEqual([
      "bus a: the connection itself is down: look at the converter, its power and its network",
      "unit 1 (m1): last good answer 2026-11-23T14:00:00Z",
      "unit 2 (m2): not asked yet",
    ]);
  });

  it("count one failure as one", () => {
    const bench = new LineBench();
    bench.ask(1, "timeout");
    const [first] = findingsOf(bench.doctor.report(monotonic(60_000)));
    expect(first?.en).toBe("unit 2 (m2): no good answer to the last request; never answered");
  });

  it("say of a device that was never asked just that", () => {
    const [first] = findingsOf(new LineBench().doctor.report(monotonic(0)));
    expect(first).toEqual({
      zh: "从站 1（m1）：尚未询问",
      en: "unit 1 (m1): not asked yet",
      device: "m1",
    });
  });
});
