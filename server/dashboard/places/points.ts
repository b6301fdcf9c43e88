/** Which points a page shows and in which order: what is dangerous first, then as devices list them. */
import type { PointView } from "../../api/contract.ts";

export function inOrder(points: readonly PointView[]): readonly PointView[] {
  return [...points].sort(
    (a, b) =>
      Number(b.hazard !== undefined) - Number(a.hazard !== undefined) ||
      a.device.localeCompare(b.device),
  );
}

export const isCommandable = (point: PointView): boolean => point.command !== undefined;

const hasHistory = (point: PointView): boolean => point.kind !== "text" && point.kind !== "event";

/** The point whose history opens by itself: a hazard, else power, else the first that has a shape. */
export function firstToChart(points: readonly PointView[]): PointView | undefined {
  const charted = points.filter(hasHistory);
  return (
    charted.find((point) => point.hazard !== undefined && point.kind === "gauge") ??
    charted.find((point) => point.point.endsWith("/power_active")) ??
    charted.find((point) => point.kind === "gauge") ??
    charted[0]
  );
}
