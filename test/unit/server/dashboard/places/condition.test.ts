import { expect, it } from "vitest";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { conditionsOf } from "../../../../../server/dashboard/places/condition.ts";
import { alarmView, at, latestView, pointView, SPACES } from "../../../../support/views.ts";

const conditions = (alarms: readonly ReturnType<typeof alarmView>[], seconds = 0) =>
  conditionsOf(
    {
      spaces: SPACES,
      points: new Map([["lab-gas/gas_lel", pointView()]]),
      latest: new Map([["lab-gas/gas_lel", latestView()]]),
      alarms: new Map(alarms.map((alarm) => [alarm.id, alarm])),
    },
    instantOf(at(seconds)),
  );

it("a space takes the worst of everything below it, and its neighbour nothing", () => {
  const found = conditions([
    alarmView({ id: "1", priority: "low", space: "b215" }),
    alarmView({ id: "2", priority: "high" }),
  ]);
  expect(found.get("b214")).toMatchObject({ priority: "high", alarms: 1 });
  expect(found.get("b215")).toMatchObject({ priority: "low", alarms: 1 });
  expect(found.get("campus")).toMatchObject({ priority: "high", alarms: 2 });
  expect(found.get("yard")).toBeUndefined();
});

it("closed alarms are over", () => {
  expect(conditions([alarmView({ state: "closed" })]).get("b214")?.priority).toBeUndefined();
});

it("counts points that fell silent", () => {
  expect(conditions([]).get("b")).toMatchObject({ points: 1, silentPoints: 0 });
  expect(conditions([], 60).get("b")).toMatchObject({ points: 1, silentPoints: 1 });
});
