/** Alarms that need somebody, and all there ever were. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AlarmView } from "../../api/contract.ts";
import type { Problem } from "../api/problem.ts";
import { useDesk, useWords } from "../desk.ts";
import { AlarmQueue } from "../parts/alarm-queue.tsx";
import { PriorityMark } from "../parts/mark.tsx";
import { Moment } from "../parts/moment.tsx";
import { PlaceLink } from "../parts/place.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { hrefOf, toAlarm } from "../routes.ts";

export function AlarmsPage({ view }: { readonly view: "active" | "history" }) {
  const { t } = useWords();
  return (
    <article>
      <h1>{t("nav.alarms")}</h1>
      <nav class="tabs" aria-label={t("nav.alarms")}>
        {(["active", "history"] as const).map((tab) => (
          <a
            key={tab}
            href={hrefOf({ page: "alarms", view: tab })}
            aria-current={tab === view ? "page" : undefined}
          >
            {t(`alarms.${tab}`)}
          </a>
        ))}
      </nav>
      <section class="panel">{view === "active" ? <AlarmQueue /> : <History />}</section>
    </article>
  );
}

const PAGE_ALARMS = 100;

function useHistory() {
  const { client } = useDesk();
  const alarms = useSignal<readonly AlarmView[]>([]);
  const next = useSignal<string | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const isLoading = useSignal(true);
  const load = async (before?: string): Promise<void> => {
    isLoading.value = true;
    const query = { state: "all", limit: PAGE_ALARMS } as const;
    const answer = await client.alarms(before === undefined ? query : { ...query, before });
    isLoading.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (!answer.ok) return;
    alarms.value =
      before === undefined ? answer.value.items : [...alarms.value, ...answer.value.items];
    next.value = answer.value.next;
  };
  useEffect(() => {
    void load();
  }, []);
  return { alarms, next, problem, isLoading, load };
}

function History() {
  const { t } = useWords();
  const { alarms, next, problem, isLoading, load } = useHistory();
  return (
    <>
      <ProblemNote problem={problem.value} />
      {!isLoading.value && !problem.value && alarms.value.length === 0 && (
        <p class="empty">{t("alarms.historyEmpty")}</p>
      )}
      <ul class="rows history">
        {alarms.value.map((alarm) => (
          <HistoryRow key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      {next.value !== undefined && (
        <button type="button" disabled={isLoading.value} onClick={() => void load(next.value)}>
          {t("alarms.older")}
        </button>
      )}
    </>
  );
}

function HistoryRow({ alarm }: { readonly alarm: AlarmView }) {
  const { t, name } = useWords();
  const isOver = alarm.state === "closed";
  return (
    <li>
      <Moment at={alarm.raisedAt} />
      <span>
        {!isOver && <PriorityMark priority={alarm.priority} />} <PlaceLink space={alarm.space} />
        {t("join.colon")}
        <a href={toAlarm(alarm.id)}>{name(alarm.name)}</a>
      </span>
      <span class="quiet">
        {t(`priority.${alarm.priority}`)} · {t(`alarm.state.${alarm.state}`)}
      </span>
    </li>
  );
}
