/**
 * An alarm: an abnormal condition of one point, with the life of ISA-18.2 / IEC 62682. A union on its
 * state, so that only an acknowledged one has a person and only a closed one an end.
 */
import { createHash } from "node:crypto";
import type { HazardKind } from "../../core/catalogue.ts";
import type { SpaceId } from "../../core/ids.ts";
import { type AlarmId, alarmId, type DeviceId, type PointId, type RuleId } from "../../core/ids.ts";
import type { Label } from "../../core/label.ts";
import type { UnitCode } from "../../core/quantity.ts";
import type { Instant } from "../../core/time.ts";
import type { ALARM_STEPS, AlarmPriority } from "../api/contract.ts";

export type AlarmStepKind = (typeof ALARM_STEPS)[number];
export type AlarmKind = "condition" | "noData";

/** One line of an alarm's history; never changed once written. */
export interface AlarmStep {
  readonly at: Instant;
  readonly what: AlarmStepKind;
  readonly by?: string;
  readonly comment?: string;
  readonly value?: number;
  readonly priority?: AlarmPriority;
  readonly channel?: string;
  /** A code or a plain fact: `overRange`, `silent`, `HTTP 503`. */
  readonly detail?: string;
}

/** What holds from the raise on. */
export interface AlarmFacts {
  readonly id: AlarmId;
  readonly rule: RuleId;
  readonly ruleVersion: number;
  readonly name: Label;
  readonly kind: AlarmKind;
  readonly point: PointId;
  readonly device: DeviceId;
  readonly space: SpaceId;
  readonly hazard?: HazardKind;
  readonly unit: UnitCode;
  readonly raisedAt: Instant;
  readonly foundLate: boolean;
  readonly freezes: boolean;
  readonly closedBy: "desk" | "return";
  readonly response?: Label;
}

export interface Shelf {
  readonly until: Instant;
  readonly by: string;
  readonly reason: string;
}

/** What changes while it lives. */
export interface AlarmCourse {
  /** The gravest since it was last raised. */
  readonly priority: AlarmPriority;
  readonly limit?: number;
  readonly value?: number;
  /** The sensor was over range: falling back is no return. */
  readonly overRange: boolean;
  /** Over range, and the value has come back below every limit: a person may end it. */
  readonly fellBack: boolean;
  /** Put aside by a person until then: watched and recorded, told to nobody. */
  readonly shelved?: Shelf;
  readonly changedAt: Instant;
  /** All lines ever written; `history` holds the first and the last of them. */
  readonly stepCount: number;
  readonly history: readonly AlarmStep[];
}

export type AlarmLife =
  | { readonly state: "unacknowledged" }
  | { readonly state: "acknowledged"; readonly acknowledgedBy: string }
  | { readonly state: "returnedUnacknowledged"; readonly returnedAt: Instant }
  | {
      readonly state: "returnedAcknowledged";
      readonly returnedAt: Instant;
      readonly acknowledgedBy: string;
    }
  | { readonly state: "closed"; readonly closedAt: Instant };

export type Alarm = AlarmFacts & AlarmCourse & AlarmLife;

/** The same raise gives the same id however often it is evaluated: a replay doubles nothing. */
export function alarmIdOf(raise: {
  readonly rule: RuleId;
  readonly point: PointId;
  readonly began: Instant;
  readonly late: boolean;
}): AlarmId {
  const text = `${raise.rule}\n${raise.point}\n${raise.began}\n${raise.late ? "late" : "live"}`;
  return alarmId(createHash("sha256").update(text).digest("base64url").slice(0, 16));
}

export const isOpen = (alarm: Alarm): boolean => alarm.state !== "closed";

export const isReturned = (alarm: Alarm): boolean =>
  alarm.state === "returnedUnacknowledged" || alarm.state === "returnedAcknowledged";
