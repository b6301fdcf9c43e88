/**
 * One request → one answer, by the letter of Modbus Application Protocol V1.1b3 §6, within what the device
 * allows. Pure but for `bank`, through which reads see the world and writes change it.
 */
import type { ModbusTable } from "../../device-profiles/profile.ts";

export const EXCEPTION = {
  illegalFunction: 1,
  illegalAddress: 2,
  illegalValue: 3,
  deviceFailure: 4,
  busy: 6,
  gatewayTargetSilent: 11,
} as const;

/** A device's memory as requests see it. */
export interface Bank {
  /** Whether the device knows the function code at all. */
  knows(code: number): boolean;
  /** Words (or 0/1) at the addresses, or the exception the device answers. */
  read(table: ModbusTable, address: number, count: number): readonly number[] | Refusal;
  write(table: "coil" | "holding", address: number, values: readonly number[]): Refusal | undefined;
  /** FC05 with a value the standard does not know, as some boards do. */
  odd?(address: number, value: number): boolean;
}

export interface Refusal {
  readonly exception: number;
}

const refuse = (exception: number): Refusal => ({ exception });
const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === "object" && answer !== null && "exception" in answer;

const TABLES: Readonly<Record<number, ModbusTable>> = {
  1: "coil",
  2: "discrete",
  3: "holding",
  4: "input",
};
const COILS_READ_MAX = 2_000;
const REGISTERS_READ_MAX = 125;
const COILS_WRITE_MAX = 1_968;
const REGISTERS_WRITE_MAX = 123;
const REGISTERS_READ_WRITE_MAX = 121;

export function answer(bank: Bank, pdu: Buffer): Buffer {
  const code = pdu[0] ?? 0;
  const result = bank.knows(code) ? perform(bank, code, pdu) : refuse(EXCEPTION.illegalFunction);
  return isRefusal(result) ? exceptionPdu(code, result.exception) : result;
}

export const exceptionPdu = (code: number, exception: number): Buffer =>
  Buffer.of((code & 0x7f) | 0x80, exception);

function perform(bank: Bank, code: number, pdu: Buffer): Buffer | Refusal {
  const table = TABLES[code];
  if (pdu.length < 5) return refuse(EXCEPTION.illegalValue);
  if (table !== undefined) return readBits(bank, table, code, pdu);
  switch (code) {
    case 5:
      return writeCoil(bank, pdu);
    case 6:
      return writeRegisters(bank, pdu, pdu.readUInt16BE(1), [pdu.readUInt16BE(3)]);
    case 15:
      return writeCoils(bank, pdu);
    case 16:
      return writeBlock(bank, pdu);
    case 22:
      return maskWrite(bank, pdu);
    case 23:
      return readWrite(bank, pdu);
    default:
      return refuse(EXCEPTION.illegalFunction);
  }
}

function readBits(bank: Bank, table: ModbusTable, code: number, pdu: Buffer): Buffer | Refusal {
  const count = pdu.readUInt16BE(3);
  const bits = table === "coil" || table === "discrete";
  if (count < 1 || count > (bits ? COILS_READ_MAX : REGISTERS_READ_MAX)) {
    return refuse(EXCEPTION.illegalValue);
  }
  const words = bank.read(table, pdu.readUInt16BE(1), count);
  if (isRefusal(words)) return words;
  const body = bits ? packBits(words) : packWords(words);
  return Buffer.concat([Buffer.of(code, body.length), body]);
}

function packBits(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    const byte = i >> 3;
    if (bit) bytes[byte] = (bytes[byte] ?? 0) | (1 << (i & 7));
  });
  return bytes;
}

function packWords(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 2);
  words.forEach((word, i) => {
    bytes.writeUInt16BE(word & 0xffff, i * 2);
  });
  return bytes;
}

/** Writes are echoed: the request itself, or its first five bytes when it carried a block. */
function echo(refusal: Refusal | undefined, pdu: Buffer): Buffer | Refusal {
  return refusal ?? Buffer.from(pdu);
}

