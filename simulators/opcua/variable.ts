/** How a point looks as an OPC UA variable: its type and its value. Pure. */
import type { OpcuaPoint } from "../../device-profiles/profile.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";

/** The namespace of the devices' own objects below Objects. */
export const CAMPUS_NAMESPACE = "urn:lamplighter:simulated-campus";

export type DataTypeName = NonNullable<OpcuaPoint["writeType"]> | "String";

export function dataTypeName(point: OpcuaPoint): DataTypeName {
  if (point.writeType !== undefined) return point.writeType;
  if (point.kind === "text" || point.words !== undefined) return "String";
  if (point.kind === "state") return hasTwoSides(point) ? "Boolean" : "Int32";
  return "Double";
}

const hasTwoSides = ({ labels }: OpcuaPoint): boolean => {
  const sides = Object.keys(labels ?? {});
  return sides.length === 2 && sides.includes("0") && sides.includes("1");
};

export function spokenValue(device: SimulatedDevice, point: OpcuaPoint): number | string | boolean {
  const falsified = device.value(point);
  const type = dataTypeName(point);
  if (falsified.kind === "raw") return type === "Boolean" ? false : falsified.raw;
  const { value } = falsified;
  if (typeof value === "string") return value;
  const word = Object.entries(point.words ?? {}).find(([, number]) => number === value)?.[0];
  if (word !== undefined) return word;
  const raw = (value - point.offset) / point.scale;
  switch (type) {
    case "Boolean":
      return raw !== 0;
    case "String":
      return String(raw);
    case "Float":
      return Math.fround(raw);
    case "Double":
      return Math.round(raw * 1_000) / 1_000;
    default:
      return Math.round(raw);
  }
}
