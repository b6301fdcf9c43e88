/** An alarm's sentence with its live value, and who has it. */
import { useComputed } from "@preact/signals";
import type { AlarmView } from "../../api/contract.ts";
import { takenBy } from "../alarms/queue.ts";
import { alarmSentence } from "../alarms/sentence.ts";
import { useDesk, useTimeStyle, useWords } from "../desk.ts";
import { instantOf } from "../format/instant.ts";
import { formatMoment } from "../format/time.ts";
import { isStale } from "../format/value.ts";
import { Age, Moment } from "./moment.tsx";

export function AlarmSentence({ alarm }: { readonly alarm: AlarmView }) {
  return <>{useAlarmSentence(alarm)}</>;
}

export function useAlarmSentence(alarm: AlarmView): string {
  const { store } = useDesk();
  const words = useWords();
  const sentence = useComputed(() => {
    const points = store.points.value;
    const latest = store.latest.value;
    const trails = store.trails.value;
    const point = points.get(alarm.point);
    const held = latest.get(alarm.point);
    const isFresh =
      point && held && held.quality !== "bad" && !isStale(held, point, store.now.value);
    return alarmSentence(
      {
        alarm,
        point,
        latest: isFresh ? held : undefined,
        trail: isFresh ? (trails.get(alarm.point) ?? []) : [],
      },
      words,
    );
  });
  return sentence.value;
}

/** Since when, and whose hands it is in. */
export function AlarmHands({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  if (alarm.shelved) return <ShelvedNote alarm={alarm} shelved={alarm.shelved} />;
  const taken = takenBy(alarm);
  return (
    <span class="quiet">
      <Moment at={alarm.raisedAt} /> · <Age since={alarm.raisedAt} /> ·{" "}
      {taken ? (
        <>
          {t("alarm.takenBy", { by: taken.by })} <Moment at={taken.at} />
        </>
      ) : (
        <strong class="untaken">{t("alarm.untaken")}</strong>
      )}
    </span>
  );
}

interface ShelvedProps {
  readonly alarm: AlarmView;
  readonly shelved: NonNullable<AlarmView["shelved"]>;
}

function ShelvedNote({ alarm, shelved }: ShelvedProps) {
  const { store } = useDesk();
  const { t } = useWords();
  const style = useTimeStyle();
  const { by, reason } = shelved;
  const until = formatMoment(instantOf(shelved.until), store.now.peek(), style);
  return (
    <span class="quiet">
      <Moment at={alarm.raisedAt} /> · {t("alarm.shelvedUntil", { by, until, reason })}
    </span>
  );
}
