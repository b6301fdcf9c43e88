/** A command as the API shows it. */
import { toIso } from "../../core/time.ts";
import type { CommandView } from "../api/contract.ts";
import type { Command } from "./command.ts";

export function commandView(command: Command): CommandView {
  const { leaseEnds } = command;
  return {
    id: command.id,
    point: command.point,
    space: command.space,
    value: command.value,
    priority: command.priority,
    reason: command.reason,
    by: command.by,
    state: command.state,
    ...(leaseEnds === undefined ? {} : { leaseEnds: toIso(leaseEnds) }),
    steps: command.steps.map((step) => ({ ...step, at: toIso(step.at) })),
  };
}
