/** On top of every page: which campus this is, search, and who sits here. */
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { formatTime } from "../format/time.ts";
import { LanguageChooser, ThemeChooser } from "./chooser.tsx";
import { SearchBox } from "./search-box.tsx";
import { SignOut } from "./sign-out.tsx";
import { SoundChip } from "./sound-chip.tsx";

export function Header() {
  const { seat, store } = useDesk();
  const { t, name } = useWords();
  const site = store.site.value;
  const session = seat.value.kind === "taken" ? seat.value.session : undefined;
  return (
    <header class="header">
      <a class="site" href="#/">
        {site ? name(site.name) : t("product")}
      </a>
      {site?.demo && <span class="demo">{t("demo")}</span>}
      <div class="desk-only header-search">
        <SearchBox />
      </div>
      <SoundChip />
      <SiteTime />
      <div class="desk-only header-choices">
        <LanguageChooser />
        <span class="wall-only">
          <ThemeChooser />
        </span>
        {session && (
          <span class="quiet">
            {session.user} · {t(`role.${session.role}`)}
          </span>
        )}
        <SignOut />
      </div>
    </header>
  );
}

/** The server's time in the site's zone: what all times on the page are told in. */
function SiteTime() {
  const { store } = useDesk();
  const style = useTimeStyle();
  const { t } = useWords();
  return (
    <span class="site-time" title={t("siteTime", { zone: style.zone })}>
      {formatTime(store.now.value, "time", style)}
    </span>
  );
}
