/**
 * What a gateway announces at birth: its devices and points, so that the server needs no device
 * knowledge of its own. Parsed here because both sides and every foreign gateway meet at this document.
 */
import { z } from "zod";
import type { ConnectionId, DeviceId, GatewayId, PointId, SiteId, SpaceId } from "./ids.ts";
import { isPointName, parseDeviceId, parseGatewayId, parsePointId, parseSpaceId } from "./ids.ts";
import type { Label } from "./label.ts";
import { failure, type Outcome, success } from "./outcome.ts";
import { UNIT_CODES, type UnitCode } from "./quantity.ts";
import { POINT_KINDS, type PointKind } from "./sample.ts";
import type { Duration } from "./time.ts";

export const CATALOGUE_DEVICES_MAX = 20_000;
export const CATALOGUE_POINTS_MAX = 200_000;
/** A longer birth message passes no broker of ours. */
export const CATALOGUE_BYTES_MAX = 8_000_000;

/** What a sensor guards against; the kinds the shipped rules know. */
export const HAZARD_KINDS = [
  "combustibleGas",
  "toxicGas",
  "oxygen",
  "smoke",
  "fire",
  "waterLeak",
  "airflow",
  "panic",
  "residualCurrent",
  "cableTemperature",
] as const;
export type HazardKind = (typeof HAZARD_KINDS)[number];

/** What is metered, as the national codes divide it (分类). */
export const ENERGY_CATEGORIES = ["electricity", "water", "heat", "cold", "gas"] as const;
export type EnergyCategory = (typeof ENERGY_CATEGORIES)[number];

/** Where the output goes when nothing commands it any more. */
export const FALLBACK_PLACES = ["device", "gateway", "none"] as const;
export type FallbackPlace = (typeof FALLBACK_PLACES)[number];

/** What may be commanded, and how a command proves itself. */
export interface CommandTraits {
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** Closed set of values where the point is an enumeration or a switch. */
  readonly values?: readonly number[];
  /** How long after a write the device may still show the old value. */
  readonly settleMs: number;
  /** `readBack`: the point itself shows the new value. `none`: a momentary output, never verifiable. */
  readonly proof: "readBack" | "none";
  /** Difference below which a read-back counts as equal. */
  readonly tolerance: number;
  /** The value that applies when nothing holds the output, and who applies it. */
  readonly fallback?: { readonly value: number; readonly place: FallbackPlace };
}

export interface CataloguePoint {
  readonly point: PointId;
  readonly device: DeviceId;
  /** Where the point acts or measures, when that is not its device's own space (a relay board's lamps). */
  readonly space?: SpaceId;
  readonly kind: PointKind;
  readonly unit: UnitCode;
  /** What is measured or switched in one word of the trade: `activePower`, `lightSwitch`, `occupancy`. */
  readonly quantity: string;
  readonly name: Label;
  readonly category?: EnergyCategory;
  readonly hazard?: HazardKind;
  /** Meaning of a state's numbers: {"0": {zh: "关", en: "off"}}. */
  readonly labels?: Readonly<Record<string, Label>>;
  /** After this long without a sample the value is stale. */
  readonly expectEvery: Duration;
  readonly command?: CommandTraits;
}

export interface CatalogueDevice {
  readonly device: DeviceId;
  readonly name: Label;
  readonly space: SpaceId;
  readonly connection: ConnectionId;
  /** `<vendor>/<model>` of the profile it was read with. */
  readonly profile: string;
  readonly serial?: string;
}

export interface Catalogue {
  readonly site: SiteId;
  readonly gateway: GatewayId;
  /** Changes whenever anything in it changes. */
  readonly version: string;
  readonly devices: readonly CatalogueDevice[];
  readonly points: readonly CataloguePoint[];
}

/** zod's check from one of our parsers, so that the sentence is written once. */
function named(parse: (text: string) => Outcome<unknown, string>) {
  return z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
  });
}

const label = z.object({ zh: z.string().min(1).max(200), en: z.string().min(1).max(200) });

const commandTraits = z.object({
  min: z.number().optional(),
  max: z.number().optional(),
  step: z.number().positive().optional(),
  values: z.array(z.number()).min(1).max(64).optional(),
  settleMs: z.number().int().min(0).max(600_000),
  proof: z.enum(["readBack", "none"]),
  tolerance: z.number().min(0),
  fallback: z.object({ value: z.number(), place: z.enum(FALLBACK_PLACES) }).optional(),
});

const catalogueSchema = z.object({
  site: z.string().min(1),
  gateway: named(parseGatewayId),
  version: z.string().min(1).max(128),
  devices: z
    .array(
      z.object({
        device: named(parseDeviceId),
        name: label,
        space: named(parseSpaceId),
        connection: z.string().min(1).max(64),
        profile: z.string().min(1).max(128),
        serial: z.string().max(128).optional(),
      }),
    )
    .max(CATALOGUE_DEVICES_MAX),
  points: z
    .array(
      z.object({
        point: named(parsePointId),
        device: named(parseDeviceId),
        space: named(parseSpaceId).optional(),
        kind: z.enum(POINT_KINDS),
        unit: z.enum(UNIT_CODES as [UnitCode, ...UnitCode[]]),
        quantity: z.string().min(1).max(64),
        name: label,
        category: z.enum(ENERGY_CATEGORIES).optional(),
        hazard: z.enum(HAZARD_KINDS).optional(),
        labels: z.record(z.string(), label).optional(),
        expectEvery: z.number().positive(),
        command: commandTraits.optional(),
      }),
    )
    .max(CATALOGUE_POINTS_MAX),
});

/** Reads a birth message; the failure lists every problem with its path. */
export function parseCatalogue(json: unknown): Outcome<Catalogue, readonly string[]> {
  const parsed = catalogueSchema.safeParse(json);
  if (!parsed.success) {
    return failure(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`));
  }
  const catalogue = parsed.data as unknown as Catalogue;
  const problems = crossCheck(catalogue);
  return problems.length === 0 ? success(catalogue) : failure(problems);
}

function crossCheck(catalogue: Catalogue): readonly string[] {
  const problems: string[] = [];
  const devices = new Set<string>();
  for (const { device } of catalogue.devices) {
    if (devices.has(device)) problems.push(`devices: "${device}" is there twice`);
    devices.add(device);
  }
  const points = new Set<string>();
  for (const { point, device } of catalogue.points) {
    if (points.has(point)) problems.push(`points: "${point}" is there twice`);
    points.add(point);
    if (!devices.has(device)) problems.push(`points: "${point}" belongs to no announced device`);
    const name = point.slice(device.length + 1);
    if (!point.startsWith(`${device}/`) || !isPointName(name)) {
      problems.push(`points: "${point}" does not begin with its device "${device}/"`);
    }
  }
  return problems;
}
