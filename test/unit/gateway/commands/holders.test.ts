import { describe, expect, it } from "vitest";
import type { Priority } from "../../../../core/command.ts";
import { commandId } from "../../../../core/ids.ts";
import { instant } from "../../../../core/time.ts";
import { expire, type Hold, place, withdraw } from "../../../../gateway/commands/holders.ts";

const hold = (command: string, priority: Priority, value: number, until?: number): Hold => ({
  command: commandId(command),
  priority,
  value,
  ...(until === undefined ? {} : { until: instant(until) }),
});
const now = instant(1_000);
const schedule = hold("s", "schedule", 0, 5_000);
const override = hold("o", "manualOverride", 1, 3_000);

describe("place", () => {
  it("lets the higher priority hold and keeps the lower below it", () => {
    const placed = place([schedule], override, now);
    expect(placed).toEqual({ kind: "holds", holders: [override, schedule] });
  });

  it("says by whom it is held when a lower priority comes, and remembers the wish", () => {
    const placed = place([override], schedule, now);
    expect(placed).toEqual({ kind: "heldHigher", by: override, holders: [override, schedule] });
  });

  it("lets the newer of two equals take the place of the older", () => {
    const newer = hold("n", "schedule", 1, 9_000);
    expect(place([schedule], newer, now)).toEqual({ kind: "holds", holders: [newer] });
  });

  it("does not count a hold whose lease has ended", () => {
    const ended = hold("e", "manualOverride", 1, 1_000);
    expect(place([ended], schedule, now)).toEqual({ kind: "holds", holders: [schedule] });
  });
});

describe("expire", () => {
  it.each([
    ["nothing while the lease runs", [override, schedule], 2_999, { kind: "none" }, 2],
    [
      "the next lower holder when it ends",
      [override, schedule],
      3_000,
      { kind: "holder", value: 0, hold: schedule },
      1,
    ],
    ["the fallback when none is left", [override], 3_000, { kind: "fallback", value: 7 }, 0],
    [
      "the fallback when all have ended at once",
      [override, schedule],
      9_000,
      { kind: "fallback", value: 7 },
      0,
    ],
    [
      "nothing when a lower one ends below",
      [schedule, hold("d", "default", 1, 2_000)],
      2_500,
      { kind: "none" },
      1,
    ],
    ["nothing without holders", [], 9_000, { kind: "none" }, 0],
  ] as const)("%s", (_name, holders, time, change, left) => {
    const result = expire(holders, 7, instant(time));
    expect(result.change).toEqual(change);
    expect(result.holders).toHaveLength(left);
  });

  it("releases an output that has no fallback here", () => {
    expect(expire([override], undefined, instant(9_000)).change).toEqual({ kind: "released" });
  });
});

it("forgets a hold whose command failed", () => {
  expect(withdraw([override, schedule], override.command)).toEqual([schedule]);
});
