/**
 * Pure but for what it remembers: which process speaks for a gateway. A second process with the same id
 * and another buffer is refused by name while the first is there; one with the same buffer is the first
 * one restarted, and takes over.
 */
import type { GatewayId } from "../../core/ids.ts";
import { elapsed, type Monotonic, minutes } from "../../core/time.ts";
import type { GatewayState } from "../../core/uplink.ts";

/** Gateways say every minute that they are online; after this silence the name is free. */
export const SILENT_AFTER = minutes(3);

export interface Session {
  readonly instance: string;
  readonly epoch: string;
  readonly isOnline: boolean;
  readonly heardAt: Monotonic;
  /** The process this one took over from: hearing it again means two run at once. */
  readonly previous?: string;
}

export type StateVerdict =
  | { readonly kind: "accepted"; readonly session: Session }
  | { readonly kind: "offline"; readonly session: Session }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "ignored" };

export function judgeState(
  gateway: GatewayId,
  known: Session | undefined,
  state: GatewayState,
  now: Monotonic,
): StateVerdict {
  const instance = state.instance ?? "";
  if (state.state === "offline") {
    // A last will of a process that another has followed says nothing of the other.
    if (known === undefined || (instance !== "" && instance !== known.instance)) {
      return { kind: "ignored" };
    }
    return { kind: "offline", session: { ...known, isOnline: false } };
  }
  const epoch = state.epoch ?? "";
  const session = { instance, epoch, isOnline: true, heardAt: now };
  if (known === undefined) return { kind: "accepted", session };
  if (instance === known.instance) {
    const { previous } = known;
    return { kind: "accepted", session: previous ? { ...session, previous } : session };
  }
  const isThere = known.isOnline && elapsed(known.heardAt, now) < SILENT_AFTER;
  if (isThere && (epoch !== known.epoch || instance === known.previous)) {
    const why = `Gateway "${gateway}" is already online from another process (instance ${known.instance}). Give this gateway an id of its own, or stop the other one.`;
    return { kind: "refused", why };
  }
  return { kind: "accepted", session: { ...session, previous: known.instance } };
}
