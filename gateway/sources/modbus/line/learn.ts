/**
 * What an answer teaches about a device's map, pure: an illegal address is bisected down to the one
 * bad point, a gap is proven or refused. The next plan is made from the result.
 */
import { gapKey, type Knowledge, type PlannedRead } from "../plan.ts";

export type Lesson =
  | { readonly kind: "cut"; readonly knowledge: Knowledge }
  | { readonly kind: "setAside"; readonly knowledge: Knowledge; readonly names: readonly string[] };

/** The device called an address in this read illegal. */
export function afterIllegal(knowledge: Knowledge, read: PlannedRead): Lesson {
  const seam = read.seams[Math.floor(read.seams.length / 2)];
  if (seam !== undefined) {
    const cuts = new Set(knowledge.cuts).add(`${read.table}:${seam}`);
    return { kind: "cut", knowledge: { ...knowledge, cuts } };
  }
  // The bad one is found: what was cut to find it may be whole again.
  const names = read.points.map((point) => point.name);
  const cuts = new Set([...knowledge.cuts].filter((cut) => !cut.startsWith(`${read.table}:`)));
  const setAside = new Set([...knowledge.setAside, ...names]);
  return { kind: "setAside", names, knowledge: { ...knowledge, cuts, setAside } };
}

export function afterProof(knowledge: Knowledge, read: PlannedRead, isProven: boolean): Knowledge {
  const keys = read.gaps.map(gapKey);
  if (isProven) return { ...knowledge, proven: new Set([...knowledge.proven, ...keys]) };
  return { ...knowledge, refused: new Set([...knowledge.refused, ...keys]) };
}

/** A point that was set aside answered when asked alone. */
export function afterRetrial(knowledge: Knowledge, name: string): Knowledge {
  const setAside = new Set(knowledge.setAside);
  setAside.delete(name);
  return { ...knowledge, setAside };
}
