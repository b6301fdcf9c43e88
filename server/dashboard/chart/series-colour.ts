/** The colour of a series by what is measured, the same on every page. */
import type { PointView } from "../../api/contract.ts";

type Measured = NonNullable<PointView["category"]> | "other";

/** Gauges carry no category of their own: what they belong to is in their quantity. */
const MEASURED_BY: Readonly<Record<string, Measured>> = {
  activePower: "electricity",
  reactivePower: "electricity",
  apparentPower: "electricity",
  activePowerDemand: "electricity",
  voltage: "electricity",
  current: "electricity",
  volume: "water",
  volumeFlow: "water",
  thermalPower: "heat",
  thermalEnergy: "heat",
};

/** The name of the custom property that holds it. */
export const seriesColour = ({
  category,
  quantity,
}: Pick<PointView, "category" | "quantity">): string =>
  `--series-${category ?? MEASURED_BY[quantity] ?? "other"}`;
