/** What happened lately, newest first: alarms that came or ended and commands with how they ended. */

import type { Instant } from "../../../core/time.ts";
import type { AlarmView, CommandView } from "../../api/contract.ts";
import { startOf } from "../commands/life.ts";
import { instantOf } from "../format/instant.ts";

export type Activity =
  | { readonly kind: "alarm"; readonly at: Instant; readonly alarm: AlarmView }
  | { readonly kind: "command"; readonly at: Instant; readonly command: CommandView };

export const ACTIVITIES_MAX = 30;

export function recentActivity(
  alarms: readonly AlarmView[],
  commands: readonly CommandView[],
  since: Instant,
): readonly Activity[] {
  const all: Activity[] = [
    ...alarms.map((alarm) => ({ kind: "alarm" as const, at: instantOf(alarm.changedAt), alarm })),
    ...commands.map((command) => ({ kind: "command" as const, at: startOf(command), command })),
  ];
  return all
    .filter(({ at }) => at >= since)
    .sort((a, b) => b.at - a.at)
    .slice(0, ACTIVITIES_MAX);
}
