/**
 * One value of a server → sample. Pure. The status code decides first: a bad one never lets a value
 * through, an uncertain one marks it, and the name of the code stays for people to read.
 */
import { type DeviceId, pointId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { BadReason, Value } from "../../../core/sample.ts";
import type { Instant } from "../../../core/time.ts";
import type { OpcuaPoint } from "../../../device-profiles/profile.ts";
import { convert, gateClosed, invert, type NoValue } from "../convert.ts";
import { atArrival, believe, type SampleTime } from "../device-time.ts";
import type { PersonalHash } from "../personal.ts";
import type { SourceValue } from "../source.ts";
import { type OpcuaValue, RANGES, type WriteType } from "./value.ts";

export interface DecodeContext {
  readonly device: DeviceId;
  readonly arrival: Instant;
  /** The server was asked or has just begun to report: the value is true now, whenever it changed last. */
  readonly isCurrent: boolean;
  readonly hash: PersonalHash;
  readonly latest: (pointName: string) => Value | undefined;
}

export type Severity = "good" | "uncertain" | "bad";

/** The two highest bits, OPC UA Part 4 §7.38.1. */
export function severityOf(status: number): Severity {
  const bits = status >>> 30;
  if (bits === 0) return "good";
  return bits === 1 ? "uncertain" : "bad";
}

/** A server says this of a variable until its device has answered for the first time. */
export const isWaiting = (value: OpcuaValue): boolean =>
  value.statusName === "BadWaitingForInitialData";

const REASONS: Readonly<Record<string, BadReason>> = {
  BadSensorFailure: "sensorFault",
  BadDeviceFailure: "deviceBad",
  BadNoCommunication: "deviceOffline",
  BadCommunicationError: "deviceOffline",
  BadNotConnected: "deviceOffline",
  BadServerNotConnected: "deviceOffline",
  BadTimeout: "timeout",
  BadNodeIdUnknown: "notImplemented",
  BadNodeIdInvalid: "notImplemented",
  BadAttributeIdInvalid: "notImplemented",
  BadNoMatch: "notImplemented",
  BadNotFound: "notImplemented",
  BadNotImplemented: "notImplemented",
  BadNotSupported: "notImplemented",
  BadNotReadable: "notImplemented",
  BadOutOfRange: "outOfRange",
  BadTypeMismatch: "typeMismatch",
};

export function decodeValue(
  point: OpcuaPoint,
  value: OpcuaValue,
  context: DecodeContext,
): SourceValue {
  const when = timeOf(value, context);
  const base = {
    point: pointId(context.device, point.name),
    time: when.time,
    timeSource: when.timeSource,
  };
  const judged = valueOfPoint(point, value, context);
  if (!judged.ok) return { ...base, quality: "bad", ...judged.error };
  const result = judged.value;
  if (severityOf(value.status) === "uncertain") {
    return { ...base, quality: "uncertain", value: result, doubt: "deviceUncertain" };
  }
  if (when.doubt !== undefined) {
    return { ...base, quality: "uncertain", value: result, doubt: when.doubt };
  }
  return { ...base, quality: "good", value: result };
}

/** A value that has not changed for days is still true now: an old time would call it stale. */
function timeOf({ sourceTime }: OpcuaValue, { arrival, isCurrent }: DecodeContext): SampleTime {
  if (isCurrent || sourceTime === undefined) return atArrival(arrival);
  return believe(sourceTime, arrival);
}

function valueOfPoint(
  point: OpcuaPoint,
  value: OpcuaValue,
  context: DecodeContext,
): Outcome<Value, NoValue> {
  if (severityOf(value.status) === "bad") {
    const reason = REASONS[value.statusName] ?? "deviceBad";
    return failure({ reason, detail: `the server says ${value.statusName}` });
  }
  const converted = convert(point, value.value, point.words);
  if (!converted.ok) {
    return point.personal
      ? failure({ reason: converted.error.reason, detail: "personal value" })
      : converted;
  }
  const closed = gateClosed(point, context.latest);
  if (closed !== undefined) return failure(closed);
  return point.personal ? success(context.hash(String(converted.value))) : converted;
}

/** What is written so that the variable shows `value`, or why it cannot be. */
export function encodeValue(
  point: OpcuaPoint,
  value: number,
): Outcome<{ readonly type: WriteType; readonly raw: number | boolean }, string> {
  const { writeType: type } = point;
  if (type === undefined) return failure(`${point.name} cannot be written`);
  const inverted = invert(point, value, undefined);
  if (!inverted.ok) return inverted;
  const raw = Number(inverted.value);
  if (type === "Boolean") {
    return raw === 0 || raw === 1
      ? success({ type, raw: raw === 1 })
      : failure(`${value} is neither 0 nor 1`);
  }
  if (type === "Float" || type === "Double") return success({ type, raw });
  const [min, max] = RANGES[type];
  if (Number.isInteger(raw) && raw >= min && raw <= max) return success({ type, raw });
  return failure(`${raw} is no ${type}: whole numbers from ${min} to ${max}`);
}
