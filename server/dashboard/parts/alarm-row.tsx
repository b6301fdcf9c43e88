/** A row of the action queue: a sentence, who has it, and what can be done. */
import type { AlarmView } from "../../api/contract.ts";
import { useWords } from "../desk.ts";
import { toAlarm } from "../routes.ts";
import { AlarmHands, AlarmSentence } from "./alarm-text.tsx";
import { PriorityMark } from "./mark.tsx";
import { PlaceLink } from "./place.tsx";
import { TakeAlarm } from "./take-alarm.tsx";

export function AlarmRow({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  return (
    <li class={`alarm-row is-${alarm.priority}`} data-alarm={alarm.id}>
      <PriorityMark priority={alarm.priority} />
      <div class="alarm-words">
        <p>
          <PlaceLink space={alarm.space} />
          {t("join.colon")}
          <AlarmSentence alarm={alarm} />
        </p>
        <p class="small">
          {t(`priority.${alarm.priority}`)} · {t(`alarm.state.${alarm.state}`)} ·{" "}
          <AlarmHands alarm={alarm} />
        </p>
        <div class="actions">
          <TakeAlarm alarm={alarm} />
          <a class="button" href={toAlarm(alarm.id)}>
            {t("alarm.view")}
          </a>
        </div>
      </div>
    </li>
  );
}
