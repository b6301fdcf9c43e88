import { describe, expect, it } from "vitest";
import { actionQueue, takenBy, takesPage } from "../../../../../server/dashboard/alarms/queue.ts";
import { alarmView, at } from "../../../../support/views.ts";

const order = (...alarms: ReturnType<typeof alarmView>[]): readonly string[] =>
  actionQueue(alarms).map(({ id }) => id);

describe("the action queue", () => {
  it("puts untaken before taken, then the more urgent, then the longer waiting", () => {
    expect(
      order(
        alarmView({ id: "taken", priority: "emergency", state: "acknowledged" }),
        alarmView({ id: "late", raisedAt: at(9) }),
        alarmView({ id: "early", raisedAt: at(1) }),
        alarmView({ id: "urgent", priority: "emergency", raisedAt: at(20) }),
      ),
    ).toEqual(["urgent", "early", "late", "taken"]);
  });

  it("puts what is shelved last: it asks nobody", () => {
    const shelved = { until: at(1_800), by: "li", reason: "sensor is being exchanged" };
    const aside = alarmView({ id: "aside", priority: "emergency", shelved });
    expect(order(aside, alarmView({ id: "low", priority: "low" }))).toEqual(["low", "aside"]);
    expect(takesPage(aside)).toBe(false);
  });

  it("keeps what has returned unacknowledged and leaves out what is closed", () => {
    expect(
      order(
        alarmView({ id: "closed", state: "closed" }),
        alarmView({ id: "returned", state: "returnedUnacknowledged" }),
        alarmView({ id: "standing", raisedAt: at(5) }),
      ),
    ).toEqual(["standing", "returned"]);
  });
});

describe("the page is taken by an emergency", () => {
  it.each([
    ["that stands untaken", alarmView({ priority: "emergency" }), true],
    [
      "that has returned untaken",
      alarmView({ priority: "emergency", state: "returnedUnacknowledged" }),
      true,
    ],
    [
      "but not once somebody has it",
      alarmView({ priority: "emergency", state: "acknowledged" }),
      false,
    ],
    [
      "but not when it was found late",
      alarmView({ priority: "emergency", foundLate: true }),
      false,
    ],
    ["but not a high alarm", alarmView(), false],
  ])("%s", (_, alarm, expected) => {
    expect(takesPage(alarm)).toBe(expected);
  });
});

it("names who took it last", () => {
  const alarm = alarmView({
    history: [
      { at: at(0), what: "raised" },
      { at: at(1), what: "acknowledged", by: "li" },
      { at: at(2), what: "raisedAgain" },
      { at: at(3), what: "acknowledged", by: "wang" },
    ],
  });
  expect(takenBy(alarm)).toEqual({ by: "wang", at: at(3) });
  expect(takenBy(alarmView())).toBeUndefined();
});
