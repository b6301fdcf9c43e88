/** The four ways into the house: beside the page on a desk, below it on a phone. */
import type { ComponentChildren } from "preact";
import { actionQueue, isUntaken } from "../alarms/queue.ts";
import { useDesk, useWords } from "../desk.ts";
import type { Route } from "../routes.ts";
import type { TextKey } from "../texts/words.ts";

type Section = "overview" | "alarms" | "spaces" | "devices" | "more";

const SECTION_OF: Readonly<Record<Route["page"], Section | undefined>> = {
  overview: "overview",
  alarms: "alarms",
  alarm: "alarms",
  spaces: "spaces",
  space: "spaces",
  devices: "devices",
  device: "devices",
  more: "more",
  link: undefined,
  unknown: undefined,
};

const ICONS: Readonly<Record<Section, string>> = {
  overview: "M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z",
  alarms: "M10 2a5 5 0 0 1 5 5v4l2 3H3l2-3V7a5 5 0 0 1 5-5zM8 16h4a2 2 0 0 1-4 0z",
  spaces: "M3 17V7l7-4 7 4v10h-5v-5H8v5z",
  devices: "M4 4h12v12H4zM8 8v4h4V8zM7 1h1v3H7zM12 1h1v3h-1zM7 16h1v3H7zM12 16h1v3h-1z",
  more: "M3 9h3v3H3zM8.5 9h3v3h-3zM14 9h3v3h-3z",
};

export function Navigation() {
  const { t } = useWords();
  return (
    <nav class="navigation" aria-label={t("nav.label")}>
      <Entry section="overview" href="#/" text="nav.overview" />
      <Entry section="alarms" href="#/alarms" text="nav.alarms">
        <UntakenCount />
      </Entry>
      <Entry section="spaces" href="#/spaces" text="nav.spaces" />
      <Entry section="devices" href="#/devices" text="nav.devices" isDeskOnly />
      <Entry section="more" href="#/more" text="nav.more" />
    </nav>
  );
}

interface EntryProps {
  readonly section: Section;
  readonly href: string;
  readonly text: Extract<TextKey, `nav.${string}`>;
  readonly isDeskOnly?: boolean;
  readonly children?: ComponentChildren;
}

function Entry({ section, href, text, isDeskOnly, children }: EntryProps) {
  const { route } = useDesk();
  const { t } = useWords();
  const isHere = SECTION_OF[route.value.page] === section;
  return (
    <a href={href} class={isDeskOnly ? "desk-only" : ""} aria-current={isHere ? "page" : undefined}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d={ICONS[section]} fill-rule="evenodd" />
      </svg>
      <span>{t(text)}</span>
      {children}
    </a>
  );
}

function UntakenCount() {
  const { store } = useDesk();
  const { t } = useWords();
  const untaken = actionQueue(store.alarms.value).filter(isUntaken);
  const [first] = untaken;
  if (!first) return null;
  return (
    <span class={`count is-${first.priority}`}>
      <span aria-hidden="true">{untaken.length}</span>
      <span class="visually-hidden">{t("status.needs", { count: untaken.length })}</span>
    </span>
  );
}
