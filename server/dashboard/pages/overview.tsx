/** The campus at a glance: what needs you, where it is, what it costs now, what just happened. */

import { useDesk, useWords } from "../desk.ts";
import { AbnormalPlaces } from "../parts/abnormal-places.tsx";
import { ActivityStrip } from "../parts/activity.tsx";
import { AlarmQueue } from "../parts/alarm-queue.tsx";
import { EnergyNow } from "../parts/energy-now.tsx";
import { Faults } from "../parts/faults.tsx";
import { StatusLine } from "../parts/status-line.tsx";
import { BuildingTiles, Rooms } from "../parts/tiles.tsx";
import { rootsOf } from "../places/tree.ts";

export function OverviewPage() {
  const { t } = useWords();
  return (
    <div class="overview">
      <h1 class="visually-hidden">{t("nav.overview")}</h1>
      <StatusLine />
      <section class="panel overview-queue">
        <h2>{t("queue.title")}</h2>
        <AlarmQueue />
      </section>
      <section class="panel overview-campus">
        <h2>{t("campus.title")}</h2>
        <div class="desk-only">
          <Campus />
        </div>
        <div class="phone-only">
          <AbnormalPlaces />
        </div>
      </section>
      <section class="panel overview-energy">
        <h2>{t("energy.title")}</h2>
        <EnergyNow />
        <h2>{t("faults.title")}</h2>
        <Faults />
      </section>
      <section class="panel overview-strip">
        <h2>{t("activity.title")}</h2>
        <ActivityStrip />
      </section>
    </div>
  );
}

function Campus() {
  const { store } = useDesk();
  const { t } = useWords();
  const children = useDesk().store.children.value;
  const conditions = useDesk().store.conditions.value;
  const roots = rootsOf(store.spaces.value);
  const places = roots.flatMap(({ id }) => children.get(id) ?? []);
  const buildings = places.filter(({ kind }) => kind === "building");
  const others = places.filter(({ kind }) => kind !== "building");
  if (places.length === 0) return <p class="empty">{t("campus.empty")}</p>;
  return (
    <div class="campus">
      {buildings.map((building) => (
        <BuildingTiles key={building.id} building={building} />
      ))}
      {others.length > 0 && (
        <section class="building">
          <h3>{t("campus.outdoor")}</h3>
          <Rooms rooms={others} conditions={conditions} />
        </section>
      )}
    </div>
  );
}
