/**
 * Whether the outputs of one room are to be switched because nobody is there: pure, with a reason for
 * every answer. Decision 7's prohibitions are checked again by the command desk.
 */
import type { PointId } from "../../core/ids.ts";
import type { Duration, Instant } from "../../core/time.ts";
import { emptySince, type OccupancyEvidence, type OutputEvidence } from "./occupancy.ts";

export interface RoomSensor {
  readonly point: PointId;
  readonly expectEvery: Duration;
  readonly evidence: OccupancyEvidence | undefined;
}

export interface RoomOutput {
  readonly point: PointId;
  readonly expectEvery: Duration;
  readonly evidence: OutputEvidence | undefined;
  /** A command that outranks ours holds it or is on its way. */
  readonly heldBy: string | undefined;
  /** Our own last attempt, so that a device that refuses is not asked in every turn. */
  readonly triedAt: Instant | undefined;
}

export interface Room {
  readonly frozen: boolean;
  readonly sensors: readonly RoomSensor[];
  readonly outputs: readonly RoomOutput[];
}

export interface EmptyRoomTerms {
  readonly emptyFor: Duration;
  readonly value: number;
  readonly retryAfter: Duration;
}

export type OutputReason =
  | "empty"
  | "frozen"
  | "noSensor"
  | "occupied"
  | "notEmptyLongEnough"
  | "unknownOutput"
  | "asWished"
  | "held"
  | "triedRecently"
  | "switchedOnRecently";

export interface OutputDecision {
  readonly point: PointId;
  /** `empty` is the only one that acts. */
  readonly reason: OutputReason;
  readonly emptySince?: Instant;
}

export function decideEmptyRoom(
  terms: EmptyRoomTerms,
  room: Room,
  now: Instant,
): readonly OutputDecision[] {
  const since = roomEmptySince(room, now);
  const roomReason = reasonOfRoom(terms, room, since, now);
  return room.outputs.map((output) => {
    const reason = roomReason ?? reasonOfOutput(terms, output, now);
    return { point: output.point, reason, ...(since === undefined ? {} : { emptySince: since }) };
  });
}

/** Empty is what every sensor says; since the last of them began to. */
function roomEmptySince(room: Room, now: Instant): Instant | undefined {
  let latest: Instant | undefined;
  for (const { evidence, expectEvery } of room.sensors) {
    const since = emptySince(evidence, now, expectEvery);
    if (since === undefined) return undefined;
    if (latest === undefined || since > latest) latest = since;
  }
  return latest;
}

function reasonOfRoom(
  terms: EmptyRoomTerms,
  room: Room,
  since: Instant | undefined,
  now: Instant,
): OutputReason | undefined {
  if (room.frozen) return "frozen";
  if (room.sensors.length === 0) return "noSensor";
  if (since === undefined) return "occupied";
  return now - since < terms.emptyFor ? "notEmptyLongEnough" : undefined;
}

function reasonOfOutput(terms: EmptyRoomTerms, output: RoomOutput, now: Instant): OutputReason {
  const { evidence, expectEvery, heldBy, triedAt } = output;
  const isFresh = evidence !== undefined && now - evidence.heardAt <= expectEvery;
  if (!isFresh || evidence.value === undefined) return "unknownOutput";
  if (evidence.value === terms.value) return "asWished";
  if (heldBy !== undefined) return "held";
  const { switchedOnAt } = evidence;
  if (switchedOnAt !== undefined && now - switchedOnAt < terms.emptyFor) {
    return "switchedOnRecently";
  }
  if (triedAt !== undefined && now - triedAt < terms.retryAfter) return "triedRecently";
  return "empty";
}
