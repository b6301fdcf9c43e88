import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PRIORITIES, type Priority } from "../../../../core/command.ts";
import { gatewayId, spaceId } from "../../../../core/ids.ts";
import { instant, seconds } from "../../../../core/time.ts";
import { ROOM_USES, type RoomUse, SPACE_KINDS } from "../../../../server/api/contract.ts";
import { type AdmissionFacts, admit } from "../../../../server/commands/admission.ts";
import type { PlantPoint } from "../../../../server/plant.ts";
import { pid } from "../../../support/campus.ts";

const now = instant(1_000_000);
const pointOf = (quantity: string, command: PlantPoint["command"]): PlantPoint => ({
  point: pid("d/p"),
  device: pid("d/p").slice(0, 1) as PlantPoint["device"],
  space: spaceId("room"),
  gateway: gatewayId("g1"),
  kind: "state",
  unit: "%",
  quantity,
  name: { zh: "点", en: "point" },
  expectEvery: seconds(10),
  ...(command === undefined ? {} : { command }),
});
const traits = { settleMs: 0, proof: "readBack", tolerance: 0 } as const;
const dimmer = pointOf("lightLevel", { ...traits, min: 10, max: 90, step: 5 });
const classroom = { kind: "room", use: "classroom" } as const;

function judge(
  wish: { value?: number; priority?: Priority },
  facts: Partial<AdmissionFacts> = {},
): string {
  const whole = { point: "d/p", value: 50, priority: "manualOverride", ...wish } as const;
  const all = { point: dimmer, space: classroom, holder: undefined, ...facts };
  const admitted = admit(whole, all, now);
  return admitted.ok ? "admitted" : `${admitted.error.why}: ${admitted.error.detail}`;
}

describe("admission", () => {
  test.each([
    [10, "admitted"],
    [90, "admitted"],
    [55, "admitted"],
    [9.99, "valueInvalid: 9.99 % is below the lowest value 10 %"],
    [90.01, "valueInvalid: 90.01 % is above the highest value 90 %"],
    [52, "valueInvalid: 52 % is no multiple of 5 %"],
    [Number.POSITIVE_INFINITY, "valueInvalid: the value is no finite number"],
  ])("a dimmer from 10 to 90 in steps of 5 asked for %s", (value, answer) => {
    expect(judge({ value })).toBe(answer);
  });

  test("a gas valve may be closed from afar, never opened", () => {
    const point = pointOf("gasValve", { ...traits, values: [0, 1] });
    expect(judge({ value: 0 }, { point })).toBe("admitted");
    expect(judge({ value: 1 }, { point })).toBe(
      "notCommandable: a gas valve is opened only on the spot",
    );
  });

  test("decision 7: whatever is asked, programs touch only what they may", () => {
    const lights = new Set(["lightSwitch", "lightLevel", "colorTemperature"]);
    const allowedUses = new Set<RoomUse>(["classroom", "office", "corridor", "dining", "other"]);
    fc.assert(
      fc.property(
        fc.constantFrom(...PRIORITIES),
        fc.constantFrom(...ROOM_USES, undefined),
        fc.constantFrom(...SPACE_KINDS),
        fc.constantFrom("lightSwitch", "switch", "fanSwitch", "unlock", "valve", "emergencyLight"),
        (priority, use, kind, quantity) => {
          const answer = judge(
            { priority },
            { point: pointOf(quantity, traits), space: { kind, use } },
          );
          if (answer !== "admitted") return;
          if (["safety", "localManual", "manualOverride"].includes(priority)) return;
          expect(lights.has(quantity)).toBe(true);
          expect(use === undefined ? kind === "outdoor" : allowedUses.has(use)).toBe(true);
        },
      ),
    );
  });

  test("a frozen room refuses everybody, on and off alike", () => {
    const frozenBy = { alarm: "x", since: now };
    for (const priority of PRIORITIES) {
      for (const value of [0, 1]) {
        const point = pointOf("lightSwitch", { ...traits, values: [0, 1] });
        const answer = judge({ priority, value }, { point, space: { ...classroom, frozenBy } });
        expect(answer).toContain("roomFrozen");
      }
    }
  });
});
