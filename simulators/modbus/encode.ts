/**
 * A physical value → raw registers, as the device's map says. Written from the specification and the maps
 * alone; the gateway's decoder is another hand, so that a byte order misread on one side shows.
 */
import type { ModbusAddress, ModbusPoint, ModbusType } from "../../device-profiles/profile.ts";

export const registersOf = (address: ModbusAddress): number => {
  switch (address.type) {
    case "bit":
    case "int16":
    case "uint16":
    case "bcd16":
      return 1;
    case "int32":
    case "uint32":
    case "float32":
    case "bcd32":
      return 2;
    case "int64":
    case "uint64":
    case "float64":
      return 4;
    case "string":
      return address.length ?? 1;
  }
};

/** What the point's raw number must be for the gateway to see `value`. */
export function rawOf(point: ModbusPoint, value: number): number {
  return (value - point.offset) / point.scale;
}

/** The registers in the order they stand on the wire, 16 bits each. */
export function encode(address: ModbusAddress, raw: number | string): readonly number[] {
  const bytes = typeof raw === "string" ? textBytes(raw, address) : numberBytes(address, raw);
  const registers: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    const high = bytes[i] ?? 0;
    const low = bytes[i + 1] ?? 0;
    registers.push(address.order.bytes === "big" ? (high << 8) | low : (low << 8) | high);
  }
  return address.order.words === "big" ? registers : registers.reverse();
}

function textBytes(text: string, address: ModbusAddress): Buffer {
  const bytes = Buffer.alloc(registersOf(address) * 2);
  // Some maps spend a whole register on each character.
  const spaced =
    address.charactersPerRegister === 1 ? [...text].map((c) => `\0${c}`).join("") : text;
  bytes.write(spaced, "latin1");
  return bytes;
}

function numberBytes({ type, shift = 0 }: ModbusAddress, raw: number): Buffer {
  const bytes = Buffer.alloc(byteLengths[type]);
  const whole = Math.round(raw) * 2 ** shift;
  switch (type) {
    case "float32":
      bytes.writeFloatBE(raw);
      break;
    case "float64":
      bytes.writeDoubleBE(raw);
      break;
    case "bcd16":
    case "bcd32":
      bytes.write(
        String(Math.abs(whole))
          .padStart(bytes.length * 2, "0")
          .slice(-bytes.length * 2),
        "hex",
      );
      break;
    case "int64":
    case "uint64":
      bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(Number.isFinite(whole) ? whole : 0)));
      break;
    default:
      bytes.writeUIntBE(wrap(whole, bytes.length), 0, bytes.length);
  }
  return bytes;
}

const byteLengths: Readonly<Record<ModbusType, number>> = {
  bit: 2,
  int16: 2,
  uint16: 2,
  bcd16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  bcd32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
  string: 0,
};

/** Two's complement, and counters run over as they do in devices. */
function wrap(whole: number, bytes: number): number {
  const size = 2 ** (bytes * 8);
  const rest = (Number.isFinite(whole) ? whole : 0) % size;
  return rest < 0 ? rest + size : rest;
}

/** Registers → raw number, for what a master writes. */
export function decodeWritten(
  address: Omit<ModbusAddress, "table">,
  words: readonly number[],
): number {
  const ordered = address.order.words === "big" ? words : [...words].reverse();
  const bytes = Buffer.alloc(ordered.length * 2);
  ordered.forEach((word, i) => {
    if (address.order.bytes === "big") bytes.writeUInt16BE(word, i * 2);
    else bytes.writeUInt16LE(word, i * 2);
  });
  switch (address.type) {
    case "float32":
      return bytes.readFloatBE(0);
    case "float64":
      return bytes.readDoubleBE(0);
    case "int16":
      return bytes.readInt16BE(0);
    case "int32":
      return bytes.readInt32BE(0);
    case "int64":
      return Number(bytes.readBigInt64BE(0));
    case "uint64":
      return Number(bytes.readBigUInt64BE(0));
    case "bcd16":
    case "bcd32":
      return Number(bytes.toString("hex"));
    case "uint32":
      return bytes.readUInt32BE(0);
    default:
      return bytes.readUInt16BE(0);
  }
}
