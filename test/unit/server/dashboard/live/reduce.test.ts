import { describe, expect, it } from "vitest";
import {
  CLOSED_ALARMS_KEPT_MAX,
  COMMANDS_KEPT_MAX,
  reduce,
} from "../../../../../server/dashboard/live/reduce.ts";
import {
  EMPTY_STATE,
  type LiveEvent,
  type LiveState,
} from "../../../../../server/dashboard/live/state.ts";
import { alarmView, at, commandView, latestView, pointView } from "../../../../support/views.ts";

const stateAfter = (...events: readonly LiveEvent[]): LiveState =>
  events.reduce(reduce, EMPTY_STATE);
const samples = (...items: ReturnType<typeof latestView>[]): LiveEvent => ({
  kind: "samples",
  items,
});

describe("samples", () => {
  it("keep the newest of a point, whatever the order of arrival", () => {
    const state = stateAfter(
      samples(latestView({ time: at(10), value: 2 })),
      samples(latestView({ time: at(5), value: 1 })),
    );
    expect(state.latest.get("lab-gas/gas_lel")?.value).toBe(2);
  });

  it("take the later one of two at the same instant, so that a second answer corrects the first", () => {
    const state = stateAfter(samples(latestView({ value: 1 })), samples(latestView({ value: 2 })));
    expect(state.latest.get("lab-gas/gas_lel")?.value).toBe(2);
  });

  it("leave a trail for hazard points only", () => {
    const points = [pointView({ hazard: "combustibleGas" }), pointView({ point: "m/power" })];
    const state = stateAfter(
      { kind: "loaded", snapshot: { points } },
      samples(latestView(), latestView({ point: "m/power" })),
    );
    expect([...state.trails.keys()]).toEqual(["lab-gas/gas_lel"]);
  });

  it("change nothing that was read before", () => {
    const before = stateAfter(samples(latestView({ value: 1 })));
    reduce(before, samples(latestView({ time: at(1), value: 2 })));
    expect(before.latest.get("lab-gas/gas_lel")?.value).toBe(1);
  });
});

describe("alarms", () => {
  it("do not go back to an older state that arrives late", () => {
    const taken = alarmView({ state: "acknowledged", changedAt: at(5) });
    const state = stateAfter(
      { kind: "alarm", alarm: taken },
      { kind: "alarm", alarm: alarmView() },
    );
    expect(state.alarms.get("a1")?.state).toBe("acknowledged");
  });

  it("at the same instant prefer the longer history", () => {
    const [raised] = alarmView().history;
    const told = alarmView({ history: [raised!, { at: at(0), what: "notified" }] });
    const state = stateAfter({ kind: "alarm", alarm: told }, { kind: "alarm", alarm: alarmView() });
    expect(state.alarms.get("a1")?.history).toHaveLength(2);
  });

  it("that a complete active list lacks are gone, closed ones stay", () => {
    const closed = alarmView({ id: "old", state: "closed" });
    const state = stateAfter(
      { kind: "alarm", alarm: closed },
      { kind: "alarm", alarm: alarmView({ id: "missed" }) },
      { kind: "loaded", snapshot: { activeAlarms: [alarmView({ id: "active" })] } },
    );
    expect([...state.alarms.keys()].sort()).toEqual(["active", "old"]);
  });

  it("that are closed are bounded: the oldest go first", () => {
    const events = Array.from({ length: CLOSED_ALARMS_KEPT_MAX + 3 }, (_, i): LiveEvent => {
      const alarm = alarmView({ id: `a${i}`, state: "closed", changedAt: at(i) });
      return { kind: "alarm", alarm };
    });
    const state = stateAfter(...events);
    expect(state.alarms.size).toBe(CLOSED_ALARMS_KEPT_MAX);
    expect(state.alarms.has("a2")).toBe(false);
    expect(state.alarms.has("a3")).toBe(true);
  });
});

describe("commands", () => {
  const queued = { state: "queued", at: at(0) } as const;
  const sent = { state: "sent", at: at(1) } as const;

  it("never lose a step to an answer that was slower than the stream", () => {
    const state = stateAfter(
      { kind: "command", command: commandView([queued, sent]) },
      { kind: "command", command: commandView([queued]) },
    );
    expect(state.commands.get("c1")?.state).toBe("sent");
  });

  it("are bounded: the oldest go first", () => {
    const events = Array.from({ length: COMMANDS_KEPT_MAX + 1 }, (_, i): LiveEvent => {
      const command = commandView([{ state: "queued", at: at(i) }], { id: `c${i}` });
      return { kind: "command", command };
    });
    const state = stateAfter(...events);
    expect(state.commands.size).toBe(COMMANDS_KEPT_MAX);
    expect(state.commands.has("c0")).toBe(false);
  });
});

it("a load without a list leaves that list as it was", () => {
  const state = stateAfter(
    { kind: "loaded", snapshot: { points: [pointView()] } },
    { kind: "loaded", snapshot: { devices: [] } },
  );
  expect(state.points.size).toBe(1);
});
