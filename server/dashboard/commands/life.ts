/** Where a command stands, step by step, without ever running ahead of what the device has shown. */
import type { CommandState } from "../../../core/command.ts";
import type { Instant } from "../../../core/time.ts";
import type { CommandView } from "../../api/contract.ts";
import { between, instantOf, MINUTE } from "../format/instant.ts";

const ROAD = ["sent", "accepted", "verified"] as const satisfies readonly CommandState[];
const ENDS = [
  "verified",
  "unverifiable",
  "refused",
  "failed",
  "expired",
] as const satisfies readonly CommandState[];
const LOST = ["refused", "failed", "expired"] as const satisfies readonly CommandState[];

const isOneOf = (states: readonly CommandState[], state: CommandState): boolean =>
  states.includes(state);

export const isEnded = (state: CommandState): boolean => isOneOf(ENDS, state);
export const isLost = (state: CommandState): boolean => isOneOf(LOST, state);

export interface LifeStep {
  readonly state: CommandState;
  readonly at: string | undefined;
  readonly kind: "done" | "waiting" | "ahead" | "lost";
}

/**
 * The road a command takes: what has happened, what is awaited, what would follow. A command that ended
 * elsewhere shows where, instead of what it never reached.
 */
export function lifeOf(command: CommandView): readonly LifeStep[] {
  const reached = new Map(command.steps.map((step) => [step.state, step.at]));
  const end = command.steps.findLast((step) => isEnded(step.state));
  const steps: LifeStep[] = [];
  let awaited = false;
  for (const state of ROAD) {
    const at = reached.get(state);
    if (at !== undefined) steps.push({ state, at, kind: "done" });
    else if (!end) {
      steps.push({ state, at: undefined, kind: awaited ? "ahead" : "waiting" });
      awaited = true;
    }
  }
  if (end && end.state !== "verified") {
    steps.push({ state: end.state, at: end.at, kind: isLost(end.state) ? "lost" : "done" });
  }
  return steps;
}

/** The step that says why it did not happen. */
export const lossOf = (command: CommandView) =>
  command.steps.findLast((step) => isLost(step.state));

export const startOf = (command: CommandView): Instant => {
  const first = command.steps[0];
  return (first ? instantOf(first.at) : 0) as Instant;
};

/** How long an ended command stays beside its switch. */
const SHOWN_AFTER_END_MS = 5 * MINUTE;

/** The newest command of a point while it runs and a while after. */
export function currentCommand(
  commands: Iterable<CommandView>,
  point: string,
  now: Instant,
): CommandView | undefined {
  let newest: CommandView | undefined;
  for (const command of commands) {
    if (command.point !== point) continue;
    if (!newest || startOf(command) >= startOf(newest)) newest = command;
  }
  const last = newest?.steps.at(-1);
  if (!newest || !last) return newest;
  if (!isEnded(newest.state)) return newest;
  const holds = newest.leaseEnds !== undefined && instantOf(newest.leaseEnds) > now;
  const fresh = between(instantOf(last.at), now) < SHOWN_AFTER_END_MS;
  return fresh || (holds && newest.state === "verified") ? newest : undefined;
}
