/**
 * What a condition looks at when it is not the value itself: how far it rose or fell over a window, or how
 * often it changed within one. Pure: a sample goes in, the same sample with the derived value comes out,
 * or nothing while too little is known. Bad samples pass as they are.
 */
import { evidenceOf } from "./condition.ts";
import type { Sample } from "./sample.ts";
import { type Duration, earlier, type Instant } from "./time.ts";

export const DERIVATIONS = ["riseOver", "fallOver", "changesIn"] as const;
export type Derivation = (typeof DERIVATIONS)[number];

export interface Derived {
  readonly what: Derivation;
  readonly window: Duration;
}

/** A denser series is thinned to this many samples of a window. */
export const WINDOW_SAMPLES_MAX = 600;

interface Kept {
  readonly time: Instant;
  readonly value: number;
}

export interface WindowState {
  /** Oldest first; the first lies at or before the window's beginning once there is one so old. */
  readonly kept: readonly Kept[];
}

export const emptyWindow: WindowState = { kept: [] };

export interface DerivedStep {
  readonly state: WindowState;
  readonly sample: Sample | undefined;
}

/** Takes samples in the order of their times; older ones are passed over. */
export function derive(derived: Derived, state: WindowState, sample: Sample): DerivedStep {
  const { value, mayRaise } = evidenceOf(sample);
  if (value === undefined || !mayRaise || sample.quality === "bad") return { state, sample };
  const newest = state.kept.at(-1);
  if (newest !== undefined && sample.time <= newest.time) return { state, sample: undefined };
  const from = earlier(sample.time, derived.window);
  const kept = keptAfter(derived, state.kept, { time: sample.time, value }, from);
  const answer = derivedValue(derived, kept, from);
  const next = { kept };
  if (answer === undefined) return { state: next, sample: undefined };
  return { state: next, sample: { ...sample, value: answer } };
}

function keptAfter(
  { what, window }: Derived,
  before: readonly Kept[],
  now: Kept,
  from: Instant,
): readonly Kept[] {
  const isChange = before.at(-1)?.value !== now.value;
  const spacing = window / WINDOW_SAMPLES_MAX;
  const isSoon = now.time - (before.at(-2)?.time ?? 0) < spacing;
  // A window of changes keeps changes only; a window of values, no denser than it must.
  const head = what === "changesIn" ? before : isSoon ? before.slice(0, -1) : before;
  const all = what === "changesIn" && !isChange ? before : [...head, now];
  const firstInside = all.findIndex((one) => one.time > from);
  const start = Math.max(0, (firstInside === -1 ? all.length : firstInside) - 1);
  return all.slice(Math.max(start, all.length - WINDOW_SAMPLES_MAX - 1));
}

function derivedValue({ what }: Derived, kept: readonly Kept[], from: Instant): number | undefined {
  const [first, ...rest] = kept;
  const last = kept.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (what === "changesIn") return rest.filter((one) => one.time > from).length;
  // Until a whole window is known, what was seen of it is a lower bound, which may raise all the same.
  return what === "riseOver" ? last.value - first.value : first.value - last.value;
}
