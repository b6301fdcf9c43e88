/** A command as the server keeps it: the wish, who has it, and every step of its life. Pure. */
import {
  type CommandReply,
  type CommandState,
  type CommandWhy,
  isEnded,
  type Priority,
} from "../../core/command.ts";
import type { CommandId, GatewayId, PointId, SpaceId } from "../../core/ids.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import { type Duration, type Instant, later } from "../../core/time.ts";

export interface CommandStep {
  readonly state: CommandState;
  readonly at: Instant;
  readonly by?: string;
  readonly shown?: number;
  readonly why?: CommandWhy;
  readonly detail?: string;
}

export interface Command {
  readonly id: CommandId;
  readonly point: PointId;
  readonly space: SpaceId;
  /** Undefined only when the point was never announced. */
  readonly gateway?: GatewayId;
  readonly value: number;
  readonly priority: Priority;
  readonly reason: string;
  /** A user's name or `policy:<id>`. */
  readonly by: string;
  readonly lease?: Duration;
  /** Counted from the submission here, and again from the arrival at the gateway. */
  readonly ttl: Duration;
  readonly submittedAt: Instant;
  /** This and the next by a clock that never steps. */
  readonly expiresAt: Instant;
  readonly idempotencyKey?: string;
  readonly state: CommandState;
  /** Handed to the outlet, whatever became of it: never handed out twice. */
  readonly handedOutAt?: Instant;
  /** When its effect ends; known from the moment the device accepted it. */
  readonly leaseEnds?: Instant;
  readonly steps: readonly CommandStep[];
}

/** Which step may follow which. A step never goes back, and nothing follows an end. */
const order: Readonly<Record<CommandState, number>> = {
  queued: 0,
  sent: 1,
  accepted: 2,
  verified: 3,
  unverifiable: 3,
  refused: 3,
  failed: 3,
  expired: 3,
};

export function commandAfter(command: Command, step: CommandStep): Outcome<Command, string> {
  if (isEnded(command.state)) return failure(`it has ended as ${command.state}`);
  if (order[step.state] <= order[command.state]) {
    return failure(`${step.state} does not follow ${command.state}`);
  }
  const takesEffect = ["accepted", "verified", "unverifiable"].includes(step.state);
  const holds = takesEffect && command.lease !== undefined && command.leaseEnds === undefined;
  return success({
    ...command,
    state: step.state,
    steps: [...command.steps, step],
    ...(holds && command.lease !== undefined ? { leaseEnds: later(step.at, command.lease) } : {}),
  });
}

/** The step a gateway's answer stands for, stamped by our clock. */
export function stepOf(reply: CommandReply, at: Instant): CommandStep {
  const { state, shown, why, detail } = reply;
  return {
    state,
    at,
    ...(shown === undefined ? {} : { shown }),
    ...(why === undefined ? {} : { why }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** It holds its output at this moment. A momentary output is never held. */
export const isHolding = (command: Command, now: Instant): boolean =>
  (command.state === "accepted" || command.state === "verified") &&
  command.leaseEnds !== undefined &&
  command.leaseEnds > now;
