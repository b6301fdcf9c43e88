/** The words of a scenario's timeline: what can happen on the campus, checked once, done on the world. */
import { z } from "zod";
import { parseDuration } from "../../core/time.ts";
import { type FaultTarget, faultSchema } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import {
  burstPipe,
  cutPower,
  forceDoor,
  holdDoor,
  lockDoor,
  restorePower,
  setDayKind,
  setHood,
  setPeople,
  setPurge,
  setSmoke,
  shutDoor,
  startLeak,
  stopLeak,
  switchLight,
} from "../world/act.ts";
import { DAY_KINDS } from "../world/calendar.ts";
import type { World } from "../world/state.ts";

export const durationText = z.string().transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  context.addIssue({ code: "custom", message: parsed.error });
  return z.NEVER;
});

const target = z.custom<FaultTarget>(
  (text) => typeof text === "string" && /^(device|line):.+/.test(text),
  "must be device:<id> or line:<id>",
);
const room = z.string();
const building = z.string();
const door = z.string();

export const actionSchema = z.union([
  z.strictObject({
    leakGas: z.strictObject({ room, to: z.number().min(1).max(100), within: durationText }),
  }),
  z.strictObject({ stopLeak: z.strictObject({ room }) }),
  z.strictObject({ ventilate: z.strictObject({ room, on: z.boolean() }) }),
  z.strictObject({ smoke: z.strictObject({ room, on: z.boolean() }) }),
  z.strictObject({
    people: z.strictObject({
      room,
      count: z.union([z.int().min(0).max(2_000), z.literal("timetable")]),
    }),
  }),
  z.strictObject({ light: z.strictObject({ room, on: z.boolean() }) }),
  z.strictObject({ cutPower: z.strictObject({ building }) }),
  z.strictObject({ restorePower: z.strictObject({ building }) }),
  z.strictObject({ burstPipe: z.strictObject({ building, litresPerHour: z.number().min(0) }) }),
  z.strictObject({ forceDoor: z.strictObject({ door }) }),
  z.strictObject({ holdDoor: z.strictObject({ door }) }),
  z.strictObject({ shutDoor: z.strictObject({ door }) }),
  z.strictObject({ lockDoor: z.strictObject({ door, locked: z.boolean() }) }),
  z.strictObject({
    hood: z.strictObject({
      hood: z.string(),
      fanOn: z.boolean().optional(),
      sashMm: z.number().optional(),
    }),
  }),
  z.strictObject({
    day: z.strictObject({ kind: z.union([z.enum(DAY_KINDS), z.literal("calendar")]) }),
  }),
  z.strictObject({ fault: z.strictObject({ target, is: faultSchema }) }),
  z.strictObject({ clearFault: z.strictObject({ target }) }),
]);
export type Action = z.infer<typeof actionSchema>;

/** People switch off three quarters of the way: a leak's corner reaches this share of its end in `within`. */
const RISE_SHARE = Math.log(4);

/** Does it; the failure is a sentence that names what is not there. */
export function perform(world: World, faults: FaultBoard, action: Action): string | undefined {
  const done = onAir(world, action) ?? onBuilding(world, action) ?? onFaults(faults, action);
  return done === false
    ? `nothing of that name on the campus: ${JSON.stringify(action)}`
    : undefined;
}

function onAir(world: World, action: Action): boolean | undefined {
  if ("leakGas" in action) {
    const { room: where, to, within } = action.leakGas;
    return startLeak(world, where, to, within / 1_000 / RISE_SHARE);
  }
  if ("stopLeak" in action) return stopLeak(world, action.stopLeak.room);
  if ("ventilate" in action) return setPurge(world, action.ventilate.room, action.ventilate.on);
  if ("smoke" in action) return setSmoke(world, action.smoke.room, action.smoke.on);
  if ("people" in action) {
    const { room: where, count } = action.people;
    return setPeople(world, where, count === "timetable" ? undefined : count);
  }
  if ("light" in action) return switchLight(world, action.light.room, action.light.on);
  if ("hood" in action) {
    const { hood, fanOn, sashMm } = action.hood;
    return setHood(world, hood, {
      ...(fanOn === undefined ? {} : { fanOn }),
      ...(sashMm === undefined ? {} : { sashMm }),
    });
  }
  return undefined;
}

function onBuilding(world: World, action: Action): boolean | undefined {
  if ("cutPower" in action) return cutPower(world, action.cutPower.building);
  if ("restorePower" in action) {
    restorePower(world, action.restorePower.building);
    return true;
  }
  if ("burstPipe" in action) {
    return burstPipe(world, action.burstPipe.building, action.burstPipe.litresPerHour);
  }
  if ("forceDoor" in action) return forceDoor(world, action.forceDoor.door);
  if ("holdDoor" in action) return holdDoor(world, action.holdDoor.door);
  if ("shutDoor" in action) return shutDoor(world, action.shutDoor.door);
  if ("lockDoor" in action) return lockDoor(world, action.lockDoor.door, action.lockDoor.locked);
  if ("day" in action) {
    setDayKind(world, action.day.kind === "calendar" ? undefined : action.day.kind);
    return true;
  }
  return undefined;
}

function onFaults(faults: FaultBoard, action: Action): boolean | undefined {
  if ("fault" in action) return faults.set(action.fault.target, action.fault.is);
  if ("clearFault" in action) faults.clear(action.clearFault.target);
  return true;
}
