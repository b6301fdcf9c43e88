/** The campus as a tree: paths, children and everything below a space. */
import type { SpaceView } from "../../api/contract.ts";

export type Spaces = ReadonlyMap<string, SpaceView>;

/** A tree deeper than this is a circle; the server refuses those, the page only must not hang. */
const DEPTH_MAX = 32;

/** From the site down to the space itself; empty when the space is not known. */
export function pathOf(spaces: Spaces, id: string): readonly SpaceView[] {
  const path: SpaceView[] = [];
  let space = spaces.get(id);
  while (space && path.length < DEPTH_MAX) {
    path.unshift(space);
    space = space.parent === undefined ? undefined : spaces.get(space.parent);
  }
  return path;
}

export const rootsOf = (spaces: Spaces): readonly SpaceView[] =>
  [...spaces.values()].filter((space) => !space.parent || !spaces.has(space.parent));

/** Children in the order of the configuration file, which is how people know their campus. */
export function childrenOf(spaces: Spaces): ReadonlyMap<string, readonly SpaceView[]> {
  const children = new Map<string, SpaceView[]>();
  for (const space of spaces.values()) {
    if (space.parent === undefined) continue;
    const list = children.get(space.parent);
    if (list) list.push(space);
    else children.set(space.parent, [space]);
  }
  return children;
}

/** The space and everything below it. */
export function within(spaces: Spaces, id: string): ReadonlySet<string> {
  const children = childrenOf(spaces);
  const found = new Set([id]);
  for (const parent of found) {
    for (const child of children.get(parent) ?? []) found.add(child.id);
  }
  return found;
}
