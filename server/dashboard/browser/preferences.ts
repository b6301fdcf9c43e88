/** What a person chose on this device: language and light. Kept in the browser, nowhere else. */
import { type Signal, signal } from "@preact/signals";
import type { Language } from "../../../core/label.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly language: Signal<Language>;
  readonly theme: Signal<Theme>;
}

/** Storage may be forbidden (private windows, policies): then choices last as long as the page. */
export interface Keeper {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

export function localKeeper(storage: () => Storage): Keeper {
  return {
    get: (name) => {
      try {
        return storage().getItem(`lamplighter.${name}`) ?? undefined;
      } catch {
        return undefined;
      }
    },
    set: (name, value) => {
      try {
        storage().setItem(`lamplighter.${name}`, value);
      } catch {
        // Nothing to do: the choice holds until the page is closed.
      }
    },
  };
}

export function loadPreferences(keeper: Keeper, browserLanguages: readonly string[]): Preferences {
  const kept = keeper.get("language");
  const language = signal<Language>(
    kept === "zh" || kept === "en" ? kept : languageFor(browserLanguages),
  );
  const keptTheme = keeper.get("theme");
  const theme = signal<Theme>(THEMES.find((known) => known === keptTheme) ?? "system");
  keepChanges(language, (value) => keeper.set("language", value));
  keepChanges(theme, (value) => keeper.set("theme", value));
  return { language, theme };
}

/** What nobody chose is not kept: it follows the browser. */
function keepChanges<Value>(choice: Signal<Value>, keep: (value: Value) => void): void {
  const first = choice.peek();
  let isChosen = false;
  choice.subscribe((value) => {
    isChosen ||= value !== first;
    if (isChosen) keep(value);
  });
}

/** The first of the browser's languages that we speak; Chinese when it speaks neither. */
export function languageFor(browserLanguages: readonly string[]): Language {
  for (const name of browserLanguages) {
    if (/^zh\b/i.test(name)) return "zh";
    if (/^en\b/i.test(name)) return "en";
  }
  return "zh";
}
