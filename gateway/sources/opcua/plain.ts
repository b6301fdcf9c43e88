/** The library's values → plain ones. Pure apart from needing its constants. */
import { instant } from "../../../core/time.ts";
import type { OpcuaEvent } from "./asking.ts";
import type { DataValue, Library } from "./library.ts";
import type { OpcuaValue } from "./value.ts";

/** 64-bit integers come as a pair of halves, dates as Date, localized texts as objects. */
export function plainValue(
  library: Library,
  { value, statusCode, sourceTimestamp }: DataValue,
): OpcuaValue {
  const at = sourceTimestamp?.getTime();
  return {
    value: value === undefined || value === null ? null : scalar(library, value),
    status: statusCode.value >>> 0,
    statusName: statusCode.name,
    sourceTime: at === undefined ? undefined : instant(at),
  };
}

/** The first fields are those of `EVENT_FIELDS`. */
export function plainEvent(library: Library, fields: unknown): OpcuaEvent {
  const plain = Array.isArray(fields) ? fields.map((field) => scalar(library, field)) : [];
  const [id, time, sourceNode, ...rest] = plain;
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return {
    id: Buffer.isBuffer(id) ? id.toString("hex") : "",
    time: Number.isFinite(at) ? instant(at) : undefined,
    sourceNode: String(sourceNode ?? ""),
    fields: rest,
  };
}

function scalar(library: Library, variant: NonNullable<DataValue["value"]>): unknown {
  const raw: unknown = variant.value;
  if (variant.arrayType !== library.VariantArrayType.Scalar) return raw;
  switch (variant.dataType) {
    case library.DataType.Int64:
    case library.DataType.UInt64:
      return wide(raw, variant.dataType === library.DataType.Int64);
    case library.DataType.DateTime:
      return raw instanceof Date ? raw.toISOString() : raw;
    case library.DataType.LocalizedText:
      return typeof raw === "object" && raw !== null ? Reflect.get(raw, "text") : raw;
    default:
      return raw;
  }
}

function wide(raw: unknown, isSigned: boolean): unknown {
  if (!Array.isArray(raw)) return raw;
  const [high, low] = raw;
  if (typeof high !== "number" || typeof low !== "number") return raw;
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return Number(isSigned ? BigInt.asIntN(64, bits) : bits);
}
