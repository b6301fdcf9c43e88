/**
 * Whether a command may leave the server, pure, with the sentence that says why not. What is refused by
 * the kind of point is refused to everybody; what is frozen, too; the rest depends on who asks.
 */
import { type CommandWhy, type Priority, rankOf } from "../../core/command.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { symbolOf } from "../../core/quantity.ts";
import { type Instant, toIso } from "../../core/time.ts";
import type { RoomUse } from "../api/contract.ts";
import type { PlantPoint } from "../plant.ts";
import type { Command } from "./command.ts";

export interface Refusal {
  readonly why: CommandWhy;
  readonly detail: string;
}

export interface Wish {
  readonly point: string;
  readonly value: number;
  readonly priority: Priority;
}

export interface AdmissionFacts {
  readonly point: PlantPoint | undefined;
  readonly space:
    | {
        readonly kind: string;
        readonly use?: RoomUse | undefined;
        readonly frozenBy?: { readonly alarm: string; readonly since: Instant } | undefined;
      }
    | undefined;
  /** What holds the output now. */
  readonly holder: Command | undefined;
}

/** Nobody sets these from afar, whatever the role: the device on the spot is the only place. */
const REFUSED_QUANTITIES: ReadonlyMap<string, string> = new Map([
  ["detectorReset", "a detector is reset only where it hangs"],
  ["detectorMute", "a detector is silenced only where it hangs"],
  ["detectorCalibration", "a detector is calibrated only where it hangs"],
  ["gasAlarm", "a detector is not commanded"],
  ["gasConcentration", "a detector is not commanded"],
  ["smokeAlarm", "a detector is not commanded"],
  ["fireAlarm", "a fire panel is not commanded"],
  ["chemicalStoreLock", "a store of controlled chemicals is unlocked only on the spot"],
  ["lockDown", "a lock-down could block a way out"],
]);

/** Closing may save a life, opening may cost one. 1 is open. */
const OPENED_BY_HAND = new Set(["gasValve"]);

const AUTOMATIC: ReadonlySet<Priority> = new Set<Priority>([
  "demandLimit",
  "timetable",
  "schedule",
  "default",
]);

/** What a program may switch at all; everything else needs a person. */
const AUTOMATIC_QUANTITIES = new Set([
  "lightSwitch",
  "lightLevel",
  "colorTemperature",
  "airConditionerSwitch",
  "airConditionerSetPoint",
]);

const NEVER_AUTOMATIC: ReadonlySet<RoomUse> = new Set<RoomUse>([
  "laboratory",
  "workshop",
  "stairs",
  "dormitory",
  "kitchen",
  "plant",
  "server",
  "storage",
]);

export const isAutomatic = (priority: Priority): boolean => AUTOMATIC.has(priority);

export function admit(
  wish: Wish,
  facts: AdmissionFacts,
  now: Instant,
): Outcome<PlantPoint, Refusal> {
  const { point } = facts;
  if (point === undefined) {
    return refused("unknownPoint", `no gateway has announced a point ${wish.point}`);
  }
  const why =
    byKindOfPoint(wish, point) ??
    byValue(wish, point) ??
    byRoom(wish, point, facts) ??
    byHolder(wish, facts, now);
  return why === undefined ? success(point) : failure(why);
}

function byKindOfPoint(wish: Wish, point: PlantPoint): Refusal | undefined {
  const never = REFUSED_QUANTITIES.get(point.quantity);
  if (never !== undefined) return { why: "notCommandable", detail: never };
  if (OPENED_BY_HAND.has(point.quantity) && wish.value !== 0) {
    return { why: "notCommandable", detail: "a gas valve is opened only on the spot" };
  }
  if (point.command === undefined) {
    return { why: "notCommandable", detail: `${wish.point} can only be read` };
  }
  return undefined;
}

function byValue(wish: Wish, point: PlantPoint): Refusal | undefined {
  const traits = point.command;
  const { value } = wish;
  const unit = symbolOf(point.unit);
  const invalid = (detail: string): Refusal => ({ why: "valueInvalid", detail });
  if (!Number.isFinite(value)) return invalid("the value is no finite number");
  if (traits?.values !== undefined && !traits.values.includes(value)) {
    return invalid(`${value} is none of ${traits.values.join(", ")}`);
  }
  if (traits?.min !== undefined && value < traits.min) {
    return invalid(`${value} ${unit} is below the lowest value ${traits.min} ${unit}`);
  }
  if (traits?.max !== undefined && value > traits.max) {
    return invalid(`${value} ${unit} is above the highest value ${traits.max} ${unit}`);
  }
  if (traits?.step !== undefined && !isMultiple(value - (traits.min ?? 0), traits.step)) {
    return invalid(`${value} ${unit} is no multiple of ${traits.step} ${unit}`);
  }
  return undefined;
}

function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

function byRoom(wish: Wish, point: PlantPoint, facts: AdmissionFacts): Refusal | undefined {
  const { space } = facts;
  if (space?.frozenBy !== undefined) {
    const { alarm, since } = space.frozenBy;
    const detail = `switching in ${point.space} stands still since ${toIso(since)} because of alarm ${alarm}: a switch is a spark`;
    return { why: "roomFrozen", detail };
  }
  if (!isAutomatic(wish.priority)) return undefined;
  if (!AUTOMATIC_QUANTITIES.has(point.quantity)) {
    return { why: "neverAutomatic", detail: `a ${point.quantity} is never switched by itself` };
  }
  if (space === undefined || (space.use === undefined && space.kind !== "outdoor")) {
    const detail = `nobody has said what ${point.space} is used for, so nothing switches there by itself`;
    return { why: "neverAutomatic", detail };
  }
  if (space.use !== undefined && NEVER_AUTOMATIC.has(space.use)) {
    return { why: "neverAutomatic", detail: `nothing switches by itself in a ${space.use}` };
  }
  return undefined;
}

function byHolder(wish: Wish, facts: AdmissionFacts, now: Instant): Refusal | undefined {
  const { holder } = facts;
  if (holder === undefined || rankOf(holder.priority) >= rankOf(wish.priority)) return undefined;
  const until = holder.leaseEnds === undefined ? "further notice" : toIso(holder.leaseEnds);
  const left = holder.leaseEnds === undefined ? "" : ` (${holder.leaseEnds - now} ms left)`;
  const detail = `${holder.by} holds it as ${holder.priority} until ${until}${left}`;
  return { why: "heldHigher", detail };
}

const refused = (why: CommandWhy, detail: string): Outcome<never, Refusal> =>
  failure({ why, detail });
