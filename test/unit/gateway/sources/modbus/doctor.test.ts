import { describe, expect, it } from "vitest";
import { deviceId } from "../../../../../core/ids.ts";
import { instant, milliseconds, monotonic } from "../../../../../core/time.ts";
import {
  Doctor,
  quantile,
  type TransactionOutcome,
} from "../../../../../gateway/sources/modbus/doctor.ts";

const AT_1402 = Date.UTC(2026, 10, 23, 14, 2, 0);

function lineOf(units: readonly number[]): {
  doctor: Doctor;
  note: (unit: number, outcome: TransactionOutcome, afterS?: number, times?: number) => void;
  english: (atMs?: number) => string;
} {
  const devices = units.map((unit) => ({ device: deviceId(`d${unit}`), unit }));
  const doctor = new Doctor("bus", devices, monotonic(0));
  doctor.lineIs("open");
  return {
    doctor,
    note: (unit, outcome, afterS = 0, times = 3) => {
      for (let i = 0; i < times; i++) {
        doctor.record({
          index: units.indexOf(unit),
          outcome,
          took: milliseconds(20 + i),
          lag: milliseconds(i),
          time: instant(AT_1402 + afterS * 1_000 + i),
        });
      }
    },
    english: (atMs = 100_000) =>
      doctor
        .report(monotonic(atMs))
        .sentences.map((sentence) => sentence.en)
        .join("\n"),
  };
}

describe("the bus doctor", () => {
  it("says nothing of a line that does well", () => {
    const { note, english } = lineOf([1, 2]);
    note(1, "answered", 0, 50);
    note(2, "answered", 0, 50);
    expect(english()).toBe("");
  });

  it("says where to look when neighbours fall silent together", () => {
    const { note, english } = lineOf([5, 6, 7, 8, 9]);
    for (const unit of [5, 6, 7, 8, 9]) note(unit, "answered");
    for (const [i, unit] of [9, 7, 8].entries()) note(unit, "timeout", 1 + i);
    expect(english()).toBe(
      "unit 7 stopped at 14:02:01Z together with 8, 9: look at the cable between 6 and 7",
    );
  });

  it("gives times by the clock on the wall of the site", () => {
    const { doctor, note } = lineOf([1, 2]);
    for (const unit of [1, 2]) note(unit, "answered");
    note(1, "timeout", 1);
    const [sentence] = doctor.report(monotonic(100_000), "Asia/Shanghai").sentences;
    expect(sentence?.zh).toContain("自 22:02:01 起无应答");
  });

  it("keeps silences apart that have not one cause", () => {
    const { note, english } = lineOf([1, 2, 3]);
    for (const unit of [1, 2, 3]) note(unit, "answered");
    note(1, "timeout", 1);
    note(3, "timeout", 60);
    expect(english()).toBe(
      "unit 1 (d1) is silent since 14:02:01Z: look at its power and plug\n" +
        "unit 3 (d3) is silent since 14:03:00Z: look at its power and plug",
    );
  });

  it("does not call one failure a silence", () => {
    const { note, english } = lineOf([1, 2]);
    note(1, "answered");
    note(1, "timeout", 1, 1);
    expect(english()).toBe("");
  });

  it("knows a device that never answered from one that stopped", () => {
    const { note, english } = lineOf([1, 2]);
    note(1, "answered");
    note(2, "timeout");
    expect(english()).toMatch(/unit 2 \(d2\) never answered: look at its address/);
  });

  it("suspects the line itself when nobody ever answered", () => {
    const { doctor, note, english } = lineOf([1, 2]);
    note(1, "crc");
    note(2, "timeout");
    doctor.stranger("garbage");
    expect(english()).toMatch(/no unit ever answered, but there is noise: .* wires A and B/);
  });

  it.each([
    {
      name: "few damaged answers",
      good: 95,
      bad: 5,
      outcome: "crc",
      says: /5\.0 % of answers are damaged: term/,
    },
    {
      name: "two devices with one id",
      good: 50,
      bad: 50,
      outcome: "crc",
      says: /two devices with one id/,
    },
    {
      name: "a slow device",
      good: 90,
      bad: 10,
      outcome: "timeout",
      says: /10\.0 % of requests but lives/,
    },
    {
      name: "a profile that does not fit",
      good: 50,
      bad: 50,
      outcome: "exception",
      says: /does its profile fit/,
    },
  ] as const)("recognises $name", ({ good, bad, outcome, says }) => {
    const { note, english } = lineOf([1, 2]);
    note(1, outcome, 0, bad);
    note(1, "answered", 1, good);
    expect(english()).toMatch(says);
  });

  it("judges by the recent past, not by last year", () => {
    const { note, english } = lineOf([1, 2]);
    note(1, "crc", 0, 500);
    note(1, "answered", 1, 300);
    expect(english(3_600_000)).toBe("");
  });

  it.each([
    { stranger: "wrongUnit", says: /a unit that was not asked: a second master/ },
    { stranger: "lateAnswer", says: /came too late/ },
    { stranger: "echo", says: /hears its own requests/ },
  ] as const)("names $stranger", ({ stranger, says }) => {
    const { doctor, english } = lineOf([1]);
    doctor.stranger(stranger);
    expect(english()).toMatch(says);
  });

  it("says every sentence in both languages", () => {
    const { doctor, note } = lineOf([1, 2, 3]);
    note(1, "answered");
    note(2, "timeout");
    note(3, "crc", 0, 30);
    doctor.stranger("echo");
    for (const { zh, en } of doctor.report(monotonic(1_000)).sentences) {
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it("gives the numbers", () => {
    const { doctor, note } = lineOf([1]);
    note(1, "answered", 0, 100);
    const { devices, duty, answerMsP50 } = doctor.report(monotonic(100_000));
    expect(devices[0]).toMatchObject({ answerMsP50: 70, answerMsP95: 115, lagMsP95: 95 });
    expect(answerMsP50).toBe(70);
    expect(duty).toBeCloseTo(0.0695, 3);
  });
});

describe("a quantile", () => {
  it("of nothing is unknown", () => {
    expect(quantile([], 0.5)).toBeUndefined();
  });
});