function writeCoil(bank: Bank, pdu: Buffer): Buffer | Refusal {
  const address = pdu.readUInt16BE(1);
  const value = pdu.readUInt16BE(3);
  if (value !== 0 && value !== 0xff00) {
    return bank.odd?.(address, value) ? Buffer.from(pdu) : refuse(EXCEPTION.illegalValue);
  }
  return echo(bank.write("coil", address, [value === 0 ? 0 : 1]), pdu);
}

function writeRegisters(
  bank: Bank,
  pdu: Buffer,
  address: number,
  words: readonly number[],
): Buffer | Refusal {
  return echo(bank.write("holding", address, words), pdu);
}

function writeCoils(bank: Bank, pdu: Buffer): Buffer | Refusal {
  const count = pdu.readUInt16BE(3);
  const bytes = pdu[5] ?? 0;
  if (count < 1 || count > COILS_WRITE_MAX || bytes !== Math.ceil(count / 8)) {
    return refuse(EXCEPTION.illegalValue);
  }
  if (pdu.length < 6 + bytes) return refuse(EXCEPTION.illegalValue);
  const bits = Array.from({ length: count }, (_, i) => ((pdu[6 + (i >> 3)] ?? 0) >> (i & 7)) & 1);
  return echo(bank.write("coil", pdu.readUInt16BE(1), bits), pdu.subarray(0, 5));
}

function writeBlock(bank: Bank, pdu: Buffer): Buffer | Refusal {
  const count = pdu.readUInt16BE(3);
  if (count < 1 || count > REGISTERS_WRITE_MAX || pdu[5] !== count * 2) {
    return refuse(EXCEPTION.illegalValue);
  }
  const words = wordsAt(pdu, 6, count);
  if (words === undefined) return refuse(EXCEPTION.illegalValue);
  return echo(bank.write("holding", pdu.readUInt16BE(1), words), pdu.subarray(0, 5));
}

function wordsAt(pdu: Buffer, at: number, count: number): readonly number[] | undefined {
  if (pdu.length < at + count * 2) return undefined;
  return Array.from({ length: count }, (_, i) => pdu.readUInt16BE(at + i * 2));
}

/** §6.16: (current AND and-mask) OR (or-mask AND NOT and-mask). */
function maskWrite(bank: Bank, pdu: Buffer): Buffer | Refusal {
  if (pdu.length < 7) return refuse(EXCEPTION.illegalValue);
  const address = pdu.readUInt16BE(1);
  const and = pdu.readUInt16BE(3);
  const or = pdu.readUInt16BE(5);
  const current = bank.read("holding", address, 1);
  if (isRefusal(current)) return current;
  const word = ((current[0] ?? 0) & and) | (or & ~and & 0xffff);
  return echo(bank.write("holding", address, [word]), pdu);
}

/** §6.17: the write happens before the read. */
function readWrite(bank: Bank, pdu: Buffer): Buffer | Refusal {
  if (pdu.length < 10) return refuse(EXCEPTION.illegalValue);
  const readCount = pdu.readUInt16BE(3);
  const writeCount = pdu.readUInt16BE(7);
  if (readCount < 1 || readCount > REGISTERS_READ_MAX) return refuse(EXCEPTION.illegalValue);
  if (writeCount < 1 || writeCount > REGISTERS_READ_WRITE_MAX || pdu[9] !== writeCount * 2) {
    return refuse(EXCEPTION.illegalValue);
  }
  const words = wordsAt(pdu, 10, writeCount);
  if (words === undefined) return refuse(EXCEPTION.illegalValue);
  const refused = bank.write("holding", pdu.readUInt16BE(5), words);
  if (refused) return refused;
  const read = bank.read("holding", pdu.readUInt16BE(1), readCount);
  if (isRefusal(read)) return read;
  const body = packWords(read);
  return Buffer.concat([Buffer.of(23, body.length), body]);
}
