/** What the faults of a line and a device together do to one answer. Pure: dice and time come in. */
import type { Fault } from "./fault.ts";

export type WireEffect =
  | { readonly kind: "silence" }
  | { readonly kind: "reset" }
  | { readonly kind: "exception"; readonly code: number; readonly delayMs: number }
  | { readonly kind: "answer"; readonly damage: Damage; readonly delayMs: number };

export type Damage = "none" | "truncate" | "corrupt" | "wrongUnit" | "duplicate";

export interface WireMoment {
  /** 0 ≤ roll() < 1. */
  readonly roll: () => number;
  readonly monotonicMs: number;
  /** Bytes of request and answer together, for slow lines. */
  readonly bytes: number;
}

/** Start, eight bits, parity or second stop, stop. */
const BITS_PER_BYTE = 11;
/** Silence between frames on a serial line. */
const GAP_BYTES = 3.5 * 2;

export function wireEffect(faults: readonly Fault[], moment: WireMoment): WireEffect {
  const { roll } = moment;
  let delayMs = 0;
  let damage: Damage = "none";
  let exception: number | undefined;
  for (const fault of faults) {
    switch (fault.kind) {
      case "silence":
        if (roll() < fault.share) return { kind: "silence" };
        break;
      case "halfOpen":
        return { kind: "silence" };
      case "flapping":
        if (isDown(fault, moment.monotonicMs)) return { kind: "silence" };
        break;
      case "reset":
        if (roll() < fault.share) return { kind: "reset" };
        break;
      case "exception":
        if (roll() < fault.share) exception = fault.code;
        break;
      case "delay":
        delayMs += fault.ms + fault.jitterMs * roll();
        break;
      case "baud":
        delayMs += ((moment.bytes + GAP_BYTES) * BITS_PER_BYTE * 1_000) / fault.baud;
        break;
      case "duplicateId":
        damage = "duplicate";
        break;
      case "truncate":
      case "corrupt":
      case "wrongUnit":
        if (roll() < fault.share) damage = fault.kind;
        break;
      default:
        break;
    }
  }
  if (exception !== undefined) return { kind: "exception", code: exception, delayMs };
  return { kind: "answer", damage, delayMs };
}

export const isDown = (
  { upMs, downMs }: { readonly upMs: number; readonly downMs: number },
  monotonicMs: number,
): boolean => downMs > 0 && monotonicMs % (upMs + downMs) >= upMs;

/** The bytes that leave, damaged as the effect says; `unitAt` is where the frame carries the unit id. */
export function damaged(bytes: Buffer, damage: Damage, unitAt: number, roll: () => number): Buffer {
  switch (damage) {
    case "none":
      return bytes;
    case "truncate":
      return bytes.subarray(0, Math.max(1, Math.floor(bytes.length * roll())));
    case "corrupt":
      return flipped(bytes, Math.floor(roll() * bytes.length), 1 << Math.floor(roll() * 8));
    case "wrongUnit":
      return flipped(bytes, unitAt, 0x7f);
    case "duplicate":
      // Two devices with one id: the second answers over the first.
      return Buffer.concat([bytes, flipped(bytes, bytes.length - 1, 0x55)]);
  }
}

function flipped(bytes: Buffer, at: number, bits: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ bits;
  return changed;
}
