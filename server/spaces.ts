/** The tree of spaces from `site.yaml`, with the questions asked of it answered once. */
import type { SpaceId } from "../core/ids.ts";
import { spaceId } from "../core/ids.ts";
import type { SpaceConfiguration } from "./configuration.ts";
import type { Spaces } from "./plant.ts";

/** `list` has been checked by the parser: unique names, parents that exist, no circles. */
export function createSpaces(list: readonly SpaceConfiguration[]): Spaces {
  const byId = new Map<SpaceId, SpaceConfiguration>();
  for (const space of list) byId.set(spaceId(space.id), space);
  const paths = new Map<SpaceId, readonly SpaceId[]>();
  const below = new Map<SpaceId, Set<SpaceId>>();
  for (const id of byId.keys()) {
    const path = pathOf(byId, id);
    paths.set(id, path);
    for (const ancestor of path) {
      const set = below.get(ancestor) ?? new Set();
      below.set(ancestor, set.add(id));
    }
  }
  const none: ReadonlySet<SpaceId> = new Set();
  return {
    get: (id) => byId.get(id),
    all: () => list,
    within: (id) => below.get(id) ?? none,
    path: (id) => paths.get(id) ?? [],
  };
}

function pathOf(byId: ReadonlyMap<SpaceId, SpaceConfiguration>, id: SpaceId): readonly SpaceId[] {
  const path: SpaceId[] = [];
  for (let at: SpaceId | undefined = id; at !== undefined; ) {
    path.unshift(at);
    const parent: string | undefined = byId.get(at)?.parent;
    at = parent === undefined ? undefined : spaceId(parent);
  }
  return path;
}
