/**
 * The action queue: active alarms in the order in which they need somebody. Rows do not jump under a
 * finger: the order depends on what an alarm is, not on its live value.
 */
import type { AlarmPriority, AlarmView } from "../../api/contract.ts";
import { instantOf } from "../format/instant.ts";

const RANKS: Readonly<Record<AlarmPriority, number>> = {
  emergency: 0,
  high: 1,
  medium: 2,
  low: 3,
};

/** Smaller is more urgent. */
export const rankOf = (priority: AlarmPriority): number => RANKS[priority];

export const isActive = (alarm: AlarmView): boolean => alarm.state !== "closed";

/** Put aside for a while: watched and recorded, but asking nobody. */
export const isShelved = (alarm: AlarmView): boolean => alarm.shelved !== undefined;

/** Nobody has said yet that they take it. */
export const isUntaken = (alarm: AlarmView): boolean =>
  !isShelved(alarm) &&
  (alarm.state === "unacknowledged" || alarm.state === "returnedUnacknowledged");

/** Somebody has it, and it is not over. */
export const isTaken = (alarm: AlarmView): boolean =>
  alarm.state === "acknowledged" || alarm.state === "returnedAcknowledged";

/** The condition itself is over. */
export const hasReturned = (alarm: AlarmView): boolean =>
  alarm.state === "returnedUnacknowledged" || alarm.state === "returnedAcknowledged";

/** Takes the page: an emergency that nobody has taken and that happens now. */
export const takesPage = (alarm: AlarmView): boolean =>
  alarm.priority === "emergency" && isUntaken(alarm) && !alarm.foundLate;

/** Shelved last, untaken before taken, urgent before less urgent, the longest waiting first. */
export function actionQueue(alarms: readonly AlarmView[]): readonly AlarmView[] {
  return alarms.filter(isActive).sort(byNeed);
}

function byNeed(a: AlarmView, b: AlarmView): number {
  return (
    Number(isShelved(a)) - Number(isShelved(b)) ||
    Number(isUntaken(b)) - Number(isUntaken(a)) ||
    rankOf(a.priority) - rankOf(b.priority) ||
    Number(hasReturned(a)) - Number(hasReturned(b)) ||
    instantOf(a.raisedAt) - instantOf(b.raisedAt) ||
    a.id.localeCompare(b.id)
  );
}

/** The last person who took it, and when. */
export function takenBy(
  alarm: AlarmView,
): { readonly by: string; readonly at: string } | undefined {
  const step = alarm.history.findLast(({ what }) => what === "acknowledged");
  return step?.by === undefined ? undefined : { by: step.by, at: step.at };
}
