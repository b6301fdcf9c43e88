/**
 * A command's value → what is written, pure: the inverse of `decode.ts`. A value that the device's
 * type cannot hold exactly (beyond the command's tolerance) is refused, never rounded in silence.
 */

import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { ModbusPoint, ModbusType, ModbusWrite } from "../../../device-profiles/profile.ts";
import { type DecodeContext, factorOf } from "./decode.ts";

/** One write on the wire. */
export type WireWrite =
  | { readonly kind: "coil"; readonly address: number; readonly on: boolean }
  | { readonly kind: "coils"; readonly address: number; readonly on: readonly boolean[] }
  | { readonly kind: "register"; readonly address: number; readonly value: number }
  | { readonly kind: "registers"; readonly address: number; readonly values: readonly number[] }
  | {
      readonly kind: "mask";
      readonly address: number;
      readonly and: number;
      readonly or: number;
    };

export function encodeCommand(
  point: ModbusPoint,
  value: number,
  context: Pick<DecodeContext, "words" | "settings">,
): Outcome<WireWrite, string> {
  if (point.write === undefined) return failure(`${point.name} cannot be written`);
  if (!Number.isFinite(value)) return failure(`${value} is not a number`);
  const raw = rawOf(point, value, context);
  if (!raw.ok) return raw;
  const { mask, shift } = point.read;
  const bits = {
    ...(mask === undefined ? {} : { mask }),
    ...(shift === undefined ? {} : { shift }),
  };
  return encodeWrite({ ...bits, ...point.write }, raw.value);
}

/** The number before scaling; whole where the type is. */
function rawOf(
  point: ModbusPoint,
  value: number,
  context: Pick<DecodeContext, "words" | "settings">,
): Outcome<number, string> {
  if (point.codes !== undefined) {
    const code = Object.entries(point.codes).find(([, meaning]) => meaning === value)?.[0];
    return code === undefined
      ? failure(`${value} has no code in the device`)
      : success(Number(code));
  }
  const factors = factorOf(point, context);
  if (!factors.ok) return failure(factors.error.detail);
  let raw = value - point.offset;
  for (const factor of [...factors.value, point.scale]) raw = divide(raw, factor);
  if (!Number.isFinite(raw)) return failure(`${value} cannot be scaled back: a factor is zero`);
  const type = point.write?.type ?? "uint16";
  if (type === "float32" || type === "float64") return success(raw);
  const whole = Math.round(raw);
  const shown = whole === 0 ? 0 : (value - point.offset) * (whole / raw) + point.offset;
  const allowed = Math.max(point.command?.tolerance ?? 0, Math.abs(value) * 1e-9);
  if (raw !== whole && Math.abs(shown - value) > allowed) {
    return failure(`${value} cannot be set exactly: the device would take ${shown}`);
  }
  return success(whole);
}

function divide(value: number, by: number): number {
  const inverse = Math.round(1 / by);
  return Math.abs(by) < 1 && 1 / inverse === by ? value * inverse : value / by;
}

/** Also for the writes that carry their raw value in the profile: keep-alive and handshake. */
export function encodeWrite(write: ModbusWrite, raw: number): Outcome<WireWrite, string> {
  const { address } = write;
  switch (write.function) {
    case "writeCoil":
    case "writeCoils": {
      if (raw !== 0 && raw !== 1) return failure(`a coil is 0 or 1, not ${raw}`);
      if (write.function === "writeCoil") return success({ kind: "coil", address, on: raw === 1 });
      return success({ kind: "coils", address, on: [raw === 1] });
    }
    case "maskWrite":
      return maskWrite(write, raw);
    case "writeRegister":
    case "writeRegisters": {
      const shifted = write.shift === undefined ? raw : raw * 2 ** write.shift;
      const words = registersOf(shifted, write);
      if (!words.ok) return words;
      if (write.function === "writeRegisters") {
        return success({ kind: "registers", address, values: words.value });
      }
      const [only, ...rest] = words.value;
      if (only === undefined || rest.length > 0) {
        return failure(`${write.type} does not fit one register`);
      }
      return success({ kind: "register", address, value: only });
    }
  }
}

/** Function 22: result = (old AND and) OR (or AND NOT and). */
function maskWrite(write: ModbusWrite, raw: number): Outcome<WireWrite, string> {
  const mask = write.mask ?? 0xffff;
  const bits = raw * 2 ** (write.shift ?? 0);
  if (!Number.isInteger(bits) || bits < 0 || bits > 0xffff || (bits & ~mask) !== 0) {
    return failure(`${raw} does not fit the bits 0x${mask.toString(16)}`);
  }
  const { address } = write;
  return success({ kind: "mask", address, and: ~mask & 0xffff, or: bits });
}

const RANGES: Readonly<Partial<Record<ModbusType, readonly [number, number]>>> = {
  bit: [0, 1],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  bcd16: [0, 9_999],
  bcd32: [0, 99_999_999],
};

function registersOf(raw: number, write: ModbusWrite): Outcome<readonly number[], string> {
  const range = RANGES[write.type];
  if (range !== undefined && (!Number.isInteger(raw) || raw < range[0] || raw > range[1])) {
    return failure(`raw ${raw} is not a ${write.type} (${range[0]} to ${range[1]})`);
  }
  const bytes = bytesOf(raw, write.type);
  if (bytes === undefined) return failure(`${write.type} cannot be written`);
  const words: number[] = [];
  for (let i = 0; i < bytes.byteLength; i += 2) {
    words.push(bytes.getUint16(i, write.order.bytes === "little"));
  }
  return success(write.order.words === "little" ? words.reverse() : words);
}

function bytesOf(raw: number, type: ModbusType): DataView | undefined {
  const view = new DataView(new ArrayBuffer(8));
  const first = (bytes: number): DataView => new DataView(view.buffer, 0, bytes);
  switch (type) {
    case "bit":
    case "int16":
    case "uint16":
      view.setInt16(0, raw);
      return first(2);
    case "int32":
    case "uint32":
      view.setInt32(0, raw);
      return first(4);
    case "int64":
    case "uint64":
      view.setBigInt64(0, BigInt(raw));
      return first(8);
    case "float32":
      view.setFloat32(0, raw);
      return Number.isFinite(view.getFloat32(0)) ? first(4) : undefined;
    case "float64":
      view.setFloat64(0, raw);
      return first(8);
    case "bcd16":
      view.setUint16(0, Number.parseInt(String(raw), 16));
      return first(2);
    case "bcd32":
      view.setUint32(0, Number.parseInt(String(raw), 16));
      return first(4);
    case "string":
      return undefined;
  }
}
