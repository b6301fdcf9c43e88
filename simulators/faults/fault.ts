/**
 * What can be wrong with a device or a line. Targets are named `device:<id>` or `line:<id>`; several
 * faults may hold on one target, one of each kind.
 */
import { z } from "zod";

const point = z.string().optional();
const ms = z.number().min(0).max(600_000);
const share = z.number().min(0).max(1).default(1);

/** `share` is how many answers of a hundred are hit, 0 to 1. */
export const faultSchema = z.discriminatedUnion("kind", [
  // On the wire
  z.strictObject({ kind: z.literal("silence"), share }),
  z.strictObject({ kind: z.literal("delay"), ms, jitterMs: ms.default(0) }),
  z.strictObject({ kind: z.literal("truncate"), share }),
  z.strictObject({ kind: z.literal("corrupt"), share }),
  z.strictObject({ kind: z.literal("wrongUnit"), share }),
  z.strictObject({ kind: z.literal("exception"), code: z.int().min(1).max(255), share }),
  z.strictObject({ kind: z.literal("reset"), share }),
  z.strictObject({ kind: z.literal("halfOpen") }),
  z.strictObject({ kind: z.literal("duplicateId") }),
  z.strictObject({ kind: z.literal("flapping"), upMs: ms, downMs: ms }),
  z.strictObject({ kind: z.literal("baud"), baud: z.int().min(300).max(1_000_000) }),
  z.strictObject({ kind: z.literal("refuseConnections") }),
  // In the values
  z.strictObject({ kind: z.literal("stuck"), point }),
  z.strictObject({ kind: z.literal("drift"), point, perHour: z.number() }),
  z.strictObject({ kind: z.literal("noise"), point, amplitude: z.number().min(0) }),
  z.strictObject({ kind: z.literal("notANumber"), point }),
  z.strictObject({ kind: z.literal("sentinel"), point }),
  z.strictObject({ kind: z.literal("counterReset"), point }),
  z.strictObject({ kind: z.literal("rollover"), point, at: z.number().positive() }),
  z.strictObject({ kind: z.literal("fixed"), point: z.string(), value: z.number() }),
  // Of one protocol
  z.strictObject({ kind: z.literal("wrongClock"), offsetMs: z.number() }),
  z.strictObject({ kind: z.literal("badStatus"), point }),
  z.strictObject({ kind: z.literal("uncertainStatus"), point }),
  z.strictObject({ kind: z.literal("disconnect") }),
  z.strictObject({ kind: z.literal("flood"), perSecond: z.number().min(1).max(1_000) }),
  z.strictObject({ kind: z.literal("ghost") }),
  z.strictObject({ kind: z.literal("garbage"), share }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault["kind"];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;
export type FaultTarget = `device:${string}` | `line:${string}`;

export const deviceTarget = (id: string): FaultTarget => `device:${id}`;
export const lineTarget = (id: string): FaultTarget => `line:${id}`;

/** Kinds that change a value before it is encoded. */
export const VALUE_FAULTS: ReadonlySet<FaultKind> = new Set([
  "stuck",
  "drift",
  "noise",
  "notANumber",
  "sentinel",
  "counterReset",
  "rollover",
  "fixed",
]);
