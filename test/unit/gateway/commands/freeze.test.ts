import { describe, expect, it } from "vitest";
import { type PointId, spaceId } from "../../../../core/ids.ts";
import type { BadReason, Sample } from "../../../../core/sample.ts";
import { instant } from "../../../../core/time.ts";
import { Freeze } from "../../../../gateway/commands/freeze.ts";

const LAB = spaceId("lab-1");
const GAS = "gas/gas_lel" as PointId;
const CONTACT = "gas/gas_alarm" as PointId;
const base = { time: instant(1), sequence: 0, timeSource: "gateway" } as const;
const shows = (value: number, point = GAS): Sample => ({ ...base, point, quality: "good", value });
const fails = (reason: BadReason): Sample => ({ ...base, point: GAS, quality: "bad", reason });

function frozenAfter(...samples: readonly Sample[]): boolean {
  const freeze = new Freeze([
    { point: GAS, space: LAB, isState: false },
    { point: CONTACT, space: LAB, isState: true },
  ]);
  for (const sample of samples) freeze.note(sample);
  return freeze.frozenBy(LAB) !== undefined;
}

describe("the freeze of a room", () => {
  it.each([
    ["no gas seen yet", [], false],
    ["just below the limit", [shows(24.9)], false],
    ["at the limit", [shows(25)], true],
    ["lifted by clean air", [shows(60), shows(3)], false],
    ["not lifted by silence", [shows(60), fails("timeout")], true],
    ["over range is danger, not absence", [shows(3), fails("outOfRange")], true],
    ["silence alone is no gas", [fails("timeout")], false],
    ["an alarm contact counts", [shows(1, CONTACT)], true],
    ["one clear sensor does not lift another's freeze", [shows(1, CONTACT), shows(0)], true],
  ] as const)("%s", (_name, samples, isFrozen) => {
    expect(frozenAfter(...samples)).toBe(isFrozen);
  });

  it("holds for the space of the gas only", () => {
    const freeze = new Freeze([{ point: GAS, space: LAB, isState: false }]);
    freeze.note(shows(60));
    expect(freeze.frozenBy(LAB)).toBe(GAS);
    expect(freeze.frozenBy(spaceId("lab-2"))).toBeUndefined();
  });
});
