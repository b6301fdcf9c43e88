/**
 * What a device type can say and be told, as typed values. `parse.ts` makes them from the YAML
 * files in this folder; `README.md` is the reference of the files. No program logic lives in a
 * profile.
 */
import type { EnergyCategory, FallbackPlace, HazardKind } from "../core/catalogue.ts";
import type { Label } from "../core/label.ts";
import type { UnitCode } from "../core/quantity.ts";
import type { PointKind } from "../core/sample.ts";
import type { Duration } from "../core/time.ts";

/**
 * How often a point is asked for; the periods are in `POLL_PERIODS` and may be set per
 * connection.
 */
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
  /** How sure the facts are; `high`: a manufacturer's table or two sources that agree. */
  readonly confidence?: Confidence;
  /** What sources say differently, and which of them this profile follows. */
  readonly disagreements?: readonly string[];
  /** Other models that share this profile, with their differences. */
  readonly variants?: readonly string[];
  /** Factory settings of the line; shown to people, never applied by themselves. */
  readonly factory?: FactorySettings;
  /** A device that answers while this point stands still longer than this is not alive. */
  readonly liveness?: { readonly point: string; readonly changesWithin: Duration };
}

export const CONFIDENCES = ["high", "medium", "low"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export interface FactorySettings {
  /** False when no source confirms them: people must look at the device. */
  readonly confirmed: boolean;
  readonly unit?: number;
  readonly baud?: number;
  readonly parity?: "none" | "even" | "odd";
  readonly stopBits?: 1 | 2;
  /** TCP or UDP port. */
  readonly port?: number;
  readonly transports?: readonly ("serial" | "tcp" | "udp")[];
  readonly topic?: string;
  readonly note?: string;
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
  /**
   * Raw values that stand for our numbers, instead of scale and offset; others are `outOfRange`.
   */
  readonly codes?: Readonly<Record<string, number>>;
  /** A counter begins at zero again after this, in the point's unit. */
  readonly wrapsAt?: number;
  /** A counter may fall by this much without having been reset, in the point's unit. */
  readonly stepBackMax?: number;
  /** How sure this line is, when it is less than the profile says of itself. */
  readonly confidence?: Confidence;
  /** What the vendor calls it or people should know of it. */
  readonly note?: string;
  /** The same quantity in the words of Brick and Project Haystack, carried along for others. */
  readonly brick?: string;
  readonly haystack?: string;
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

/**
 * Order of registers and of bytes in a register; `big`/`big` is what the specification suggests.
 */
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
  /** Characters in each register of a string; 2 when absent. */
  readonly charactersPerRegister?: 1 | 2;
  /** The registers' hexadecimal digits are the string, not their characters: card numbers. */
  readonly hex?: boolean;
  /**
   * SunSpec: the address counts from the first register (the id) of this model's block, not of the
   * meter's; of several such blocks the nearest before the meter's.
   */
  readonly model?: number;
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
  /** Registers whose values multiply the value: a transformer ratio, a unit code. */
  readonly multiplyFrom?: readonly ModbusFactor[];
  /** Added to the value, each scaled on its own: a counter split in whole and decimal part. All are
   * read in one request, else the parts may be of different moments. */
  readonly plus?: readonly { readonly read: ModbusAddress; readonly scale: number }[];
  /** Must be asked for in a request of its own. */
  readonly alone?: boolean;
  /** The device cannot be asked for it, only told; `read` then says no more than where. */
  readonly writeOnly?: boolean;
  readonly handshake?: ModbusHandshake;
  /** Where and how a command is written; absent means read-only. */
  readonly write?: ModbusWrite;
}

export const MODBUS_WRITE_FUNCTIONS = [
  "writeCoil",
  "writeRegister",
  "writeCoils",
  "writeRegisters",
  "maskWrite",
] as const;
export type ModbusWriteFunction = (typeof MODBUS_WRITE_FUNCTIONS)[number];

export interface ModbusWrite {
  readonly function: ModbusWriteFunction;
  readonly address: number;
  readonly type: ModbusType;
  readonly order: ModbusOrder;
  /** Bits that `maskWrite` may change; the value is moved up by `shift`. */
  readonly mask?: number;
  readonly shift?: number;
}

export interface ModbusFactor {
  readonly read: ModbusAddress;
  /** Applied to the register's value; 1 when absent. */
  readonly scale?: number;
  /** Factor for each value of the register; a value that is not listed makes the point bad. */
  readonly values?: Readonly<Record<string, number>>;
}

/** The device holds one event until it is taken: while `ready` has one of the values, the point is
 * read, kept, and only then `clear` is written. */
export interface ModbusHandshake {
  readonly ready: ModbusAddress;
  readonly values: readonly number[];
  readonly clear: ModbusWrite & { readonly value: number };
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
  /**
   * Written again and again while the gateway lives: without it the device goes to its own safe
   * state.
   */
  readonly keepAlive?: {
    readonly write: ModbusWrite;
    /** Written in turn. */
    readonly values: readonly number[];
    readonly every: Duration;
  };
  /** Setting added to every address: some manuals print addresses one too high. */
  readonly shiftBy?: string;
  /**
   * SunSpec: the marker "SunS" is looked for at each base in turn, then the chain of models is
   * walked. Addresses count from the first register (the id) of the first of `models` that is
   * found.
   */
  readonly sunspec?: {
    readonly bases: readonly number[];
    readonly models: readonly number[];
    /**
     * Setting that says which logical device of the chain is meant, from 1: each begins with a Common
     * model (1). Without it the first of `models` anywhere in the chain.
     */
    readonly deviceBy?: string;
  };
  /** What these registers hold tells this device type from others. */
  readonly fingerprint?: readonly {
    readonly read: ModbusAddress;
    readonly values: readonly (number | string)[];
    readonly alone: boolean;
  }[];
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
  /** Points of kind `event`: this event type instead of a variable, `<namespace alias>:<name>`. */
  readonly eventType?: string;
  /** Fields of the event that make up the message, by our name; `path` are browse names. */
  readonly fields?: Readonly<Record<string, OpcuaEventField>>;
  /** Words of a text variable or names of an enumeration that stand for numbers. */
  readonly words?: Readonly<Record<string, number>>;
}

export interface OpcuaEventField {
  readonly path: readonly string[];
  readonly personal: boolean;
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
  /** Words of the payload that stand for numbers: {"ON": 1, "OFF": 0}. JSON true and false are the
   * words "true" and "false", and are 1 and 0 when no words are given. */
  readonly words?: Readonly<Record<string, number>>;
  /** Payload values that say nothing and are passed over. */
  readonly ignore?: readonly string[];
  /** The message counts for this point only when all of these hold. */
  readonly when?: readonly MqttCondition[];
  /** The same quantity in other messages of the device. */
  readonly also?: readonly {
    readonly topic: string;
    readonly path?: readonly (string | number)[];
  }[];
  /** A message without the path leaves the point as it was; otherwise it makes it bad. */
  readonly partial?: boolean;
  /** For events: fields of the JSON message that make up the event, by our name. */
  readonly fields?: Readonly<Record<string, MqttEventField>>;
  /** Where a command is published and what: `{value}` stands for the value or its word. */
  readonly write?: { readonly topic: string; readonly payload: string };
}

export interface MqttCondition {
  readonly path: readonly (string | number)[];
  readonly values: readonly (string | number | boolean)[];
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
    /** The device writes the site's local time without saying so; UTC when absent. */
    readonly zone?: "site";
  };
  /**
   * `below` (when absent): topics hang below the device's base topic. `whole`: they are
   * complete, and `{base}` in them stands for the device's base topic.
   */
  readonly topics?: "below" | "whole";
  /**
   * Several devices on one topic: a message that has this path is this device's only when it
   * holds the device's `serial`; messages without the path are told apart by their topics alone.
   */
  readonly serialAt?: readonly (string | number)[];
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
