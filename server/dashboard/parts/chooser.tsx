/** Language and light, changed where they are seen. */
import type { Language } from "../../../core/label.ts";
import { THEMES, type Theme } from "../browser/preferences.ts";
import { useDesk, useWords } from "../desk.ts";

/** Each language is named in itself, so that it is found by those who cannot read the other. */
const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { zh: "中文", en: "English" };

export function LanguageChooser() {
  const { preferences } = useDesk();
  const { t } = useWords();
  const { language } = preferences;
  return (
    <fieldset class="choices" aria-label={t("language")}>
      {(["zh", "en"] as const).map((code) => (
        <button
          key={code}
          type="button"
          lang={code === "zh" ? "zh-CN" : "en"}
          aria-pressed={language.value === code}
          onClick={() => {
            language.value = code;
          }}
        >
          {LANGUAGE_NAMES[code]}
        </button>
      ))}
    </fieldset>
  );
}

export function ThemeChooser() {
  const { preferences } = useDesk();
  const { t } = useWords();
  const { theme } = preferences;
  return (
    <fieldset class="choices" aria-label={t("theme.label")}>
      {THEMES.map((name: Theme) => (
        <button
          key={name}
          type="button"
          aria-pressed={theme.value === name}
          onClick={() => {
            theme.value = name;
          }}
        >
          {t(`theme.${name}`)}
        </button>
      ))}
    </fieldset>
  );
}
