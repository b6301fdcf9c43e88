/** Which points a page shows and in which order: what is dangerous first, then what people ask for first. */
import type { PointView } from "../../api/contract.ts";

export interface PointGroup {
  readonly device: string;
  readonly points: readonly PointView[];
}

/** The quantities of a meter that people mean when they ask for it; the rest is for electricians. */
const ASKED_FIRST = [
  "activePower",
  "activeEnergy",
  "volume",
  "volumeFlow",
  "thermalEnergy",
  "thermalPower",
];

const GASES: readonly PointView["hazard"][] = ["combustibleGas", "toxicGas"];

/** Smaller comes first: what can hurt at once, other hazards, what can be switched, the rest. */
function rankOf(point: PointView): number {
  if (point.hazard) return GASES.includes(point.hazard) ? 0 : 0.5;
  if (point.command) return 1;
  if (point.point.endsWith(TOTAL_POWER)) return 2;
  return ASKED_FIRST.includes(point.quantity) ? 3 : 4;
}

/** The standard name of a meter's total active power; its phases have names of their own. */
export const TOTAL_POWER = "/power_active";

export function inOrder(points: readonly PointView[]): readonly PointView[] {
  return [...points].sort((a, b) => rankOf(a) - rankOf(b));
}

/** One group per device, the device of the most wanted point first. */
export function groupByDevice(points: readonly PointView[]): readonly PointGroup[] {
  const groups = new Map<string, PointView[]>();
  for (const point of inOrder(points)) {
    const group = groups.get(point.device);
    if (group) group.push(point);
    else groups.set(point.device, [point]);
  }
  return [...groups].map(([device, own]) => ({ device, points: own }));
}

export const isCommandable = (point: PointView): boolean => point.command !== undefined;

const hasHistory = (point: PointView): boolean => point.kind !== "text" && point.kind !== "event";

/** The point whose history opens by itself: a hazard, else power, else the first that has a shape. */
export function firstToChart(points: readonly PointView[]): PointView | undefined {
  const charted = inOrder(points).filter(hasHistory);
  return (
    charted.find((point) => point.hazard !== undefined && point.kind === "gauge") ??
    charted.find((point) => point.point.endsWith(TOTAL_POWER)) ??
    charted.find((point) => point.kind === "gauge") ??
    charted[0]
  );
}
