import { expect, it } from "vitest";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { ACTIVITIES_MAX, recentActivity } from "../../../../../server/dashboard/places/activity.ts";
import { alarmView, at, commandView } from "../../../../support/views.ts";

it("mixes alarms and commands, newest first, from the given time on and not too many", () => {
  const alarms = [
    alarmView({ id: "new", changedAt: at(30) }),
    alarmView({ id: "old", changedAt: at(1) }),
  ];
  const command = commandView([{ state: "queued", at: at(20) }]);
  const found = recentActivity(alarms, [command], instantOf(at(10)));
  expect(found.map(({ kind }) => kind)).toEqual(["alarm", "command"]);
  const many = Array.from({ length: 99 }, (_, i) => alarmView({ id: `a${i}`, changedAt: at(i) }));
  expect(recentActivity(many, [], instantOf(at(0)))).toHaveLength(ACTIVITIES_MAX);
});
