/** Bands above every page: the line is cut, an urgent alarm waits. */
import type { AlarmView } from "../../api/contract.ts";
import { actionQueue, isUntaken, rankOf, takesPage } from "../alarms/queue.ts";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { formatMoment } from "../format/time.ts";
import { toAlarm } from "../routes.ts";
import { AlarmSentence } from "./alarm-text.tsx";
import { PriorityMark } from "./mark.tsx";
import { PlaceLink } from "./place.tsx";
import { ProblemNote } from "./problem.tsx";
import { TakeAlarm } from "./take-alarm.tsx";

export function CutBand() {
  const { store } = useDesk();
  const { t } = useWords();
  const style = useTimeStyle();
  const connection = store.connection.value;
  const since =
    connection.kind === "cut" ? formatMoment(connection.since, store.now.value, style) : "";
  return (
    <div role="status">
      {connection.kind === "cut" && <p class="band is-cut">{t("band.cut", { since })}</p>}
      <ProblemNote problem={store.loadProblem.value} />
    </div>
  );
}

/** The most urgent untaken alarm, on every page that does not already begin with the queue. */
export function AlarmBand() {
  const { store, route } = useDesk();
  const { t } = useWords();
  const shown = route.value;
  if (shown.page === "overview" || shown.page === "alarms") return null;
  const isOnPage = (alarm: AlarmView): boolean =>
    (shown.page === "alarm" && shown.id === alarm.id) ||
    (shown.page === "space" && shown.id === alarm.space);
  const urgent = actionQueue(store.alarms.value).filter(
    (alarm) =>
      isUntaken(alarm) &&
      rankOf(alarm.priority) <= rankOf("high") &&
      // An emergency that takes the page has a band of its own.
      !takesPage(alarm) &&
      !isOnPage(alarm),
  );
  const [first] = urgent;
  if (!first) return null;
  return (
    <section class={`band is-alarm is-${first.priority}`} aria-label={t("nav.alarms")}>
      <PriorityMark priority={first.priority} />
      <p>
        <PlaceLink space={first.space} />
        {t("join.colon")}
        <AlarmSentence alarm={first} />{" "}
        {urgent.length > 1 && (
          <a class="band-more" href="#/alarms">
            {t("band.more", { count: urgent.length - 1 })}
          </a>
        )}
      </p>
      <span class="actions">
        <TakeAlarm alarm={first} />
        <a class="button" href={toAlarm(first.id)}>
          {t("alarm.view")}
        </a>
      </span>
    </section>
  );
}
