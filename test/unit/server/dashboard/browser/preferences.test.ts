import { expect, it } from "vitest";
import {
  type Keeper,
  languageFor,
  loadPreferences,
  localKeeper,
} from "../../../../../server/dashboard/browser/preferences.ts";

it.each([
  [["zh-CN", "en"], "zh"],
  [["zh-Hant-TW"], "zh"],
  [["en-GB"], "en"],
  [["de-DE", "en-US", "zh"], "en"],
  [["de-DE"], "zh"],
  [[], "zh"],
] as const)("browser languages %j read %s", (languages, expected) => {
  expect(languageFor(languages)).toBe(expected);
});

it("keeps what was chosen, and takes an unknown kept value for none", () => {
  const kept = new Map([
    ["language", "fr"],
    ["theme", "dark"],
  ]);
  const keeper: Keeper = {
    get: (name) => kept.get(name),
    set: (name, value) => kept.set(name, value),
  };
  const { language, theme } = loadPreferences(keeper, ["en"]);
  expect([language.value, theme.value]).toEqual(["en", "dark"]);
  expect(kept.get("language")).toBe("fr");
  language.value = "zh";
  expect(kept.get("language")).toBe("zh");
});

it("works where storage is forbidden", () => {
  const keeper = localKeeper(() => {
    throw new Error("denied by policy");
  });
  keeper.set("theme", "dark");
  expect(keeper.get("theme")).toBeUndefined();
});
