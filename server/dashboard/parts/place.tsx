/** Where something is: names of places are links, from the campus down. */
import { useComputed } from "@preact/signals";
import { useDesk, useWords } from "../desk.ts";
import { pathOf } from "../places/tree.ts";
import { toSpace } from "../routes.ts";

/** The path on top of a page; the last step is the page itself unless `isLinkToLast`. */
export function PlacePath(props: { readonly space: string; readonly isLinkToLast?: boolean }) {
  const { store } = useDesk();
  const { name, t } = useWords();
  const path = pathOf(store.spaces.value, props.space);
  return (
    <nav class="path" aria-label={t("path")}>
      <ol>
        {path.map((space, i) => (
          <li key={space.id}>
            {i < path.length - 1 || props.isLinkToLast ? (
              <a href={toSpace(space.id)}>{name(space.name)}</a>
            ) : (
              <span aria-current="page">{name(space.name)}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The space's own name with its building's in front, short enough for a row. */
export function PlaceLink({ space }: { readonly space: string }) {
  const text = usePlaceName(space);
  return (
    <a class="place" href={toSpace(space)}>
      {text}
    </a>
  );
}

export function usePlaceName(space: string): string {
  const { store } = useDesk();
  const { name } = useWords();
  const path = useComputed(() => pathOf(store.spaces.value, space));
  const own = path.value.at(-1);
  if (!own) return space;
  const building = path.value.find(({ kind }) => kind === "building");
  const isInside = building && building.id !== own.id;
  return isInside ? `${name(building.name)} ${name(own.name)}` : name(own.name);
}
