import { describe, expect, it } from "vitest";
import { alarmSentence } from "../../../../../server/dashboard/alarms/sentence.ts";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { wordsIn } from "../../../../../server/dashboard/texts/words.ts";
import { alarmView, at, latestView, pointView } from "../../../../support/views.ts";

const zh = wordsIn("zh");
const en = wordsIn("en");
const facts = {
  alarm: alarmView(),
  point: pointView(),
  latest: latestView({ value: 31 }),
  trail: [
    { time: instantOf(at(0)), value: 19 },
    { time: instantOf(at(120)), value: 31 },
  ],
};
const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("an alarm's sentence", () => {
  it("says how much now, where it is going and against which limit", () => {
    expect(plain(alarmSentence(facts, zh))).toBe(
      "可燃气体，现在 31 %LEL，2 分钟内上升 12，限值 25 %LEL",
    );
    expect(plain(alarmSentence(facts, en))).toBe(
      "Combustible gas, now 31 %LEL, up 12 in 2 min, limit 25 %LEL",
    );
  });

  it("falls back to the value at the raise when the present one cannot be relied on", () => {
    const blind = { ...facts, latest: undefined, trail: [] };
    expect(plain(alarmSentence(blind, en))).toBe(
      "Combustible gas, 27 %LEL when raised, limit 25 %LEL",
    );
  });

  it("calls a change within the noise steady", () => {
    const trail = [
      { time: instantOf(at(0)), value: 30.8 },
      { time: instantOf(at(60)), value: 31 },
    ];
    expect(alarmSentence({ ...facts, trail }, en)).toContain("steady for 1 min");
  });

  it("of a silent sensor does not claim that all is well", () => {
    const alarm = alarmView({ kind: "noData", name: { zh: "探测器失联", en: "Detector silent" } });
    expect(alarmSentence({ ...facts, alarm }, en)).toContain("safety cannot be proven");
    expect(alarmSentence({ ...facts, alarm }, en)).not.toContain("31");
  });

  it("says that it has returned or was found late", () => {
    const alarm = alarmView({ state: "returnedUnacknowledged", foundLate: true });
    expect(alarmSentence({ ...facts, alarm }, zh)).toMatch(/已恢复.*补传数据中发现/);
  });
});
