/**
 * A line's place on the wire as a whole address, with every contradiction reported: a bit in a
 * float, a string without length, a register beyond the last.
 */
import type { DocumentPath } from "../core/document.ts";
import { unreachable } from "../core/unreachable.ts";
import type { BuildContext } from "./build-point.ts";
import type { AddressLine, WriteLine } from "./modbus-line.ts";
import type { ModbusAddress, ModbusType, ModbusWrite, ModbusWriteFunction } from "./profile.ts";
import { withoutUndefined } from "./standard-points.ts";

/** Registers that a value of the type takes; a string says so itself. */
export function registersOf(address: Pick<ModbusAddress, "type" | "length">): number {
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
    default:
      return unreachable(address.type);
  }
}

type Report = Pick<BuildContext, "report">;

export function modbusAddress(
  line: AddressLine,
  path: DocumentPath,
  { report }: Report,
): ModbusAddress {
  const table = line.table ?? "holding";
  const bitwise = table === "coil" || table === "discrete";
  const type = bitwise ? "bit" : (line.type ?? "uint16");
  if (line.at === undefined) report(path, "is missing at: the address on the wire, from 0");
  if (bitwise && line.bit !== undefined) report([...path, "bit"], `a ${table} has no bits`);
  if (!bitwise && type === "bit") report([...path, "type"], `${table} registers have no type bit`);
  if (type === "string" && line.length === undefined) {
    report(path, "is missing length: how many registers is the string?");
  }
  if (type !== "string" && line.length !== undefined) {
    report([...path, "length"], `only a string has a length, this is ${type}`);
  }
  const address = line.at ?? 0;
  const last = address + registersOf(withoutUndefined({ type, length: line.length })) - 1;
  if (last > 65_535) report([...path, "at"], `ends at register ${last}, the last is 65535`);
  const { length, charactersPerRegister, hex, model } = line;
  return {
    table,
    address,
    type,
    order: orderOf(line),
    ...withoutUndefined({ length, charactersPerRegister, hex, model }),
    ...(bitwise ? {} : maskOf(line, type, (message) => report(path, message))),
  };
}

/** Table, block and order: what a companion register shares with its line. */
export const wordsOf = ({ table, words, bytes, model }: AddressLine): AddressLine =>
  withoutUndefined({ table, words, bytes, model });

const orderOf = ({ words = "big", bytes = "big" }: Pick<AddressLine, "words" | "bytes">) => ({
  words,
  bytes,
});

function maskOf(
  line: Pick<AddressLine, "bit" | "bits">,
  type: ModbusType,
  report: (message: string) => void,
): { readonly mask?: number; readonly shift?: number } {
  if (line.bit === undefined && line.bits === undefined) return {};
  const [low, high] = line.bits ?? [line.bit ?? 0, line.bit ?? 0];
  const width = { uint16: 16, int16: 16, uint32: 32, int32: 32 }[type as string];
  if (width === undefined) report(`bits count in whole numbers of 16 or 32 bits, not in ${type}`);
  else if (high >= width) report(`bit ${high} is not in ${type}, its highest is ${width - 1}`);
  if (low > high) report(`bits [${low}, ${high}] are the wrong way round`);
  return { mask: 2 ** (high + 1) - 2 ** low, shift: low };
}

export function modbusWrite(
  write: WriteLine,
  line: AddressLine,
  path: DocumentPath,
  { report }: Report,
): ModbusWrite {
  const read = modbusAddress(line, path, { report: () => undefined });
  const type = write.type ?? (write.function === "writeCoil" ? "bit" : read.type);
  const order = { ...orderOf(line), ...orderOf({ ...line, ...withoutUndefined(write) }) };
  const chosen = write.function ?? functionFor(type, write.bit ?? write.bits);
  if ((chosen === "writeCoil" || chosen === "writeCoils") !== (type === "bit")) {
    report(path, `${chosen} does not write ${type}`);
  }
  if (chosen === "writeRegister" && registersOf(withoutUndefined({ type })) > 1) {
    report(path, `${type} is more than one register: writeRegisters`);
  }
  const mask = maskOf(write, type, (message) => report(path, message));
  return { function: chosen, address: write.at ?? read.address, type, order, ...mask };
}

function functionFor(type: ModbusType, bits: unknown): ModbusWriteFunction {
  if (type === "bit") return "writeCoil";
  if (bits !== undefined) return "maskWrite";
  return registersOf({ type }) === 1 ? "writeRegister" : "writeRegisters";
}
