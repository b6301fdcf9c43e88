/**
 * Pure: who holds an output. The highest priority wins; among equals the newest. When a lease ends, the
 * next lower holder whose lease still runs takes over, and with none left the fallback applies.
 */
import { type Priority, rankOf } from "../../core/command.ts";
import type { CommandId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";

export interface Hold {
  readonly command: CommandId;
  readonly value: number;
  readonly priority: Priority;
  /** Absent: until another takes its place. */
  readonly until?: Instant;
}

/** Highest priority first, one hold per priority. */
export type Holders = readonly Hold[];

export type Placement =
  | { readonly kind: "holds"; readonly holders: Holders }
  /** It is remembered and would apply when the higher one ends. */
  | { readonly kind: "heldHigher"; readonly holders: Holders; readonly by: Hold };

export function place(holders: Holders, hold: Hold, now: Instant): Placement {
  const others = running(holders, now).filter((h) => h.priority !== hold.priority);
  const next = [...others, hold].sort((a, b) => rankOf(a.priority) - rankOf(b.priority));
  const top = next[0];
  if (top === undefined || top.command === hold.command) return { kind: "holds", holders: next };
  return { kind: "heldHigher", holders: next, by: top };
}

/** A hold whose command failed never applied. */
export const withdraw = (holders: Holders, command: CommandId): Holders =>
  holders.filter((hold) => hold.command !== command);

export const running = (holders: Holders, now: Instant): Holders =>
  holders.filter((hold) => hold.until === undefined || hold.until > now);

export type Change =
  | { readonly kind: "none" }
  | { readonly kind: "holder"; readonly value: number; readonly hold: Hold }
  | { readonly kind: "fallback"; readonly value: number }
  | { readonly kind: "released" };

/** What must be written when time has passed from `holders` to now; `fallback` is the gateway's own. */
export function expire(
  holders: Holders,
  fallback: number | undefined,
  now: Instant,
): { readonly holders: Holders; readonly change: Change } {
  const left = running(holders, now);
  const before = holders[0];
  const top = left[0];
  if (before === undefined || before.command === top?.command) {
    return { holders: left, change: { kind: "none" } };
  }
  if (top !== undefined) {
    return { holders: left, change: { kind: "holder", value: top.value, hold: top } };
  }
  if (fallback === undefined) return { holders: left, change: { kind: "released" } };
  return { holders: left, change: { kind: "fallback", value: fallback } };
}
