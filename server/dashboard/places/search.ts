/** Finds places, devices and points by any part of their names in both languages or their ids. */
import type { Language } from "../../../core/label.ts";
import type { LiveState } from "../live/state.ts";
import { hrefOf, RANGE_DEFAULT, toDevice, toSpace } from "../routes.ts";
import { pathOf } from "./tree.ts";

export const HITS_MAX = 12;
export const QUERY_CHARACTERS_MAX = 100;

export interface Hit {
  readonly kind: "space" | "device" | "point";
  readonly id: string;
  readonly name: string;
  /** Where it is, from the building down. */
  readonly place: string;
  readonly href: string;
}

/** Every word must be found; names that begin with the first word come first, spaces before the rest. */
export function search(
  state: Pick<LiveState, "spaces" | "devices" | "points">,
  query: string,
  language: Language,
): readonly Hit[] {
  const words = query.slice(0, QUERY_CHARACTERS_MAX).toLowerCase().split(/\s+/).filter(Boolean);
  const [first] = words;
  if (first === undefined) return [];
  const found: { hit: Hit; begins: boolean }[] = [];
  const consider = (hit: Hit, text: string): void => {
    const low = text.toLowerCase();
    if (!words.every((word) => low.includes(word))) return;
    found.push({ hit, begins: hit.name.toLowerCase().startsWith(first) });
  };
  const placeOf = (space: string): string =>
    pathOf(state.spaces, space)
      .slice(1)
      .map(({ name }) => name[language])
      .join(" › ");
  for (const { id, name } of state.spaces.values()) {
    const place = placeOf(id);
    const hit = { kind: "space", id, name: name[language], place, href: toSpace(id) } as const;
    consider(hit, `${id} ${name.zh} ${name.en}`);
  }
  for (const { id, name, space } of state.devices.values()) {
    const place = placeOf(space);
    const hit = { kind: "device", id, name: name[language], place, href: toDevice(id) } as const;
    consider(hit, `${id} ${name.zh} ${name.en} ${place}`);
  }
  for (const { point, name, space } of state.points.values()) {
    const chart = { point, range: RANGE_DEFAULT };
    const href = hrefOf({ page: "space", id: space, chart });
    const place = placeOf(space);
    const hit = { kind: "point", id: point, name: name[language], place, href } as const;
    consider(hit, `${point} ${name.zh} ${name.en} ${place}`);
  }
  found.sort((a, b) => Number(b.begins) - Number(a.begins));
  return found.slice(0, HITS_MAX).map(({ hit }) => hit);
}
