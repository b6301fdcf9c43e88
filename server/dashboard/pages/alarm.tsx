/** One alarm with its whole history, and what can be done about it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AlarmStepView, AlarmView } from "../../api/contract.ts";
import { isTaken, isUntaken } from "../alarms/queue.ts";
import type { Problem } from "../api/problem.ts";
import { HistoryPanel } from "../chart/history-panel.tsx";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { instantOf } from "../format/instant.ts";
import { glance } from "../format/number.ts";
import { formatTime } from "../format/time.ts";
import { CloseAlarm, TakeWithComment } from "../parts/alarm-forms.tsx";
import { AlarmHands, AlarmSentence } from "../parts/alarm-text.tsx";
import { PriorityMark } from "../parts/mark.tsx";
import { Moment } from "../parts/moment.tsx";
import { PlacePath } from "../parts/place.tsx";
import { PointValue } from "../parts/point-value.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { ShelveAlarm } from "../parts/shelve-alarm.tsx";
import type { Range } from "../routes.ts";
import { detailPhrase } from "../texts/phrases.ts";

/** The live one when it is active, else asked for. */
function useAlarm(id: string) {
  const { client, store } = useDesk();
  const past = useSignal<AlarmView | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const live = store.alarmsById.value.get(id);
  const isMissing = live === undefined;
  useEffect(() => {
    if (!isMissing) return;
    void client.alarm(id).then((answer) => {
      if (answer.ok) past.value = answer.value;
      else problem.value = answer.problem;
    });
  }, [client, id, isMissing, past, problem]);
  const held = past.value?.id === id ? past.value : undefined;
  return { alarm: live ?? held, problem: live || held ? undefined : problem.value };
}

export function AlarmPage({ id }: { readonly id: string }) {
  const { t } = useWords();
  const { alarm, problem } = useAlarm(id);
  if (!alarm) {
    return problem ? <ProblemNote problem={problem} /> : <p class="empty">{t("status.loading")}</p>;
  }
  return (
    <article class="alarm">
      <PlacePath space={alarm.space} isLinkToLast />
      <AlarmHead alarm={alarm} />
      <div class="space-columns">
        <div>
          <AlarmFacts alarm={alarm} />
          {isUntaken(alarm) && <TakeWithComment alarm={alarm} />}
          {isTaken(alarm) && <CloseAlarm alarm={alarm} />}
          <ShelveAlarm alarm={alarm} />
        </div>
        <div>
          <AlarmHistory alarm={alarm} />
          <AlarmChart alarm={alarm} />
        </div>
      </div>
    </article>
  );
}

function AlarmHead({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  return (
    <header class={`alarm-head is-${alarm.priority}`}>
      <h1>
        {alarm.state !== "closed" && <PriorityMark priority={alarm.priority} />}{" "}
        <AlarmSentence alarm={alarm} />
      </h1>
      <p>
        {t(`priority.${alarm.priority}`)} · {t(`alarm.state.${alarm.state}`)} ·{" "}
        <AlarmHands alarm={alarm} />
      </p>
    </header>
  );
}

function AlarmFacts({ alarm }: { readonly alarm: AlarmView }) {
  const { store } = useDesk();
  const { t, name } = useWords();
  const point = store.points.value.get(alarm.point);
  return (
    <section class="panel">
      {alarm.response && (
        <>
          <h2>{t("emergency.first")}</h2>
          <p class="response">{name(alarm.response)}</p>
        </>
      )}
      <dl class="facts-list">
        {point && (
          <>
            <dt>{name(point.name)}</dt>
            <dd>
              <PointValue point={point} aged />
            </dd>
          </>
        )}
        {alarm.hazard && (
          <>
            <dt>{t("alarm.hazard")}</dt>
            <dd>{t(`hazard.${alarm.hazard}`)}</dd>
          </>
        )}
        <dt>{t("alarm.rule")}</dt>
        <dd>{alarm.rule}</dd>
      </dl>
      {alarm.foundLate && <p class="quiet">{t("alarm.foundLateLong")}</p>}
    </section>
  );
}

function AlarmHistory({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  return (
    <section class="panel">
      <h2>{t("alarm.history")}</h2>
      <ol class="steps">
        {alarm.history.map((step, i) => (
          // A history only grows at its end: the place in it is its identity.
          <li key={i}>
            <Moment at={step.at} />
            <StepText step={step} alarm={alarm} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function StepText({ step, alarm }: { readonly step: AlarmStepView; readonly alarm: AlarmView }) {
  const words = useWords();
  const { t, language } = words;
  const style = useTimeStyle();
  const parts = [t(`alarm.step.${step.what}`)];
  if (step.priority) parts.push(t(`priority.${step.priority}`));
  if (step.value !== undefined) {
    parts.push(`${glance(step.value, language)}\u202f${alarm.symbol}`.trim());
  }
  if (step.channel) parts.push(step.channel);
  if (step.by) parts.push(step.by);
  if (step.comment) parts.push(t("quote", { text: step.comment }));
  // The detail of what is put aside is when that ends.
  if (step.detail && (step.what === "shelved" || step.what === "outOfService")) {
    const until = formatTime(instantOf(step.detail), "dayMinute", style);
    parts.push(t("alarm.until", { until }));
  } else if (step.detail) parts.push(detailPhrase(step.detail, words));
  return <span>{parts.join(" · ")}</span>;
}

function AlarmChart({ alarm }: { readonly alarm: AlarmView }) {
  const { store } = useDesk();
  const range = useSignal<Range>("1h");
  const point = store.points.value.get(alarm.point);
  if (!point) return null;
  return (
    <HistoryPanel
      point={point}
      range={range.value}
      choose={(chosen) => {
        range.value = chosen;
      }}
    />
  );
}
