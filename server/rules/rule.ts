/**
 * A rule: which points it watches, what must hold of them, and what follows. Rules are data
 * (`rules/*.yaml` of the site, and the shipped ones in `library/`); this file is their typed form.
 */
import type { HazardKind } from "../../core/catalogue.ts";
import type { Level, LevelsCondition, NotProvenCondition } from "../../core/condition.ts";
import type { Derived } from "../../core/condition-derived.ts";
import type { RuleId, SpaceId } from "../../core/ids.ts";
import type { Label } from "../../core/label.ts";
import type { UnitCode } from "../../core/quantity.ts";
import type { Duration } from "../../core/time.ts";
import type { AlarmPriority, RoomUse } from "../api/contract.ts";

/** Every given field must match; `points` are names with `*`, of which one must match. */
export interface PointSelection {
  readonly points?: readonly string[];
  readonly hazards?: readonly HazardKind[];
  readonly quantities?: readonly string[];
  /** The point lies in one of these, or anywhere below. */
  readonly spaces?: readonly SpaceId[];
  readonly uses?: readonly RoomUse[];
}

export interface RuleHeader {
  readonly id: RuleId;
  readonly version: number;
  readonly name: Label;
  readonly author: string;
  /** Who answers for it. */
  readonly owner: string;
  /** The standard or decision it comes from, and since when it holds. */
  readonly source?: string;
  readonly effective?: string;
  readonly applies: PointSelection;
}

export interface PriorityLevel extends Level {
  readonly priority: AlarmPriority;
}

export interface PriorityLevelsCondition extends LevelsCondition {
  readonly levels: readonly PriorityLevel[];
  /** Looks at how the value moves instead of at the value. */
  readonly of?: Derived;
}

export interface PriorityNotProvenCondition extends NotProvenCondition {
  readonly priority: AlarmPriority;
}

export type AlarmCondition = PriorityLevelsCondition | PriorityNotProvenCondition;

export interface AlarmRule extends RuleHeader {
  readonly kind: "alarm";
  /** The unit its limits are written in; converted to each point's own. */
  readonly unit?: UnitCode;
  readonly when: AlarmCondition;
  /** `sensor`: the point tells of a sensor's own health, so its alarm means "not proven". */
  readonly about: "plant" | "sensor";
  /** All switching in the room stands still from the raise until the alarm is closed. */
  readonly freezes: boolean;
  /** Who ends it: the desk with a reason, or the return together with the acknowledgement. */
  readonly closedBy: "desk" | "return";
  /** What to do first. */
  readonly response?: Label;
}

/** `advise` shows what it would do, `shadow` also records it, `act` does it. */
export const POLICY_MODES = ["advise", "shadow", "act"] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** Switches off what is on in a room that has been proven empty for a while. */
export interface EmptyRoomPolicy extends RuleHeader {
  readonly kind: "policy";
  readonly policy: "emptyRoom";
  readonly mode: PolicyMode;
  readonly emptyFor: Duration;
  /** What the selected points are set to. */
  readonly value: number;
  readonly lease: Duration;
}

export type ControlPolicy = EmptyRoomPolicy;
export type Rule = AlarmRule | ControlPolicy;

export const isAlarmRule = (rule: Rule): rule is AlarmRule => rule.kind === "alarm";
export const isPolicy = (rule: Rule): rule is ControlPolicy => rule.kind === "policy";
