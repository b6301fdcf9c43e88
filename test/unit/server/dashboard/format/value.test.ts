import { describe, expect, it } from "vitest";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import {
  isStale,
  STALE_GRACE_MS,
  scaleFor,
  shownValue,
  wordsOf,
} from "../../../../../server/dashboard/format/value.ts";
import { at, latestView, pointView } from "../../../../support/views.ts";

const show = (latest: ReturnType<typeof latestView> | undefined, seconds = 0) =>
  shownValue(pointView(), latest, { now: instantOf(at(seconds)), language: "en" });

describe("a value", () => {
  it("that is good is shown with its unit", () => {
    expect(show(latestView({ value: 31.42 }))).toMatchObject({
      kind: "good",
      text: "31.4\u202f%LEL",
    });
  });

  it("that is doubtful keeps its reason", () => {
    const shown = show(latestView({ quality: "uncertain", reason: "warmUp" }));
    expect(shown).toMatchObject({ kind: "uncertain", reason: "warmUp" });
  });

  it("that is bad has no number, only its reason and age", () => {
    const { value: _, ...bad } = latestView({ quality: "bad", reason: "timeout" });
    expect(show(bad, 840)).toEqual({ kind: "none", age: 840_000, reason: "timeout" });
  });

  it("that is old is not shown as if it were fresh, and has no made-up reason", () => {
    const shown = show(latestView({ quality: "uncertain", reason: "warmUp" }), 60);
    expect(shown).toEqual({ kind: "none", age: 60_000, reason: undefined });
  });

  it("that never came is said so", () => {
    expect(show(undefined)).toEqual({ kind: "none", reason: undefined });
  });
});

it("grows old on the page alone, when the server has fallen silent", () => {
  const point = pointView({ expectEveryMs: 15_000 });
  const staleFrom = 15 + STALE_GRACE_MS / 1_000;
  expect(isStale(latestView(), point, instantOf(at(staleFrom)))).toBe(false);
  expect(isStale(latestView(), point, instantOf(at(staleFrom + 1)))).toBe(true);
  expect(isStale(latestView({ stale: true }), point, instantOf(at(0)))).toBe(true);
});

it("never calls an event old: nothing says when the next is due", () => {
  expect(isStale(latestView(), pointView({ kind: "event" }), instantOf(at(9_999)))).toBe(false);
});

describe("words", () => {
  it("of a state are its label, of an unknown state its number", () => {
    const door = pointView({
      kind: "state",
      symbol: "",
      labels: { "1": { zh: "开", en: "open" } },
    });
    expect(wordsOf(door, 1, "zh").text).toBe("开");
    expect(wordsOf(door, 7, "zh").text).toBe("7");
  });

  it("of a line's findings are sentences in the reader's language", () => {
    const findings = pointView({ kind: "text", symbol: "" });
    const text =
      '[{"zh":"单元 7 自 14:02 起不应答。","en":"Unit 7 is silent since 14:02."},{"zh":"看接线。","en":"Look at the cable."}]';
    expect(wordsOf(findings, text, "zh").full).toBe("单元 7 自 14:02 起不应答。看接线。");
    expect(wordsOf(findings, text, "en").full).toBe(
      "Unit 7 is silent since 14:02. Look at the cable.",
    );
    for (const plain of ["41759", "[1]", "[null]", "{", "[]x"]) {
      expect(wordsOf(findings, plain, "en").full).toBe(plain);
    }
  });

  it("of a door's event say what happened and not whose card it was", () => {
    const event = pointView({ kind: "event", symbol: "" });
    const text = '{"what":"denied","card":"k:63bce8280498e0488e6bef30bcc06a38"}';
    expect(wordsOf(event, text, "en").text).toBe("denied");
    expect(wordsOf(event, "<b>free text</b>", "en").text).toBe("<b>free text</b>");
  });

  it("of thousands of watts are kilowatts, with the full number as measured", () => {
    const power = pointView({ symbol: "W" });
    expect(wordsOf(power, 9_967.4, "en")).toEqual({
      text: "9.97\u202fkW",
      full: "9,967.4\u202fW",
    });
    expect(scaleFor(999, "W")).toEqual({ divisor: 1, symbol: "W" });
    expect(scaleFor(99_999, "%")).toEqual({ divisor: 1, symbol: "%" });
  });
});
