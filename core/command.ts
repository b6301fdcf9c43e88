/**
 * A command: a wish to change a point, and its life. The shapes here travel between server and gateway
 * and, as text, to the page; what may be commanded is in the catalogue's `CommandTraits`.
 */
import type { CommandId, PointId } from "./ids.ts";
import type { Duration, Instant } from "./time.ts";

/**
 * Who may hold an output, highest first. `safety` is the freeze of a room and holds everything as it is;
 * `localManual` is a hand at the device.
 */
export const PRIORITIES = [
  "safety",
  "localManual",
  "manualOverride",
  "demandLimit",
  "timetable",
  "schedule",
  "default",
] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Smaller rank wins. */
export const rankOf = (priority: Priority): number => PRIORITIES.indexOf(priority);

/** The steps of a life in their order. The last five end it. */
export const COMMAND_STATES = [
  "queued",
  "sent",
  "accepted",
  "verified",
  "unverifiable",
  "refused",
  "failed",
  "expired",
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

export const COMMAND_END_STATES = [
  "verified",
  "unverifiable",
  "refused",
  "failed",
  "expired",
] as const satisfies readonly CommandState[];

export const isEnded = (state: CommandState): boolean =>
  (COMMAND_END_STATES as readonly CommandState[]).includes(state);

/** What the server hands to the gateway on the `command` topic. */
export interface CommandMessage {
  readonly id: CommandId;
  readonly point: PointId;
  readonly value: number;
  readonly priority: Priority;
  /** After this long the command's effect ends by itself, counted from the write. */
  readonly leaseMs?: Duration;
  /** Counted from arrival at the gateway: clocks of two machines are never compared. */
  readonly ttlMs: Duration;
  readonly reason: string;
}

/** What the gateway answers on the `reply` topic, once per step. */
export interface CommandReply {
  readonly id: CommandId;
  readonly state: Exclude<CommandState, "queued" | "sent">;
  readonly timeMs: Instant;
  /** The value the device showed at read-back. */
  readonly shown?: number;
  /** A code of `COMMAND_WHYS` for a machine and the sentence for a person. */
  readonly why?: CommandWhy;
  readonly detail?: string;
}

/** Why a command was refused, failed or expired: codes, rendered in the reader's language at the edge. */
export const COMMAND_WHYS = [
  "unknownPoint",
  "notCommandable",
  "valueInvalid",
  "roomFrozen",
  "neverAutomatic",
  "heldHigher",
  "gatewayOffline",
  "deviceOffline",
  "deviceRefused",
  "noAnswer",
  "readBackDiffers",
  "ttlEnded",
  "overtaken",
] as const;
export type CommandWhy = (typeof COMMAND_WHYS)[number];
