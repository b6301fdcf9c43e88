/** Where something is wrong, for a page too narrow for the whole campus. */

import { rankOf } from "../alarms/queue.ts";
import { useDesk, useWords } from "../desk.ts";
import { CALM } from "../places/condition.ts";
import { SpaceTile } from "./tiles.tsx";

export function AbnormalPlaces() {
  const { store } = useDesk();
  const { t } = useWords();
  const conditions = useDesk().store.conditions.value;
  const spaces = store.spaces.value;
  const alarms = store.alarmsById.value;
  const withAlarms = new Set([...alarms.values()].map(({ space }) => space));
  const places = [...spaces.values()]
    .map((space) => ({ space, condition: conditions.get(space.id) ?? CALM }))
    .filter(({ space, condition }) => condition.priority && withAlarms.has(space.id))
    .sort((a, b) => urgencyOf(a.condition.priority) - urgencyOf(b.condition.priority));
  return (
    <>
      {places.length === 0 && <p class="quiet">{t("campus.calm")}</p>}
      <div class="abnormal">
        {places.map(({ space, condition }) => (
          <SpaceTile key={space.id} space={space} condition={condition} isLong />
        ))}
      </div>
      <p>
        <a class="button" href="#/spaces">
          {t("campus.all")}
        </a>
      </p>
    </>
  );
}

const urgencyOf = (priority: Parameters<typeof rankOf>[0] | undefined): number =>
  priority === undefined ? Number.POSITIVE_INFINITY : rankOf(priority);
