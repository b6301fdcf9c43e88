/** A campus with its names resolved to positions, so that stepping and a year of history need no look-ups. */
import type { Campus, Feeder, Room } from "./campus.ts";
import { keyOf } from "./chance.ts";

export interface PlannedRoom {
  readonly room: Room;
  readonly key: number;
  readonly feeder: number;
}

export interface PlannedFeeder {
  readonly feeder: Feeder;
  readonly key: number;
  /** -1 for the head of the tree. */
  readonly parent: number;
}

export interface Plan {
  readonly campus: Campus;
  readonly rooms: readonly PlannedRoom[];
  /** Parents before children. */
  readonly feeders: readonly PlannedFeeder[];
  readonly roomPositions: ReadonlyMap<string, number>;
  readonly feederPositions: ReadonlyMap<string, number>;
  /** Rooms of each building. */
  readonly buildings: ReadonlyMap<string, readonly number[]>;
}

function positionsOf(items: readonly { readonly id: string }[]): ReadonlyMap<string, number> {
  return new Map(items.map(({ id }, position) => [id, position]));
}

function position(positions: ReadonlyMap<string, number>, id: string, what: string): number {
  const found = positions.get(id);
  if (found === undefined) throw new Error(`the campus has no ${what} "${id}"`);
  return found;
}

export function planOf(campus: Campus): Plan {
  const roomPositions = positionsOf(campus.rooms);
  const feederPositions = positionsOf(campus.feeders);
  const buildings = new Map<string, number[]>();
  campus.rooms.forEach((room, i) => {
    const list = buildings.get(room.building);
    if (list) list.push(i);
    else buildings.set(room.building, [i]);
  });
  const feeders = campus.feeders.map((feeder, i) => {
    const parent =
      feeder.parent === undefined ? -1 : position(feederPositions, feeder.parent, "feeder");
    if (parent >= i) throw new Error(`feeder "${feeder.id}" stands before its parent`);
    return { feeder, key: keyOf(feeder.id), parent };
  });
  return {
    campus,
    rooms: campus.rooms.map((room) => ({
      room,
      key: keyOf(room.id),
      feeder: position(feederPositions, room.feeder, "feeder"),
    })),
    feeders,
    roomPositions,
    feederPositions,
    buildings,
  };
}
