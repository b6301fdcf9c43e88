/** What must be seen in the world at some point of a scenario: a check anybody can repeat. */
import { z } from "zod";
import type { FaultTarget } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { roomOf } from "../world/act.ts";
import { DAY_KINDS } from "../world/calendar.ts";
import { isPowered, presentIn, type World } from "../world/state.ts";

export const sightSchema = z.union([
  z.strictObject({ gasAbove: z.strictObject({ room: z.string(), lel: z.number() }) }),
  z.strictObject({ gasBelow: z.strictObject({ room: z.string(), lel: z.number() }) }),
  z.strictObject({ lightIs: z.strictObject({ room: z.string(), on: z.boolean() }) }),
  z.strictObject({ peopleAre: z.strictObject({ room: z.string(), count: z.number() }) }),
  z.strictObject({ powerBelow: z.strictObject({ feeder: z.string(), watts: z.number() }) }),
  z.strictObject({ powerAbove: z.strictObject({ feeder: z.string(), watts: z.number() }) }),
  z.strictObject({ doorIs: z.strictObject({ door: z.string(), open: z.boolean() }) }),
  z.strictObject({
    flowAbove: z.strictObject({ building: z.string(), litresPerHour: z.number() }),
  }),
  z.strictObject({
    flowBelow: z.strictObject({ building: z.string(), litresPerHour: z.number() }),
  }),
  z.strictObject({ faultOn: z.strictObject({ target: z.string(), there: z.boolean() }) }),
  z.strictObject({ powerIs: z.strictObject({ building: z.string(), on: z.boolean() }) }),
  z.strictObject({ dayIs: z.strictObject({ kind: z.enum(DAY_KINDS) }) }),
]);
export type Sight = z.infer<typeof sightSchema>;

export function isSeen(world: World, faults: FaultBoard, sight: Sight): boolean {
  if ("gasAbove" in sight) return gasIn(world, sight.gasAbove.room) > sight.gasAbove.lel;
  if ("gasBelow" in sight) return gasIn(world, sight.gasBelow.room) < sight.gasBelow.lel;
  if ("lightIs" in sight) return roomOf(world, sight.lightIs.room)?.lightOn === sight.lightIs.on;
  if ("peopleAre" in sight) {
    const state = roomOf(world, sight.peopleAre.room);
    return state !== undefined && presentIn(state) === sight.peopleAre.count;
  }
  if ("powerBelow" in sight) {
    return powerOf(world, sight.powerBelow.feeder) < sight.powerBelow.watts;
  }
  if ("powerAbove" in sight) {
    return powerOf(world, sight.powerAbove.feeder) > sight.powerAbove.watts;
  }
  if ("doorIs" in sight) return world.doors.get(sight.doorIs.door)?.open === sight.doorIs.open;
  if ("flowAbove" in sight) {
    return flowIn(world, sight.flowAbove.building) > sight.flowAbove.litresPerHour;
  }
  if ("flowBelow" in sight) {
    return flowIn(world, sight.flowBelow.building) < sight.flowBelow.litresPerHour;
  }
  if ("powerIs" in sight) return isPowered(world, sight.powerIs.building) === sight.powerIs.on;
  if ("dayIs" in sight) return world.dayKind === sight.dayIs.kind;
  const { target, there } = sight.faultOn;
  return faults.of(target as FaultTarget).length > 0 === there;
}

/** Number.NaN compares false both ways: a room that is not there is never seen. */
const gasIn = (world: World, room: string): number => world.gas.get(room)?.nearLel ?? Number.NaN;

function powerOf(world: World, feeder: string): number {
  const position = world.plan.feederPositions.get(feeder) ?? -1;
  return world.flows[position]?.activeW ?? Number.NaN;
}

function flowIn(world: World, building: string): number {
  const position = world.plan.campus.water.findIndex((w) => w.building === building);
  return world.waterLPerH[position] ?? Number.NaN;
}
