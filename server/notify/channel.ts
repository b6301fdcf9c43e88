/** A way to tell somebody of an alarm. What a channel can prove about a delivery is in its outcome. */
import type { AlarmPriority } from "../api/contract.ts";

export interface NotificationMessage {
  /** The same on every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
}

/** `detail` is a fact or a code, the same in every language. */
export type DeliveryOutcome =
  | { readonly kind: "delivered"; readonly detail: string }
  /** Trying again may help. */
  | { readonly kind: "failed"; readonly detail: string }
  /** Trying again does not help. */
  | { readonly kind: "refused"; readonly detail: string };

export interface NotificationChannel {
  readonly id: string;
  /** The lowest priority that is told. */
  readonly from: AlarmPriority;
  /** Never throws; ends when the signal aborts. */
  deliver(message: NotificationMessage, signal: AbortSignal): Promise<DeliveryOutcome>;
}
