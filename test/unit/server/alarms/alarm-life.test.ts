import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alarmId, deviceId, ruleId, spaceId } from "../../../../core/ids.ts";
import { hours, instant } from "../../../../core/time.ts";
import type { Alarm, AlarmFacts } from "../../../../server/alarms/alarm.ts";
import {
  type AlarmEvent,
  alarmAfter,
  born,
  HISTORY_FIRST_STEPS,
  HISTORY_LAST_STEPS,
} from "../../../../server/alarms/alarm-life.ts";
import type { AlarmState } from "../../../../server/api/contract.ts";
import { pid } from "../../../support/campus.ts";

const at = instant(1_000);
const facts = (closedBy: "desk" | "return"): AlarmFacts => ({
  id: alarmId("x"),
  rule: ruleId("gas"),
  ruleVersion: 1,
  name: { zh: "气", en: "gas" },
  kind: "condition",
  point: pid("a/b"),
  device: deviceId("a"),
  space: spaceId("lab"),
  unit: "1",
  raisedAt: at,
  foundLate: false,
  freezes: false,
  closedBy,
});

const events = {
  raised: { kind: "raised", at, priority: "high", value: 30 },
  rose: { kind: "levelRose", at, priority: "emergency", value: 60 },
  fell: { kind: "levelFell", at, priority: "high", value: 40 },
  returned: { kind: "returned", at, value: 1 },
  overRange: { kind: "overRange", at, value: 100 },
  fellBack: { kind: "fellBack", at, value: 0 },
  ack: { kind: "acknowledge", at, by: "wang" },
  close: { kind: "close", at, by: "wang", reason: "measured" },
  shelve: { kind: "shelve", at, by: "wang", for: hours(1), reason: "sensor is being changed" },
  unshelve: { kind: "unshelve", at, by: "wang" },
} satisfies Record<string, AlarmEvent>;
type Name = keyof typeof events;

function live(closedBy: "desk" | "return", names: readonly Name[]): Alarm {
  let alarm = born(facts(closedBy), { kind: "raised", at, priority: "high" });
  for (const name of names) {
    const next = alarmAfter(alarm, events[name]);
    if (next.ok) alarm = next.value;
  }
  return alarm;
}

describe("the life of an alarm", () => {
  test.each<[string, "desk" | "return", readonly Name[], AlarmState]>([
    ["raised", "desk", [], "unacknowledged"],
    ["acknowledged", "desk", ["ack"], "acknowledged"],
    ["returned before anybody looked", "desk", ["returned"], "returnedUnacknowledged"],
    ["then seen", "desk", ["returned", "ack"], "returnedAcknowledged"],
    ["the desk ends a hazard", "desk", ["ack", "returned", "close"], "closed"],
    ["others end by themselves", "return", ["ack", "returned"], "closed"],
    ["in either order", "return", ["returned", "ack"], "closed"],
    ["the desk cannot end what holds", "desk", ["ack", "close"], "acknowledged"],
    ["nor what nobody has seen", "desk", ["returned", "close"], "returnedUnacknowledged"],
    ["a rising level asks again", "desk", ["ack", "rose"], "unacknowledged"],
    ["a falling level does not", "desk", ["ack", "rose", "ack", "fell"], "acknowledged"],
    ["raised again asks again", "desk", ["ack", "returned", "raised"], "unacknowledged"],
    [
      "over range falls back: nothing returned",
      "desk",
      ["overRange", "ack", "fellBack"],
      "acknowledged",
    ],
    ["but the desk may end it", "desk", ["overRange", "ack", "fellBack", "close"], "closed"],
    ["not while it is over range", "desk", ["overRange", "ack", "close"], "acknowledged"],
    ["nothing follows the end", "return", ["ack", "returned", "raised"], "closed"],
  ])("%s", (_, closedBy, names, state) => {
    expect(live(closedBy, names).state).toBe(state);
  });

  test("on the shelf it goes on living; a rising level takes it down", () => {
    const shelved = live("desk", ["shelve", "returned", "raised"]);
    expect(shelved).toMatchObject({ state: "unacknowledged", shelved: { until: hours(1) + at } });
    expect(live("desk", ["shelve", "rose"]).shelved).toBeUndefined();
    expect(live("desk", ["shelve", "rose"]).history.map((s) => s.what)).toEqual([
      "raised",
      "shelved",
      "unshelved",
      "levelRose",
    ]);
  });

  test.each([
    ["an emergency", live("desk", ["rose"]), events.shelve, "an emergency is never shelved"],
    [
      "a panic button",
      { ...live("desk", []), hazard: "panic" } as const,
      events.shelve,
      "panic, fire and smoke alarms are never shelved",
    ],
    [
      "longer than a shift",
      live("desk", []),
      { ...events.shelve, for: hours(9) },
      "it can be shelved for at most 8h",
    ],
    ["what is not on the shelf", live("desk", []), events.unshelve, "it is not shelved"],
  ])("refused: %s", (_, alarm, event, why) => {
    expect(alarmAfter(alarm, event)).toEqual({ ok: false, error: why });
  });

  test("the priority is the gravest of its life", () => {
    expect(live("desk", ["rose", "fell"]).priority).toBe("emergency");
  });

  test("no sequence of events leaves the diagram", () => {
    const arrows: Readonly<Record<AlarmState, readonly AlarmState[]>> = {
      unacknowledged: ["unacknowledged", "acknowledged", "returnedUnacknowledged"],
      acknowledged: ["acknowledged", "unacknowledged", "returnedAcknowledged", "closed"],
      returnedUnacknowledged: [
        "returnedUnacknowledged",
        "unacknowledged",
        "returnedAcknowledged",
        "closed",
      ],
      returnedAcknowledged: ["returnedAcknowledged", "unacknowledged", "closed"],
      closed: [],
    };
    const anyName = fc.constantFrom<Name>(...(Object.keys(events) as Name[]));
    fc.assert(
      fc.property(fc.constantFrom("desk", "return"), fc.array(anyName), (closedBy, names) => {
        let alarm = live(closedBy as "desk" | "return", []);
        for (const name of names) {
          const next = alarmAfter(alarm, events[name]);
          if (!next.ok) continue;
          expect(arrows[alarm.state]).toContain(next.value.state);
          expect(next.value.stepCount).toBeGreaterThan(alarm.stepCount);
          const byPerson = next.value.state === "closed" && closedBy === "desk";
          if (byPerson) expect(next.value.history.at(-1)).toMatchObject({ by: "wang" });
          alarm = next.value;
        }
      }),
    );
  });

  test("a history without end keeps its beginning and its end", () => {
    const alarm = live(
      "desk",
      Array.from({ length: 1_000 }, (_, i): Name => (i % 2 === 0 ? "returned" : "raised")),
    );
    expect(alarm.stepCount).toBe(1_001);
    expect(alarm.history).toHaveLength(HISTORY_FIRST_STEPS + HISTORY_LAST_STEPS);
    expect(alarm.history[0]?.what).toBe("raised");
  });
});
