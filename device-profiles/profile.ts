/**
 * What a device type can say and be told, as typed values. `parse.ts` makes them from the YAML files in
 * this folder; `README.md` is the reference of the files. No program logic lives in a profile.
 */
import type { EnergyCategory, FallbackPlace, HazardKind } from "../core/catalogue.ts";
import type { Label } from "../core/label.ts";
import type { UnitCode } from "../core/quantity.ts";
import type { PointKind } from "../core/sample.ts";
import type { Duration } from "../core/time.ts";

/** How often a point is asked for; the periods are in `POLL_PERIODS` and may be set per connection. */
export const POLL_CLASSES = ["hazard", "fast", "power", "energy", "slow", "configuration"] as const;
export type PollClass = (typeof POLL_CLASSES)[number];

export type Profile = ModbusProfile | OpcuaProfile | MqttProfile;

interface ProfileBase {
  /** `<vendor>/<model>`, the path of the file. */
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly name: Label;
  /** Where the facts come from: manual, published map, another program's code. */
  readonly sources: readonly string[];
  /** False until vectors from a source other than the map itself agree. */
  readonly confirmed: boolean;
  readonly notes: readonly string[];
  /** Things that must be set per installation, with what applies when they are not. */
  readonly settings: Readonly<Record<string, ProfileSetting>>;
}

