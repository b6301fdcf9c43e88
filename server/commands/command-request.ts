/** What may be asked of the command desk, and the errors that say why something was not taken. */
import type { Priority } from "../../core/command.ts";
import { type ErrorCode, LamplighterError } from "../../core/errors.ts";
import type { PointId } from "../../core/ids.ts";
import { type Duration, formatDuration, hours, minutes } from "../../core/time.ts";
import type { PlantPoint } from "../plant.ts";
import { isAutomatic, type Refusal } from "./admission.ts";
import type { Command } from "./command.ts";

/** A person's override ends by itself after this, unless the person says otherwise. */
export const OVERRIDE_LEASE = hours(2);
/** An automatic command ends by itself after this, unless its policy says otherwise. */
export const AUTOMATIC_LEASE = minutes(15);
export const LEASE_MAX = hours(24 * 7);
export const REASON_CHARACTERS_MAX = 500;
export const KEY_CHARACTERS_MAX = 200;

export interface CommandRequest {
  readonly point: PointId;
  readonly value: number;
  readonly reason: string;
  /** A user's name or `policy:<id>`. */
  readonly by: string;
  readonly priority: Priority;
  readonly lease?: Duration;
  readonly idempotencyKey?: string;
}

/** Throws REQUEST_INVALID with everything that is wrong. */
export function checkRequest(request: CommandRequest): void {
  const { reason, idempotencyKey = "", lease, by } = request;
  const problems: string[] = [];
  if (by === "") problems.push("nobody has signed it");
  if (reason.length === 0 || reason.length > REASON_CHARACTERS_MAX) {
    problems.push(`its reason has ${reason.length} of 1 to ${REASON_CHARACTERS_MAX} characters`);
  }
  if (idempotencyKey.length > KEY_CHARACTERS_MAX) {
    problems.push(
      `its key has ${idempotencyKey.length} of at most ${KEY_CHARACTERS_MAX} characters`,
    );
  }
  if (lease !== undefined && !(lease > 0 && lease <= LEASE_MAX)) {
    problems.push(`its lease of ${lease} ms is not between 0 and ${formatDuration(LEASE_MAX)}`);
  }
  if (problems.length === 0) return;
  const message = `The command for ${request.point} cannot be taken: ${problems.join("; ")}.`;
  throw new LamplighterError("REQUEST_INVALID", message, { fields: { point: request.point } });
}

/** A momentary output is not held; everything else ends by itself. */
export function leaseOf(
  request: CommandRequest,
  point: PlantPoint | undefined,
): Duration | undefined {
  if (point?.command?.proof === "none") return undefined;
  if (request.lease !== undefined) return request.lease;
  return isAutomatic(request.priority) ? AUTOMATIC_LEASE : OVERRIDE_LEASE;
}

const codeOf: Readonly<Partial<Record<Refusal["why"], ErrorCode>>> = {
  unknownPoint: "NOT_FOUND",
  notCommandable: "POINT_NOT_COMMANDABLE",
  valueInvalid: "COMMAND_VALUE_INVALID",
  roomFrozen: "ROOM_FROZEN",
};

export function refusalError(command: Command, { why, detail }: Refusal): LamplighterError {
  return new LamplighterError(
    codeOf[why] ?? "COMMAND_REFUSED",
    `The command ${command.point} = ${command.value} was refused: ${detail}.`,
    { fields: { command: command.id, point: command.point, why } },
  );
}
