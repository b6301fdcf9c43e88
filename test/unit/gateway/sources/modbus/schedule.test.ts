import { describe, expect, it } from "vitest";
import { milliseconds, monotonic, seconds } from "../../../../../core/time.ts";
import {
  afterAnswer,
  afterFailure,
  type Failure,
  firstDue,
  HEALTHY,
  type Health,
  type Job,
  nextAction,
  nextDue,
} from "../../../../../gateway/sources/modbus/schedule.ts";

const job = (key: string, due: number, more: Partial<Job> = {}): Job => ({
  key,
  device: 0,
  urgency: "timed",
  period: seconds(1),
  due: monotonic(due),
  ...more,
});

const picked = (jobs: Job[], now: number, health: Health[] = []): string | number | undefined => {
  const state = { jobs, health, probesNotBefore: monotonic(0) };
  const action = nextAction(state, monotonic(now));
  return action.kind === "poll" ? action.job.key : action.until;
};

const failing = (more: Partial<Failure> = {}): Failure => ({
  key: "a",
  took: milliseconds(500),
  pauseBetween: milliseconds(0),
  isShared: true,
  ...more,
});

describe("what goes next", () => {
  it("waits for the earliest beat", () => {
    expect(picked([job("a", 300), job("b", 200)], 100)).toBe(200);
    expect(picked([], 100)).toBeUndefined();
  });

  it("takes hazard before timed before background", () => {
    const jobs = [
      job("background", 0, { urgency: "background" }),
      job("timed", 50),
      job("hazard", 90, { urgency: "hazard" }),
    ];
    expect(picked(jobs, 100)).toBe("hazard");
    expect(picked(jobs.slice(0, 2), 100)).toBe("timed");
  });

  it("takes what has waited longest among equals", () => {
    expect(picked([job("a", 80), job("b", 20)], 100)).toBe("b");
  });

  it("gives background a turn after a second, even on a full line", () => {
    const jobs = [job("timed", 900), job("background", 0, { urgency: "background" })];
    expect(picked(jobs, 1_000)).toBe("timed");
    expect(picked(jobs, 1_001)).toBe("background");
  });

  it("keeps a pause a device wants", () => {
    const health = [{ ...HEALTHY, notBefore: monotonic(150) }];
    expect(picked([job("a", 0)], 100, health)).toBe(150);
  });

  it("starves no job of a device that wants pauses", () => {
    const health = [{ ...HEALTHY, notBefore: monotonic(100) }];
    expect(picked([job("young", 90), job("old", 20)], 100, health)).toBe("old");
  });

  it("leaves a silent device one probe, the request that failed", () => {
    const health = [afterFailure(HEALTHY, monotonic(1_000), failing({ key: "b" }))];
    const jobs = [job("a", 0), job("b", 0), job("other", 5_000, { device: 1 })];
    expect(picked(jobs, 1_000, health)).toBe(1_500);
    expect(picked(jobs, 1_500, health)).toBe("b");
  });

  it("lets living hazards go before a probe", () => {
    const health = [afterFailure(HEALTHY, monotonic(0), failing())];
    const jobs = [job("a", 0), job("gas", 2_000, { device: 1, urgency: "hazard" })];
    expect(picked(jobs, 2_000, health)).toBe("gas");
  });
});

describe("beats", () => {
  it("never drift, however late a job begins", () => {
    expect(nextDue(job("a", 1_000), monotonic(1_090))).toEqual({ due: 2_000, missed: 0 });
    expect(nextDue(job("a", 1_000), monotonic(1_999))).toEqual({ due: 2_000, missed: 0 });
  });

  it("are missed, not made up for in a burst", () => {
    expect(nextDue(job("a", 1_000), monotonic(4_500))).toEqual({ due: 5_000, missed: 3 });
  });

  it("are spread over the period", () => {
    const starts = Array.from({ length: 20 }, (_, i) => firstDue(monotonic(0), seconds(1), i));
    const sorted = [...starts].sort((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThan(15);
  });

  it("come once for a job without period", () => {
    const once = nextDue(job("proof", 0, { period: milliseconds(0) }), monotonic(10));
    expect(once.due).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("losing a device", () => {
  it("needs both time and failures", () => {
    const quick = [100, 200, 300].reduce(
      (health, now) => afterFailure(health, monotonic(now), failing({ took: milliseconds(10) })),
      HEALTHY,
    );
    expect(quick.isLost).toBe(false);
    const slow = afterFailure(HEALTHY, monotonic(5_000), failing({ took: seconds(5) }));
    expect(slow.isLost).toBe(false);
    expect(afterFailure(slow, monotonic(10_000), failing()).isLost).toBe(true);
  });

  it("backs off to ten seconds and at most 5 % of a shared line", () => {
    let health = HEALTHY;
    let now = 0;
    const distances: number[] = [];
    for (let i = 0; i < 10; i++) {
      now += 500;
      health = afterFailure(health, monotonic(now), failing());
      distances.push(health.probeAt - now);
      now = health.probeAt;
    }
    expect(distances).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000, 10_000,
    ]);
    const slow = afterFailure(
      { ...health, isLost: true },
      monotonic(now),
      failing({ took: seconds(2) }),
    );
    expect(slow.probeAt - now).toBe(40_000);
  });

  it("is over with the first good answer", () => {
    const lost = { ...HEALTHY, failures: 9, isLost: true, probeAt: monotonic(99_999) };
    expect(afterAnswer(lost, monotonic(1_000), milliseconds(20))).toEqual({
      ...HEALTHY,
      notBefore: 1_020,
    });
  });
});
