/** Which page is shown: sign-in, or the house with its bands, navigation and page. */
import { useEffect } from "preact/hooks";
import { useDesk, useWords } from "./desk.ts";
import { unreachable } from "./format/unreachable.ts";
import { AlarmPage } from "./pages/alarm.tsx";
import { AlarmsPage } from "./pages/alarms.tsx";
import { DevicePage } from "./pages/device.tsx";
import { DevicesPage } from "./pages/devices.tsx";
import { LinkPage } from "./pages/link.tsx";
import { MorePage } from "./pages/more.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { SignInAgain, SignInPage } from "./pages/sign-in.tsx";
import { SpacePage } from "./pages/space.tsx";
import { SpacesPage } from "./pages/spaces.tsx";
import { Announcer } from "./parts/announcer.tsx";
import { AlarmBand, CutBand } from "./parts/bands.tsx";
import { Emergency } from "./parts/emergency.tsx";
import { Header } from "./parts/header.tsx";
import { Navigation } from "./parts/navigation.tsx";

export function App() {
  const { route, seat } = useDesk();
  const { t, language } = useWords();
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = t("product");
  }, [language, t]);
  if (route.value.page === "link") return <LinkPage link={route.value.link} />;
  switch (seat.value.kind) {
    case "asking":
      return <main class="sign-in" aria-busy="true" />;
    case "nobody":
      return <SignInPage />;
    case "taken":
      return <House />;
    case "expired":
      return (
        <>
          <House />
          <SignInAgain />
        </>
      );
    default:
      return unreachable(seat.value);
  }
}

function House() {
  const { t } = useWords();
  return (
    <div class="house">
      <button type="button" class="skip" onClick={skipToMain}>
        {t("skip")}
      </button>
      <Header />
      <Navigation />
      <main id="main" tabIndex={-1}>
        <CutBand />
        <Emergency />
        <AlarmBand />
        <CurrentPage />
      </main>
      <Announcer />
    </div>
  );
}

/** A button, because the part behind `#` is the page's own address. */
function skipToMain(): void {
  document.getElementById("main")?.focus();
}

function CurrentPage() {
  const { t } = useWords();
  const route = useDesk().route.value;
  switch (route.page) {
    case "overview":
      return <OverviewPage />;
    case "alarms":
      return <AlarmsPage view={route.view} />;
    case "alarm":
      return <AlarmPage key={route.id} id={route.id} />;
    case "spaces":
      return <SpacesPage />;
    case "space":
      return <SpacePage key={route.id} id={route.id} chart={route.chart} />;
    case "devices":
      return <DevicesPage />;
    case "device":
      return <DevicePage key={route.id} id={route.id} chart={route.chart} />;
    case "more":
      return <MorePage />;
    case "link":
      return null;
    case "unknown":
      return <p class="empty">{t("page.unknown")}</p>;
    default:
      return unreachable(route);
  }
}
