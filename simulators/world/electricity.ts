/**
 * Power up the meter tree. A feeder carries its rooms, its base load and the feeders below it, plus what
 * its own cable loses; so a parent always shows slightly more than its children together.
 */
import type { Feeder } from "./campus.ts";
import { wander } from "./chance.ts";
import type { Load } from "./demand.ts";
import type { Plan, PlannedFeeder } from "./plan.ts";

export interface FeederFlow extends Load {
  activeW: number;
  reactiveVar: number;
}

export const NOMINAL_V = 230;
const FREQUENCY_HZ = 50;

/** Turns each feeder's own load into its whole load, children first, in place. */
export function sumUp(plan: Plan, flows: readonly FeederFlow[]): void {
  for (let i = plan.feeders.length - 1; i >= 0; i--) {
    const planned = plan.feeders[i];
    const flow = flows[i];
    if (planned === undefined || flow === undefined) continue;
    flow.activeW *= 1 + planned.feeder.lossShare;
    const above = flows[planned.parent];
    if (above === undefined) continue;
    above.activeW += flow.activeW;
    above.reactiveVar += flow.reactiveVar;
  }
}

/** What the terminals of a meter show besides power and energy. */
export interface Phase {
  readonly voltageV: number;
  readonly currentA: number;
  readonly activeW: number;
  readonly reactiveVar: number;
  readonly apparentVa: number;
  readonly powerFactor: number;
}

export type PhaseIndex = 0 | 1 | 2;

/** The third phase takes what the others leave, so that the three always add up to the whole. */
function shareOf(
  seed: number,
  feeder: Feeder,
  key: number,
  phase: PhaseIndex,
  time: number,
): number {
  const moved = (of: 0 | 1): number =>
    feeder.phases[of] * (1 + 0.03 * wander(seed, key + of, time / 90_000));
  return phase === 2 ? 1 - moved(0) - moved(1) : moved(phase);
}

/** `time` in ms only makes the mains breathe; a dead feeder shows nothing at all. */
export function phaseOf(
  seed: number,
  { feeder, key }: PlannedFeeder,
  flow: FeederFlow,
  phase: PhaseIndex,
  time: number,
  live: boolean,
): Phase {
  const share = shareOf(seed, feeder, key, phase, time);
  const activeW = live ? flow.activeW * share : 0;
  const reactiveVar = live ? flow.reactiveVar * share : 0;
  const sag = activeW / 60_000;
  const voltageV = live
    ? NOMINAL_V + 3.5 * wander(seed, key + 7 + phase, time / 240_000) + 2 - Math.min(6, sag)
    : 0;
  const apparentVa = Math.hypot(activeW, reactiveVar);
  return {
    voltageV,
    activeW,
    reactiveVar,
    apparentVa,
    currentA: voltageV === 0 ? 0 : apparentVa / voltageV,
    powerFactor: apparentVa === 0 ? 1 : activeW / apparentVa,
  };
}

export const frequencyAt = (seed: number, time: number): number =>
  FREQUENCY_HZ + 0.03 * wander(seed, 0x4672, time / 20_000);

export const powerFactorOf = ({ activeW, reactiveVar }: FeederFlow): number => {
  const apparent = Math.hypot(activeW, reactiveVar);
  return apparent === 0 ? 1 : activeW / apparent;
};
