/** One space: its path, what is wrong, its switches, its live points, the history of one, what is inside. */
import { useComputed } from "@preact/signals";
import type { AlarmView, PointView, SpaceView } from "../../api/contract.ts";
import { isActive } from "../alarms/queue.ts";
import { HistoryPanel } from "../chart/history-panel.tsx";
import { startOf } from "../commands/life.ts";
import { useDesk, useWords } from "../desk.ts";
import { CommandActivity } from "../parts/activity.tsx";
import { AlarmRow } from "../parts/alarm-row.tsx";
import { Moment } from "../parts/moment.tsx";
import { PlacePath } from "../parts/place.tsx";
import { PointList } from "../parts/point-list.tsx";
import { Switches } from "../parts/switches.tsx";
import { Rooms } from "../parts/tiles.tsx";
import { firstToChart, inOrder, isCommandable } from "../places/points.ts";
import { within } from "../places/tree.ts";
import { type ChartChoice, hrefOf, toAlarm } from "../routes.ts";

export function SpacePage({ id, chart }: { readonly id: string; readonly chart: ChartChoice }) {
  const { store } = useDesk();
  const { t } = useWords();
  const points = store.points.value;
  const space = store.spaces.value.get(id);
  const own = useComputed(() =>
    inOrder([...store.points.value.values()].filter((point) => point.space === id)),
  ).value;
  if (!space) {
    return (
      <p class="empty">
        {store.connection.value.kind === "loading"
          ? t("status.loading")
          : t("space.unknown", { id })}
      </p>
    );
  }
  const chosen = points.get(chart.point ?? "") ?? firstToChart(own);
  return (
    <article class="space">
      <PlacePath space={id} />
      <SpaceHead space={space} />
      <SpaceAlarms id={id} />
      <div class="space-columns">
        <div class="space-live">
          <Switches points={own.filter(isCommandable)} space={id} />
          <LivePoints points={own} id={id} chart={chart} chosen={chosen?.point} />
          <Inside id={id} />
        </div>
        <div class="space-history">
          {chosen && (
            <HistoryPanel
              point={chosen}
              range={chart.range}
              hrefOf={(range) =>
                hrefOf({ page: "space", id, chart: { point: chosen.point, range } })
              }
            />
          )}
          <SpaceCommands id={id} />
        </div>
      </div>
    </article>
  );
}

function SpaceHead({ space }: { readonly space: SpaceView }) {
  const { t, name } = useWords();
  const facts = [
    t(`space.kind.${space.kind}`),
    ...(space.use ? [t(`space.use.${space.use}`)] : []),
    ...(space.areaM2 ? [`${space.areaM2}\u202fm²`] : []),
  ];
  return (
    <header>
      <h1>
        {name(space.name)} <span class="quiet facts">{facts.join(" · ")}</span>
      </h1>
      {space.frozen && (
        <p class="frozen" role="status">
          <strong>{t("frozen.title")}</strong> {t("frozen.since")}{" "}
          <Moment at={space.frozen.since} />
          {t("join.stop")}
          {t("frozen.why")} <a href={toAlarm(space.frozen.alarm)}>{t("frozen.alarm")}</a>
        </p>
      )}
    </header>
  );
}

function SpaceAlarms({ id }: { readonly id: string }) {
  const { store } = useDesk();
  const { t } = useWords();
  const inside = within(store.spaces.value, id);
  const alarms: readonly AlarmView[] = store.alarms.value.filter(
    (alarm) => isActive(alarm) && inside.has(alarm.space),
  );
  if (alarms.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t("nav.alarms")}</h2>
      <ul class="alarm-queue">
        {alarms.map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} />
        ))}
      </ul>
    </section>
  );
}

interface LivePointsProps {
  readonly points: readonly PointView[];
  readonly id: string;
  readonly chart: ChartChoice;
  readonly chosen: string | undefined;
}

function LivePoints({ points, id, chart, chosen }: LivePointsProps) {
  const { t } = useWords();
  return (
    <section class="panel">
      <h2>{t("points.title")}</h2>
      <PointList
        points={points}
        chosen={chosen}
        isWithDevice
        hrefOf={(point) => hrefOf({ page: "space", id, chart: { point, range: chart.range } })}
      />
    </section>
  );
}

function Inside({ id }: { readonly id: string }) {
  const { t } = useWords();
  const children = useDesk().store.children.value.get(id) ?? [];
  const conditions = useDesk().store.conditions.value;
  if (children.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t("space.inside")}</h2>
      <Rooms rooms={children} conditions={conditions} />
    </section>
  );
}

const COMMANDS_MAX = 10;

function SpaceCommands({ id }: { readonly id: string }) {
  const { store } = useDesk();
  const { t } = useWords();
  const commands = [...store.commands.value.values()]
    .filter((command) => command.space === id)
    .sort((a, b) => startOf(b) - startOf(a))
    .slice(0, COMMANDS_MAX);
  if (commands.length === 0) return null;
  return (
    <section class="panel">
      <h2>{t("space.commands")}</h2>
      <ol class="activity">
        {commands.map((command) => (
          <li key={command.id}>
            <Moment at={command.steps[0]?.at ?? ""} /> <CommandActivity command={command} />
          </li>
        ))}
      </ol>
    </section>
  );
}
