/**
 * Where a profile's addresses stand on the wire. For most, exactly there; a SunSpec device has the marker
 * "SunS", then its common model, then its meter model, then the end (SunSpec Device Information Model
 * Specification §6), and addresses count from the model's first register.
 */
import type { ModbusAddress, ModbusProfile } from "../../device-profiles/profile.ts";

const COMMON_MODEL = 1;
const COMMON_LENGTH = 66;
const INTEGER_METER_LENGTH = 105;
const FLOAT_METER_LENGTH = 124;
const FLOAT_METERS_FROM = 211;
const END = 0xffff;
const ORDER = { words: "big", bytes: "big" } as const;

export interface FixedRegister {
  readonly read: ModbusAddress;
  readonly raw: number | string;
}

interface Chain {
  readonly base: number;
  readonly common: number;
  readonly meter: number;
  readonly model: number;
  readonly length: number;
  readonly end: number;
}

function chainOf({ sunspec }: ModbusProfile): Chain | undefined {
  const [base] = sunspec?.bases ?? [];
  const [model] = sunspec?.models ?? [];
  if (base === undefined || model === undefined) return undefined;
  const common = base + 2;
  const meter = common + 2 + COMMON_LENGTH;
  const length = model >= FLOAT_METERS_FROM ? FLOAT_METER_LENGTH : INTEGER_METER_LENGTH;
  return { base, common, meter, model, length, end: meter + 2 + length };
}

/** The address as it is asked for on the wire. */
export function onTheWire<Address extends ModbusAddress>(
  profile: ModbusProfile,
  address: Address,
): Address {
  const chain = chainOf(profile);
  const shift =
    profile.shiftBy === undefined ? 0 : (profile.settings[profile.shiftBy]?.default ?? 0);
  const start = address.model === COMMON_MODEL ? chain?.common : chain?.meter;
  return { ...address, address: address.address + (start ?? 0) + shift };
}

/** What a SunSpec device says of itself before any value; nothing for other devices. */
export function fixedRegisters(profile: ModbusProfile, serial: string): readonly FixedRegister[] {
  const chain = chainOf(profile);
  if (chain === undefined) return [];
  const word = (address: number, raw: number): FixedRegister => ({
    read: { table: "holding", address, type: "uint16", order: ORDER },
    raw,
  });
  const text = (address: number, length: number, raw: string): FixedRegister => ({
    read: { table: "holding", address, type: "string", length, order: ORDER },
    raw,
  });
  const { base, common, meter, model, length, end } = chain;
  return [
    text(base, 2, "SunS"),
    word(common, COMMON_MODEL),
    word(common + 1, COMMON_LENGTH),
    text(common + 2, 16, "Lamplighter"),
    text(common + 18, 16, "Simulated meter"),
    text(common + 42, 8, "1.0"),
    text(common + 50, 16, serial),
    word(common + 66, 1),
    word(common + 67, 0x8000),
    word(meter, model),
    word(meter + 1, length),
    word(meter + 1 + length, 0),
    word(end, END),
    word(end + 1, 0),
  ];
}
