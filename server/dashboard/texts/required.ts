/** Texts that must exist because a closed list elsewhere grows by one: the type check then asks for it. */
import type { CommandState, CommandWhy, Priority } from "../../../core/command.ts";
import type { BadReason, Doubt } from "../../../core/sample.ts";
import type {
  AlarmPriority,
  AlarmState,
  AlarmStepView,
  DeviceView,
  GatewayView,
  PointView,
  Role,
  SpaceView,
} from "../../api/contract.ts";
import type { ProblemCode } from "../api/problem.ts";
import type { Theme } from "../browser/preferences.ts";
import type { DurationUnit } from "../format/duration.ts";
import type { Range } from "../routes.ts";

export type RequiredKey =
  | `reason.${BadReason | Doubt}`
  | `problem.${ProblemCode}`
  | `command.${CommandState}`
  | `why.${CommandWhy}`
  | `holder.${Priority}`
  | `alarm.state.${AlarmState}`
  | `alarm.step.${AlarmStepView["what"]}`
  | `priority.${AlarmPriority}`
  | `hazard.${NonNullable<PointView["hazard"]>}`
  | `space.kind.${SpaceView["kind"]}`
  | `space.use.${NonNullable<SpaceView["use"]>}`
  | `device.state.${DeviceView["state"]}`
  | `gateway.state.${GatewayView["state"]}`
  | `role.${Role}`
  | `theme.${Theme}`
  | `range.${Range}`
  | `age.${DurationUnit}`
  | `span.${DurationUnit}`;

export type Required = Readonly<Record<RequiredKey, string>> & Readonly<Record<string, string>>;
