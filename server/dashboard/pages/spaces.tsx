/** All places, to be found by name or by walking down from the campus. */
import type { SpaceView } from "../../api/contract.ts";
import { useDesk, useWords } from "../desk.ts";
import { PriorityMark } from "../parts/mark.tsx";
import { SearchBox } from "../parts/search-box.tsx";
import { Rooms } from "../parts/tiles.tsx";
import { CALM } from "../places/condition.ts";
import { rootsOf } from "../places/tree.ts";
import { toSpace } from "../routes.ts";

export function SpacesPage() {
  const { store } = useDesk();
  const { t } = useWords();
  const children = useDesk().store.children.value;
  const roots = rootsOf(store.spaces.value);
  return (
    <article>
      <h1>{t("nav.spaces")}</h1>
      <div class="phone-only">
        <SearchBox />
      </div>
      {roots.length === 0 && <p class="empty">{t("campus.empty")}</p>}
      {roots.map((root) => (
        <section key={root.id}>
          <SpaceTitle space={root} />
          {(children.get(root.id) ?? []).map((space) => (
            <Branch key={space.id} space={space} />
          ))}
        </section>
      ))}
    </article>
  );
}

function SpaceTitle({ space }: { readonly space: SpaceView }) {
  const { name, t } = useWords();
  const condition = useDesk().store.conditions.value.get(space.id) ?? CALM;
  return (
    <h2 class="space-title">
      {condition.priority && <PriorityMark priority={condition.priority} />}
      <a href={toSpace(space.id)}>{name(space.name)}</a>
      <span class="quiet">{t(`space.kind.${space.kind}`)}</span>
    </h2>
  );
}

/** A building opens to its floors; a place without anything inside is only its title. */
function Branch({ space }: { readonly space: SpaceView }) {
  const { name } = useWords();
  const children = useDesk().store.children.value;
  const conditions = useDesk().store.conditions.value;
  const below = children.get(space.id) ?? [];
  return (
    <section class="panel branch">
      <SpaceTitle space={space} />
      {below
        .filter(({ kind }) => kind === "floor")
        .map((floor) => (
          <div key={floor.id} class="floor">
            <a class="floor-name" href={toSpace(floor.id)}>
              {name(floor.name)}
            </a>
            <Rooms rooms={children.get(floor.id) ?? []} conditions={conditions} />
          </div>
        ))}
      <Rooms rooms={below.filter(({ kind }) => kind !== "floor")} conditions={conditions} />
    </section>
  );
}
