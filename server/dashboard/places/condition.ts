/**
 * What is wrong where: the most urgent alarm of each space and whether anything is known about it at all.
 * A space takes the worst of everything below it.
 */
import type { Instant } from "../../../core/time.ts";
import type { AlarmPriority, AlarmView } from "../../api/contract.ts";
import { isActive, isShelved, rankOf } from "../alarms/queue.ts";
import { isExpected, isStale } from "../format/value.ts";
import type { LiveState } from "../live/state.ts";
import { pathOf } from "./tree.ts";

export interface Condition {
  readonly priority: AlarmPriority | undefined;
  readonly alarms: number;
  readonly points: number;
  /** Points without a value that could be relied on. */
  readonly silentPoints: number;
}

interface Count {
  priority: AlarmPriority | undefined;
  alarms: number;
  points: number;
  silentPoints: number;
}

export const CALM: Condition = { priority: undefined, alarms: 0, points: 0, silentPoints: 0 };

/** One condition per space that has points or alarms, its own and everything below added up. */
export function conditionsOf(
  state: Pick<LiveState, "spaces" | "points" | "latest" | "alarms">,
  now: Instant,
): ReadonlyMap<string, Condition> {
  const counts = new Map<string, Count>();
  const upward = (space: string, change: (count: Count) => void): void => {
    for (const { id } of pathOf(state.spaces, space)) {
      const count = counts.get(id) ?? { ...CALM };
      change(count);
      counts.set(id, count);
    }
  };
  for (const [space, own] of ownPoints(state, now)) {
    upward(space, (count) => {
      count.points += own.points;
      count.silentPoints += own.silentPoints;
    });
  }
  for (const alarm of state.alarms.values()) {
    if (!isActive(alarm) || isShelved(alarm)) continue;
    upward(alarm.space, (count) => {
      count.alarms += 1;
      count.priority = moreUrgent(count.priority, alarm);
    });
  }
  return counts;
}

function ownPoints(
  state: Pick<LiveState, "points" | "latest">,
  now: Instant,
): ReadonlyMap<string, { points: number; silentPoints: number }> {
  const counts = new Map<string, { points: number; silentPoints: number }>();
  for (const point of state.points.values()) {
    if (!isExpected(point)) continue;
    const count = counts.get(point.space) ?? { points: 0, silentPoints: 0 };
    const latest = state.latest.get(point.point);
    count.points += 1;
    if (!latest || latest.quality === "bad" || isStale(latest, point, now)) {
      count.silentPoints += 1;
    }
    counts.set(point.space, count);
  }
  return counts;
}

function moreUrgent(held: AlarmPriority | undefined, alarm: AlarmView): AlarmPriority {
  if (held === undefined) return alarm.priority;
  return rankOf(alarm.priority) < rankOf(held) ? alarm.priority : held;
}
