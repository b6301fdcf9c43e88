/** One line that answers "is the campus all right": what needs you, what is proven, how old it is. */
import { actionQueue, isShelved, isUntaken } from "../alarms/queue.ts";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { between, SECOND } from "../format/instant.ts";
import { formatMoment } from "../format/time.ts";
import { agePhrase } from "../texts/phrases.ts";
import { PriorityMark } from "./mark.tsx";

export function StatusLine() {
  return (
    <section class="status-line" aria-label={useWords().t("status.label")}>
      <Needs />
      <Proven />
      <HowOld />
    </section>
  );
}

function Needs() {
  const { store } = useDesk();
  const { t } = useWords();
  const queue = actionQueue(store.alarms.value);
  const untaken = queue.filter(isUntaken);
  const [first] = untaken;
  const shelved = queue.filter(isShelved).length;
  const inHand = queue.length - untaken.length - shelved;
  return (
    <p class={first ? "status-needs" : ""}>
      {first && <PriorityMark priority={first.priority} />}
      {first ? t("status.needs", { count: untaken.length }) : t("status.nothingNeeds")}
      {inHand > 0 && t("status.inHand", { count: inHand })}
      {shelved > 0 && t("status.shelved", { count: shelved })}
    </p>
  );
}

/** Points that are seen, as a share that never rounds up to all of them. */
function shareText(good: number, all: number): string {
  return `${(Math.floor((good / Math.max(all, 1)) * 1_000) / 10).toFixed(1)}%`;
}

function Proven() {
  const { store } = useDesk();
  const { t } = useWords();
  const { hazardPoints, hazardPointsGood, points, pointsGood } = store.proof.value;
  if (points === 0) return <p class="quiet">{t("status.noPoints")}</p>;
  const missing = hazardPoints - hazardPointsGood;
  return (
    <p class={missing > 0 ? "status-unproven" : "quiet"}>
      {hazardPoints > 0 &&
        missing === 0 &&
        `✓ ${t("status.hazardsProven", { count: hazardPoints })}`}
      {missing > 0 &&
        t("status.hazardsUnproven", { count: hazardPoints, good: hazardPointsGood, missing })}
      {hazardPoints === 0 && t("status.noHazards")}
      {t("join.semicolon")}
      {t("status.data", { share: shareText(pointsGood, points) })}
    </p>
  );
}

function HowOld() {
  const { store } = useDesk();
  const words = useWords();
  const style = useTimeStyle();
  const now = store.now.value;
  const { newest } = store.proof.value;
  const connection = store.connection.value;
  if (connection.kind === "cut") {
    const since = formatMoment(connection.since, now, style);
    return <p class="status-unproven">{words.t("status.cut", { since })}</p>;
  }
  if (connection.kind === "loading") return <p class="quiet">{words.t("status.loading")}</p>;
  if (newest === undefined) return <p class="quiet">{words.t("status.noData")}</p>;
  const age = between(newest, now);
  return (
    <p class="quiet">
      {age < 3 * SECOND
        ? words.t("status.live")
        : words.t("status.newest", { age: agePhrase(age, words) })}
    </p>
  );
}
