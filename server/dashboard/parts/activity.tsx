/** The last 24 hours as a strip: alarms, commands and how they ended. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AlarmView, CommandView } from "../../api/contract.ts";
import { isLost } from "../commands/life.ts";
import { useDesk, useWords } from "../desk.ts";
import { DAY, isoOf, shifted } from "../format/instant.ts";
import { wordsOf } from "../format/value.ts";
import { type Activity, recentActivity } from "../places/activity.ts";
import { toAlarm } from "../routes.ts";
import { byText } from "./command-life.tsx";
import { PriorityMark } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { PlaceLink } from "./place.tsx";

/** Closed alarms are not in the live state: they are asked for once, when the strip appears. */
const PAST_ALARMS = 50;

export function ActivityStrip() {
  const { client, store } = useDesk();
  const { t } = useWords();
  const past = useSignal<readonly AlarmView[]>([]);
  useEffect(() => {
    void client.alarms({ state: "all", limit: PAST_ALARMS }).then((answer) => {
      if (answer.ok) past.value = answer.value.items;
    });
  }, [client, past]);
  const alarms = store.alarmsById.value;
  const commands = store.commands.value;
  const known = new Map([...past.value.map((alarm) => [alarm.id, alarm] as const), ...alarms]);
  const since = shifted(store.now.value, -DAY);
  const activities = recentActivity([...known.values()], [...commands.values()], since);
  if (activities.length === 0) return <p class="empty">{t("activity.empty")}</p>;
  return (
    <ol class="activity">
      {activities.map((activity) => (
        <ActivityRow key={keyOf(activity)} activity={activity} />
      ))}
    </ol>
  );
}

const keyOf = (activity: Activity): string =>
  activity.kind === "alarm" ? `a${activity.alarm.id}` : `c${activity.command.id}`;

function ActivityRow({ activity }: { readonly activity: Activity }) {
  return (
    <li>
      <Moment at={isoOf(activity.at)} />
      {activity.kind === "alarm" ? (
        <AlarmActivity alarm={activity.alarm} />
      ) : (
        <CommandActivity command={activity.command} />
      )}
    </li>
  );
}

function AlarmActivity({ alarm }: { readonly alarm: AlarmView }) {
  const { t, name } = useWords();
  const isOver = alarm.state === "closed";
  return (
    <span class={isOver ? "quiet" : ""}>
      {!isOver && <PriorityMark priority={alarm.priority} />} <PlaceLink space={alarm.space} />
      {t("join.colon")}
      <a href={toAlarm(alarm.id)}>{name(alarm.name)}</a> · {t(`alarm.state.${alarm.state}`)}
    </span>
  );
}

export function CommandActivity({ command }: { readonly command: CommandView }) {
  const { store } = useDesk();
  const { t, name, language } = useWords();
  const point = store.points.value.get(command.point);
  const last = command.steps.at(-1);
  return (
    <span>
      <span aria-hidden="true">
        {isLost(command.state) ? "✗" : command.state === "verified" ? "✓" : "…"}
      </span>{" "}
      <PlaceLink space={command.space} />
      {t("join.colon")}
      {point ? name(point.name) : command.point} →{" "}
      {point ? wordsOf(point, command.value, language).text : command.value} ·{" "}
      {t(`command.${command.state}`)}
      {last?.why && `${t("join.colon")}${t(`why.${last.why}`)}`} ·{" "}
      <span class="quiet">{byText(command, t("command.policy"))}</span>
    </span>
  );
}
