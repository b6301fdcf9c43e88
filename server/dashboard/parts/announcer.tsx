/** Says new alarms to a screen reader, and sounds once for those that do not take the page. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { AlarmView } from "../../api/contract.ts";
import { isUntaken, rankOf, takesPage } from "../alarms/queue.ts";
import { useDesk, useWords } from "../desk.ts";
import { useAlarmSentence } from "./alarm-text.tsx";
import { usePlaceName } from "./place.tsx";

export function Announcer() {
  const { store, siren } = useDesk();
  const known = useRef<Set<string> | undefined>(undefined);
  const latest = useSignal<AlarmView | undefined>(undefined);
  const alarms = store.alarmsById.value;
  const isLive = store.connection.value.kind === "live";
  useEffect(() => {
    if (!isLive) return;
    const before = known.current;
    const untaken = [...alarms.values()].filter(isUntaken);
    known.current = new Set(untaken.map(({ id }) => id));
    const fresh = untaken.filter(({ id }) => before !== undefined && !before.has(id));
    const [first] = fresh.sort((a, b) => rankOf(a.priority) - rankOf(b.priority));
    if (!first) return;
    latest.value = first;
    if (!takesPage(first) && rankOf(first.priority) <= rankOf("high")) siren.chime();
  }, [alarms, isLive, latest, siren]);
  return (
    <div class="visually-hidden" aria-live="assertive" aria-atomic="true">
      {latest.value && <Announcement key={latest.value.id} alarm={latest.value} />}
    </div>
  );
}

/** Said once: the words stay as they were when the alarm came, whatever the value does since. */
function Announcement({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  const place = usePlaceName(alarm.space);
  const sentence = useAlarmSentence(alarm);
  const said = useRef(sentence);
  return (
    <p>
      {t(`priority.${alarm.priority}`)}: {place}
      {t("join.colon")}
      {said.current}
    </p>
  );
}
