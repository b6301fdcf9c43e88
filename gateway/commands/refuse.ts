/**
 * Pure: whether a command may be tried at all, and if not, why. What is refused by the kind of point is
 * refused whoever asks: the platform is not the safety interlock and never acts for it.
 */
import type { CataloguePoint, CommandTraits } from "../../core/catalogue.ts";
import type { CommandWhy } from "../../core/command.ts";
import type { PointId } from "../../core/ids.ts";

export interface Refusal {
  readonly why: CommandWhy;
  readonly detail: string;
}

export interface CommandContext {
  readonly point: CataloguePoint | undefined;
  /** The gas point that freezes the space of this output. */
  readonly frozenBy: PointId | undefined;
}

export function whyRefused(
  wish: { readonly point: PointId; readonly value: number },
  { point, frozenBy }: CommandContext,
): Refusal | undefined {
  if (point === undefined) {
    return { why: "unknownPoint", detail: `This gateway has no point "${wish.point}".` };
  }
  const { command } = point;
  if (command === undefined) {
    return { why: "notCommandable", detail: `"${wish.point}" is read only.` };
  }
  const forbidden = whyForbidden(point, wish.value);
  if (forbidden !== undefined) return { why: "notCommandable", detail: forbidden };
  const invalid = whyInvalid(command, wish.value);
  if (invalid !== undefined) {
    return { why: "valueInvalid", detail: `"${wish.point}" cannot be set to ${invalid}` };
  }
  if (frozenBy === undefined) return undefined;
  return {
    why: "roomFrozen",
    detail: `Nothing is switched in this space while ${frozenBy} shows combustible gas: a switch is a spark.`,
  };
}

function whyForbidden(point: CataloguePoint, value: number): string | undefined {
  if (point.hazard !== undefined) {
    return `"${point.point}" belongs to a detector, which is never reset, muted or calibrated from afar.`;
  }
  const isGasValve = point.quantity === "gasValve" || point.category === "gas";
  if (isGasValve && value !== 0) {
    return `"${point.point}" is a gas valve, which is only ever opened by a person beside it.`;
  }
  return undefined;
}

function whyInvalid(traits: CommandTraits, value: number): string | undefined {
  if (!Number.isFinite(value)) return "what is no number.";
  const { min, max, step, values } = traits;
  if (values !== undefined && !values.includes(value)) {
    return `${value}: allowed are ${values.join(", ")}.`;
  }
  if (min !== undefined && value < min) return `${value}: the least is ${min}.`;
  if (max !== undefined && value > max) return `${value}: the most is ${max}.`;
  if (step === undefined) return undefined;
  const steps = (value - (min ?? 0)) / step;
  if (Math.abs(steps - Math.round(steps)) < 1e-6) return undefined;
  return `${value}: it moves in steps of ${step}.`;
}
