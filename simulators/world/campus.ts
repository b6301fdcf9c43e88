/**
 * What a campus is made of, as the world needs it: rooms with people and loads, feeders that bring them
 * power, water and heat supplies, doors, and the devices that look at all of it. Data only.
 */
import type { Label } from "../../core/label.ts";

export type SpaceKind = "site" | "building" | "floor" | "room" | "outdoor";
export type RoomUse =
  | "classroom"
  | "laboratory"
  | "corridor"
  | "dormitory"
  | "kitchen"
  | "dining"
  | "storage"
  | "plant";

export interface CampusSpace {
  readonly id: string;
  readonly parent?: string;
  readonly kind: SpaceKind;
  readonly use?: RoomUse;
  readonly name: Label;
  readonly areaM2?: number;
  readonly laboratoryLevel?: number;
}

/** Who switches the lamps when nobody commands them. */
export type LightHabit = "people" | "opening" | "dusk";

/** A place with people and loads of its own: one room, or a floor of alike rooms taken together. */
export interface Room {
  readonly id: string;
  readonly use: RoomUse | "outdoor";
  readonly building: string;
  readonly feeder: string;
  readonly areaM2: number;
  readonly heightM: number;
  readonly seats: number;
  readonly lightW: number;
  readonly lightHabit: LightHabit;
  readonly socketBaseW: number;
  readonly socketPerPersonW: number;
  /** Electrical power of its air conditioners at full cooling; 0 without. */
  readonly coolingW: number;
  readonly waterLPerPersonH: number;
}

/** A circuit with a meter at its head. Losses are those of its own cable. */
export interface Feeder {
  readonly id: string;
  readonly parent?: string;
  /** Building whose main switch cuts it; the site's own feeder has none. */
  readonly building?: string;
  /** Pumps, network, lifts: always there. */
  readonly baseW: number;
  readonly lossShare: number;
  /** How the load falls on the phases; adds up to 1. */
  readonly phases: readonly [number, number, number];
  /** Energy on the register on the day of commissioning. */
  readonly energyAtStartKwh: number;
}

export interface WaterSupply {
  readonly id: string;
  readonly building: string;
  readonly volumeAtStartM3: number;
}

export interface HeatSupply {
  readonly id: string;
  readonly building: string;
  /** Heat lost per kelvin between inside and outside. */
  readonly lossWPerK: number;
  readonly energyAtStartKwh: number;
}

export interface Door {
  readonly id: string;
  readonly space: string;
  /** The room or building whose people walk through it. */
  readonly serves: string;
  readonly locked: boolean;
  readonly passagesPerHour: number;
}

export interface FumeHood {
  readonly id: string;
  readonly room: string;
}

export type DeviceRole =
  | { readonly kind: "electricityMeter"; readonly feeder: string }
  | { readonly kind: "waterMeter"; readonly supply: string }
  | { readonly kind: "heatMeter"; readonly supply: string }
  | { readonly kind: "relayBoard"; readonly rooms: readonly (string | undefined)[] }
  | { readonly kind: "roomSensor"; readonly room: string }
  | { readonly kind: "lighting"; readonly room: string }
  | { readonly kind: "fumeHood"; readonly hood: string }
  | { readonly kind: "labSensor"; readonly room: string; readonly position: 0 | 1 }
  | { readonly kind: "doorPanel"; readonly door: string }
  | { readonly kind: "generic" };

export type WireAddress =
  | { readonly protocol: "modbus"; readonly line: string; readonly unit: number }
  | { readonly protocol: "opcua"; readonly object: string }
  | { readonly protocol: "mqtt"; readonly topic: string };

export interface CampusDevice {
  readonly id: string;
  readonly name: Label;
  readonly profile: string;
  readonly space: string;
  readonly role: DeviceRole;
  readonly wire: WireAddress;
  readonly serial: string;
  /** Building whose power cut silences it; absent for devices on batteries or emergency supply. */
  readonly poweredBy?: string;
  /** Points that act or measure elsewhere than the device hangs. */
  readonly points?: Readonly<Record<string, { readonly space?: string; readonly name?: Label }>>;
}

export interface ModbusLine {
  readonly id: string;
  readonly transport: "tcp" | "rtu-over-tcp";
}

export interface Campus {
  readonly id: string;
  readonly name: Label;
  readonly zone: string;
  readonly spaces: readonly CampusSpace[];
  readonly rooms: readonly Room[];
  /** Parents before children. */
  readonly feeders: readonly Feeder[];
  readonly water: readonly WaterSupply[];
  readonly heat: readonly HeatSupply[];
  readonly doors: readonly Door[];
  readonly hoods: readonly FumeHood[];
  readonly lines: readonly ModbusLine[];
  readonly devices: readonly CampusDevice[];
}