export interface ProfileSetting {
  readonly name: Label;
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** What every protocol says of a point in the same words. */
export interface ProfilePoint {
  /** From `points.yaml`: the same name for the same quantity on every device. */
  readonly name: string;
  readonly kind: PointKind;
  readonly unit: UnitCode;
  readonly quantity: string;
  readonly label: Label;
  readonly category?: EnergyCategory;
  /** Sub-item of the energy category (分项). */
  readonly subItem?: string;
  readonly hazard?: HazardKind;
  /** Meaning of a state's numbers. */
  readonly labels?: Readonly<Record<string, Label>>;
  /** Keyed-hashed in the gateway before it goes anywhere. */
  readonly personal: boolean;
  /** Each message is an event of its own: never merged, never dropped, never a state. */
  readonly momentary: boolean;
  readonly poll: PollClass;
  /** Changes up to this are not passed on, in the point's unit. */
  readonly deadband: number;
  /** Passed on at the latest after this, changed or not. */
  readonly heartbeat: Duration;
  /** Values that are no values: raw, before scaling. */
  readonly sentinels: readonly number[];
  readonly scale: number;
  readonly offset: number;
  /** Plausible values, after scaling; outside is `outOfRange`. */
  readonly range?: { readonly min: number; readonly max: number };
  /** Another point of this device that must have one of these values, else this one is `gated`. */
  readonly gate?: { readonly point: string; readonly values: readonly number[] };
  readonly command?: ProfileCommand;
}

export interface ProfileCommand {
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly values?: readonly number[];
  readonly settle: Duration;
  readonly proof: "readBack" | "none";
  readonly tolerance: number;
  readonly fallback?: { readonly value: number; readonly place: FallbackPlace };
  /** Least time between two switchings, for relays and lamps. */
  readonly pauseMin?: Duration;
}

// ── Modbus ───────────────────────────────────────────────────────────────────────────────────────

export const MODBUS_TABLES = ["coil", "discrete", "input", "holding"] as const;
export type ModbusTable = (typeof MODBUS_TABLES)[number];

export const MODBUS_TYPES = [
  "bit",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
  "bcd16",
  "bcd32",
  "string",
] as const;
export type ModbusType = (typeof MODBUS_TYPES)[number];

/** Order of registers and of bytes in a register; `big`/`big` is what the specification suggests. */
export interface ModbusOrder {
  readonly words: "big" | "little";
  readonly bytes: "big" | "little";
}

export interface ModbusAddress {
  readonly table: ModbusTable;
  /** As on the wire, from 0. */
  readonly address: number;
  readonly type: ModbusType;
  readonly order: ModbusOrder;
  /** Registers of a string. */
  readonly length?: number;
  /** Bits of the raw word that count, moved down by `shift` after masking. */
  readonly mask?: number;
  readonly shift?: number;
}

export interface ModbusPoint extends ProfilePoint {
  readonly read: ModbusAddress;
  /** Scale factor as a power of ten in another register (SunSpec, some Chinese meters). */
  readonly exponentFrom?: ModbusAddress;
  /** Settings whose product multiplies the value: `ct`, `pt`. */
  readonly multiplyBy: readonly string[];
  /** Where and how a command is written; absent means read-only. */
  readonly write?: {
    readonly function:
      | "writeCoil"
      | "writeRegister"
      | "writeCoils"
      | "writeRegisters"
      | "maskWrite";
    readonly address: number;
    readonly type: ModbusType;
    readonly order: ModbusOrder;
  };
}

export interface ModbusProfile extends ProfileBase {
  readonly protocol: "modbus";
  readonly limits: {
    readonly registersMax: number;
    readonly coilsMax: number;
    /** Registers that are only answered when asked for alone. */
    readonly readAlone: readonly ModbusRange[];
    /** Registers that must never be asked for, not even inside a gap. */
    readonly prohibited: readonly ModbusRange[];
    /** Unrelated registers that may be read along to merge two requests. */
    readonly gapMax: number;
    readonly pauseAfterConnect: Duration;
    readonly pauseBetween: Duration;
    readonly answerWithin: Duration;
  };
  readonly points: readonly ModbusPoint[];
}

export interface ModbusRange {
  readonly table: ModbusTable;
  readonly from: number;
  readonly through: number;
}

// ── OPC UA ───────────────────────────────────────────────────────────────────────────────────────

export interface OpcuaPoint extends ProfilePoint {
  /** Browse names below the device's own object, each `<namespace alias>:<name>`. */
  readonly path: readonly string[];
  /** Variant type to write with. */
  readonly writeType?:
    | "Boolean"
    | "Byte"
    | "Int16"
    | "UInt16"
    | "Int32"
    | "UInt32"
    | "Float"
    | "Double";
}

export interface OpcuaProfile extends ProfileBase {
  readonly protocol: "opcua";
  /** Alias → namespace URI: indexes differ from server to server and from start to start. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly points: readonly OpcuaPoint[];
}

// ── MQTT ─────────────────────────────────────────────────────────────────────────────────────────

export interface MqttPoint extends ProfilePoint {
  /** Below the device's base topic; `""` is the base topic itself. */
  readonly topic: string;
  /** Path into the JSON payload; absent when the payload is the value itself. */
  readonly path?: readonly (string | number)[];
  /** Words of the payload that stand for numbers: {"ON": 1, "OFF": 0}. */
  readonly words?: Readonly<Record<string, number>>;
  /** For events: fields of the JSON message that make up the event, by our name. */
  readonly fields?: Readonly<Record<string, MqttEventField>>;
  /** Where a command is published and what: `{value}` stands for the value or its word. */
  readonly write?: { readonly topic: string; readonly payload: string };
}

export interface MqttEventField {
  readonly path: readonly (string | number)[];
  readonly personal: boolean;
}

export interface MqttProfile extends ProfileBase {
  readonly protocol: "mqtt";
  /** Path to the device's own time in the message, and how it is written. */
  readonly time?: {
    readonly path: readonly (string | number)[];
    readonly format: "iso" | "seconds" | "milliseconds";
  };
  /** Topic and words that say whether the device is there. */
  readonly availability?: {
    readonly topic: string;
    readonly path?: readonly (string | number)[];
    readonly online: string;
    readonly offline: string;
  };
  /** Longest silence before the device counts as lost. */
  readonly silentAfter: Duration;
  readonly points: readonly MqttPoint[];
}
