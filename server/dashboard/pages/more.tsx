/** Everything else: language, light, sound, devices, and the way out. */
import { useDesk, useWords } from "../desk.ts";
import { LanguageChooser, ThemeChooser } from "../parts/chooser.tsx";
import { SignOut } from "../parts/sign-out.tsx";

export function MorePage() {
  const { seat, siren } = useDesk();
  const { t } = useWords();
  const session = seat.value.kind === "taken" ? seat.value.session : undefined;
  return (
    <article>
      <h1>{t("nav.more")}</h1>
      <section class="panel settings">
        <p>
          <a class="button" href="#/devices">
            {t("nav.devices")}
          </a>
        </p>
        <p>
          <span>{t("language")}</span> <LanguageChooser />
        </p>
        <p>
          <span>{t("theme.label")}</span> <ThemeChooser />
        </p>
        <p>
          <span>{t("sound.title")}</span>{" "}
          <button
            type="button"
            onClick={() => {
              void siren.unlock().then(() => siren.chime());
            }}
          >
            {t("sound.test")}
          </button>
        </p>
        {session && (
          <p>
            <span>
              {session.user} · {t(`role.${session.role}`)}
            </span>{" "}
            <SignOut />
          </p>
        )}
      </section>
    </article>
  );
}
