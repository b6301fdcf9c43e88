import { describe, expect, it } from "vitest";
import { en } from "../../../../../server/dashboard/texts/en.ts";
import { fill, wordsIn } from "../../../../../server/dashboard/texts/words.ts";
import { zh } from "../../../../../server/dashboard/texts/zh.ts";

const holes = (text: string): readonly string[] => {
  const [one = ""] = text.split("|");
  return [...new Set(one.match(/\{\w+\}/g) ?? [])].sort();
};

describe("the two languages", () => {
  it("have the same texts", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("are both written, with the same holes", () => {
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(zh[key].trim(), key).not.toBe("");
      expect(en[key].trim(), key).not.toBe("");
      expect(holes(en[key]), key).toEqual(holes(zh[key]));
    }
  });

  it("do not shout, praise or leave Chinese in English", () => {
    for (const text of [...Object.values(zh), ...Object.values(en)]) {
      expect(text).not.toMatch(/[!！]|\p{Extended_Pictographic}/u);
    }
    for (const text of Object.values(en)) expect(text).not.toMatch(/\p{Script=Han}/u);
  });

  it("never use two words for one thing of ours", () => {
    for (const text of Object.values(en)) {
      expect(text).not.toMatch(/\b(alert|tag|reading|measurement|node|metric)s?\b/i);
    }
  });
});

describe("filling", () => {
  it("puts values into holes and leaves an unknown hole to be seen", () => {
    expect(fill("{a} and {b}", { a: 1 }, "en")).toBe("1 and {b}");
  });

  it("chooses the form by the number", () => {
    const { t } = wordsIn("en");
    expect(t("tile.alarms", { count: 1 })).toBe("1 alarm");
    expect(t("tile.alarms", { count: 2 })).toBe("2 alarms");
    expect(wordsIn("zh").t("tile.alarms", { count: 1 })).toBe("1 个报警");
  });

  it("does not read a value as a pattern", () => {
    expect(fill("{user}", { user: "$& {x}" }, "en")).toBe("$& {x}");
  });
});
