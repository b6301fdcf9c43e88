import { describe, expect, it } from "vitest";
import { deviceId } from "../../../../../core/ids.ts";
import { instant } from "../../../../../core/time.ts";
import {
  decodeValue,
  encodeValue,
  severityOf,
} from "../../../../../gateway/sources/opcua/decode.ts";
import type { OpcuaValue } from "../../../../../gateway/sources/opcua/value.ts";
import { createPersonalHash } from "../../../../../gateway/sources/personal.ts";
import { libraryProfile } from "../../../../support/profiles.ts";

const lights = await libraryProfile("opcua", "lamplighter/lighting-controller");
const pointOf = (name: string) => lights.points.find((point) => point.name === name)!;
const ARRIVAL = instant(Date.UTC(2026, 10, 23, 8, 0, 0));

const context = {
  device: deviceId("a1-lights"),
  arrival: ARRIVAL,
  isCurrent: false,
  hash: createPersonalHash(Buffer.alloc(32)),
  latest: () => undefined,
};
const said = (value: unknown, more: Partial<OpcuaValue> = {}): OpcuaValue => ({
  value,
  status: 0,
  statusName: "Good",
  sourceTime: instant(ARRIVAL - 500),
  ...more,
});
const decode = (name: string, value: OpcuaValue, isCurrent = false) =>
  decodeValue(pointOf(name), value, { ...context, isCurrent });

describe("a value of a server", () => {
  it("keeps the source's time", () => {
    expect(decode("light_level", said(42.5))).toEqual({
      point: "a1-lights/light_level",
      time: ARRIVAL - 500,
      timeSource: "device",
      quality: "good",
      value: 42.5,
    });
    expect(decode("light_on", said(true))).toMatchObject({ value: 1 });
  });

  it("that was asked for is true now, however long ago it changed", () => {
    const old = said(42.5, { sourceTime: instant(ARRIVAL - 86_400_000) });
    expect(decode("light_level", old, true)).toMatchObject({
      time: ARRIVAL,
      timeSource: "gateway",
    });
  });

  it("from a clock that cannot be is in doubt", () => {
    const ahead = said(1, { sourceTime: instant(ARRIVAL + 3_600_000) });
    expect(decode("light_level", ahead)).toMatchObject({
      time: ARRIVAL,
      quality: "uncertain",
      doubt: "clockCorrected",
    });
  });

  // Status codes from OPC UA Part 6 annex A, StatusCode.csv.
  it.each([
    [0x00000000, "good"],
    [0x00ba0000, "good"],
    [0x40900000, "uncertain"],
    [0x408f0000, "uncertain"],
    [0x80310000, "bad"],
    [0x808d0000, "bad"],
  ] as const)("status 0x%s is %s", (status, severity) => {
    expect(severityOf(status)).toBe(severity);
  });

  it.each([
    [0x808c0000, "BadSensorFailure", "sensorFault"],
    [0x80310000, "BadNoCommunication", "deviceOffline"],
    [0x80340000, "BadNodeIdUnknown", "notImplemented"],
    [0x80890000, "BadConfigurationError", "deviceBad"],
    [0x80aa0000, "BadSomethingOfTheVendor", "deviceBad"],
  ])("with status %i %s has no value", (status, statusName, reason) => {
    const sample = decode("light_level", said(99, { status, statusName }));
    expect(sample).toMatchObject({
      quality: "bad",
      reason,
      detail: `the server says ${statusName}`,
    });
    expect(sample).not.toHaveProperty("value");
  });

  it("of another type than before is bad, not text in a number", () => {
    expect(decode("light_level", said("n/a"))).toMatchObject({ reason: "typeMismatch" });
    expect(decode("light_level", said([1, 2]))).toMatchObject({ reason: "typeMismatch" });
    expect(decode("light_level", said(null))).toMatchObject({ reason: "notImplemented" });
    expect(decode("light_level", said(101))).toMatchObject({ reason: "outOfRange" });
  });
});

describe("a command", () => {
  it.each([
    ["light_on", 1, { type: "Boolean", raw: true }],
    ["light_on", 0, { type: "Boolean", raw: false }],
    ["light_level", 12.5, { type: "Float", raw: 12.5 }],
  ])("%s %d is written as %j", (name, value, expected) => {
    expect(encodeValue(pointOf(name), value)).toEqual({ ok: true, value: expected });
  });

  it.each([
    [{ ...pointOf("light_on") }, 2],
    [{ ...pointOf("power_active") }, 1],
    [{ ...pointOf("light_level"), writeType: "Byte" as const }, 256],
    [{ ...pointOf("light_level"), writeType: "Int16" as const }, 1.5],
  ])("is refused when the type cannot hold it", (point, value) => {
    expect(encodeValue(point, value)).toMatchObject({ ok: false });
  });
});
