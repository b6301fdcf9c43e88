/** Campus → building → floor → room as tiles: grey unless abnormal, each with its shape and its word. */
import type { SpaceView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { CALM, type Condition } from "../places/condition.ts";
import { shortName } from "../places/short-name.ts";
import { toSpace } from "../routes.ts";
import { FrozenMark, PriorityMark } from "./mark.tsx";

interface TileProps {
  readonly space: SpaceView;
  readonly condition: Condition | undefined;
  /** The whole name, where there is room for it. */
  readonly isLong?: boolean;
}

export function SpaceTile({ space, condition = CALM, isLong }: TileProps) {
  const { store } = useDesk();
  const { t, name } = useWords();
  const above = store.spaces.value.get(space.parent ?? "");
  const short = shortName(name(space.name), above ? name(above.name) : "");
  const isSilent = condition.points > 0 && condition.silentPoints === condition.points;
  const classes = [
    "tile",
    condition.priority ? `is-abnormal is-${condition.priority}` : "",
    isSilent ? "is-silent" : "",
  ];
  const words = [
    name(space.name),
    ...(condition.priority
      ? [t(`priority.${condition.priority}`), t("tile.alarms", { count: condition.alarms })]
      : []),
    ...(space.frozen ? [t("frozen.word")] : []),
    ...(isSilent ? [t("tile.silent")] : []),
  ];
  return (
    <a class={classes.join(" ")} href={toSpace(space.id)} title={words.join(" · ")}>
      {condition.priority && <PriorityMark priority={condition.priority} />}
      <span class="tile-name" aria-hidden="true">
        {isLong ? name(space.name) : short}
      </span>
      <span class="visually-hidden">{words.join(", ")}</span>
      {space.frozen && !condition.priority && <FrozenMark />}
      {isSilent && isLong && (
        <span class="tile-word" aria-hidden="true">
          {t("tile.noData")}
        </span>
      )}
    </a>
  );
}

/** A building with its floors as rows of rooms. */
export function BuildingTiles({ building }: { readonly building: SpaceView }) {
  const { name, t } = useWords();
  const { store } = useDesk();
  const children = store.children.value;
  const conditions = store.conditions.value;
  const condition = conditions.get(building.id) ?? CALM;
  const below = children.get(building.id) ?? [];
  const floors = below.filter(({ kind }) => kind === "floor");
  const rooms = below.filter(({ kind }) => kind !== "floor");
  return (
    <section class="building">
      <h3>
        {condition.priority && <PriorityMark priority={condition.priority} />}
        <a class="building-name" href={toSpace(building.id)}>
          {name(building.name)}
        </a>
        {condition.alarms > 0 && (
          <span class="quiet">{t("tile.alarms", { count: condition.alarms })}</span>
        )}
      </h3>
      {floors.map((floor) => (
        <div key={floor.id} class="floor">
          <a href={toSpace(floor.id)} class="floor-name">
            {name(floor.name)}
          </a>
          <Rooms rooms={children.get(floor.id) ?? []} conditions={conditions} />
        </div>
      ))}
      {rooms.length > 0 && <Rooms rooms={rooms} conditions={conditions} />}
    </section>
  );
}

export function Rooms(props: {
  readonly rooms: readonly SpaceView[];
  readonly conditions: ReadonlyMap<string, Condition>;
}) {
  return (
    <div class="rooms">
      {props.rooms.map((room) => (
        <SpaceTile key={room.id} space={room} condition={props.conditions.get(room.id)} />
      ))}
    </div>
  );
}
