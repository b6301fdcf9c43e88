import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModbusAddress, ModbusPoint } from "../../../../../device-profiles/profile.ts";
import {
  type DecodeContext,
  decodePoint,
  type Words,
} from "../../../../../gateway/sources/modbus/decode.ts";
import { at, modbusPoint } from "../../../../support/modbus-profile.ts";

const from =
  (registers: readonly number[], start = 0): Words =>
  (_table, address) =>
    registers[address - start];

const context = (
  registers: readonly number[],
  more: Partial<DecodeContext> = {},
): DecodeContext => ({
  words: from(registers),
  settings: {},
  latestOf: () => undefined,
  ...more,
});

const decode = (
  point: ModbusPoint,
  registers: readonly number[],
  more: Partial<DecodeContext> = {},
): unknown => {
  const decoded = decodePoint(point, context(registers, more));
  return decoded.ok ? decoded.value : decoded.error.reason;
};

const order = (words: "big" | "little", bytes: "big" | "little"): ModbusAddress["order"] => ({
  words,
  bytes,
});

describe("decoding registers", () => {
  // 0x12345678 in the four orders of the field notes (ABCD, CDAB, BADC, DCBA).
  it.each([
    { registers: [0x1234, 0x5678], order: order("big", "big") },
    { registers: [0x5678, 0x1234], order: order("little", "big") },
    { registers: [0x3412, 0x7856], order: order("big", "little") },
    { registers: [0x7856, 0x3412], order: order("little", "little") },
  ])("reads a 32-bit number in the order $order", ({ registers, order }) => {
    expect(decode(modbusPoint("p", at(0, "uint32", { order })), registers)).toBe(0x12345678);
  });

  it.each([
    { name: "int16", read: at(0, "int16"), registers: [0xfffe], value: -2 },
    { name: "uint16", read: at(0, "uint16"), registers: [0xfffe], value: 65_534 },
    { name: "int32", read: at(0, "int32"), registers: [0xffff, 0xfffe], value: -2 },
    { name: "int64", read: at(0, "int64"), registers: [0xffff, 0xffff, 0xffff, 0xfffe], value: -2 },
    {
      name: "uint64",
      read: at(0, "uint64"),
      registers: [0, 0x1f, 0xffff, 0xffff],
      value: 0x1f_ffff_ffff,
    },
    {
      name: "the largest exact uint64",
      read: at(0, "uint64"),
      registers: [0x1f, 0xffff, 0xffff, 0xffff],
      value: Number.MAX_SAFE_INTEGER,
    },
    {
      name: "one more than that",
      read: at(0, "uint64"),
      registers: [0x20, 0, 0, 1],
      value: "outOfRange",
    },
    { name: "float64", read: at(0, "float64"), registers: [0x3ff8, 0, 0, 0], value: 1.5 },
    { name: "bcd16", read: at(0, "bcd16"), registers: [0x1234], value: 1_234 },
    { name: "bcd32", read: at(0, "bcd32"), registers: [0x1234, 0x5678], value: 12_345_678 },
    { name: "bcd with a letter", read: at(0, "bcd16"), registers: [0x12a4], value: "badPayload" },
    {
      name: "a bit of a register",
      read: at(0, "bit", { mask: 0x10 }),
      registers: [0x0030],
      value: 1,
    },
    { name: "that bit clear", read: at(0, "bit", { mask: 0x10 }), registers: [0x0020], value: 0 },
    {
      name: "a field of bits",
      read: at(0, "uint16", { mask: 0xff00, shift: 8 }),
      registers: [0x4107],
      value: 0x41,
    },
    {
      name: "float32 NaN",
      read: at(0, "float32"),
      registers: [0x7fc0, 0],
      value: "notImplemented",
    },
    {
      name: "float32 infinity",
      read: at(0, "float32"),
      registers: [0x7f80, 0],
      value: "outOfRange",
    },
    {
      name: "float32 -infinity",
      read: at(0, "float32"),
      registers: [0xff80, 0],
      value: "outOfRange",
    },
    {
      name: "float64 NaN",
      read: at(0, "float64"),
      registers: [0x7ff8, 0, 0, 0],
      value: "notImplemented",
    },
    { name: "a register that was not read", read: at(7), registers: [1], value: "notImplemented" },
  ])("reads $name", ({ read, registers, value }) => {
    expect(decode(modbusPoint("p", read), registers)).toBe(value);
  });

  it.each([
    {
      name: "two characters a register",
      read: at(0, "string", { length: 3 }),
      registers: [0x4142, 0x4344, 0x0000],
      value: "ABCD",
    },
    {
      name: "bytes the other way",
      read: at(0, "string", { length: 1, order: order("big", "little") }),
      registers: [0x4241],
      value: "AB",
    },
    {
      name: "one character a register",
      read: at(0, "string", { length: 2, charactersPerRegister: 1 }),
      registers: [0x0041, 0x0042],
      value: "AB",
    },
    {
      name: "spaces at the end",
      read: at(0, "string", { length: 2 }),
      registers: [0x4120, 0x2020],
      value: "A",
    },
    {
      name: "control characters",
      read: at(0, "string", { length: 1 }),
      registers: [0x0141],
      value: "badPayload",
    },
  ])("reads a text: $name", ({ read, registers, value }) => {
    expect(decode(modbusPoint("p", read, { kind: "text" }), registers)).toBe(value);
  });

  it.each([
    { name: "0x8000 written unsigned", type: "int16", registers: [0x8000], sentinel: 0x8000 },
    { name: "0x8000 written signed", type: "int16", registers: [0x8000], sentinel: -0x8000 },
    { name: "0xFFFF", type: "uint16", registers: [0xffff], sentinel: 0xffff },
    { name: "-1 for 0xFFFF", type: "uint16", registers: [0xffff], sentinel: -1 },
    {
      name: "all ones in 64 bits",
      type: "uint64",
      registers: [0xffff, 0xffff, 0xffff, 0xffff],
      sentinel: 2 ** 64,
    },
    { name: "a float", type: "float32", registers: [0x7f7f, 0xffff], sentinel: 3.4028235e38 },
  ] as const)("knows the sentinel $name", ({ type, registers, sentinel }) => {
    const point = modbusPoint("p", at(0, type), { sentinels: [sentinel] });
    expect(decode(point, registers)).toBe("sentinel");
  });

  it("scales without leaving crumbs", () => {
    expect(decode(modbusPoint("p", at(0), { scale: 0.1 }), [2302])).toBe(230.2);
    expect(decode(modbusPoint("p", at(0), { scale: 0.001, offset: -40 }), [1])).toBe(-39.999);
  });

  it("multiplies by the transformer ratios set for the device", () => {
    const point = modbusPoint("p", at(0), { multiplyBy: ["ct", "pt"], scale: 0.1 });
    expect(decode(point, [100], { settings: { ct: 40, pt: 2 } })).toBe(800);
    expect(decode(point, [100], { settings: { ct: 40 } })).toBe("setAside");
  });

  it("takes the power of ten from another register", () => {
    const point = modbusPoint("p", at(0), { exponentFrom: at(1, "int16") });
    expect(decode(point, [1234, 0xfffe])).toBe(12.34);
    expect(decode(point, [1234, 3])).toBe(1_234_000);
    expect(decode(point, [1234, 0x8000])).toBe("notImplemented");
  });

  it("takes a factor from a unit code in another register", () => {
    const point = modbusPoint("p", at(0), {
      multiplyFrom: [{ read: at(1), values: { "3": 1, "4": 1_000 } }],
    });
    expect(decode(point, [7, 4])).toBe(7_000);
    expect(decode(point, [7, 9])).toBe("outOfRange");
  });

  it("joins a split counter", () => {
    const point = modbusPoint("p", at(0, "uint32"), {
      plus: [{ read: at(2, "uint32"), scale: 1e-6 }],
    });
    expect(decode(point, [0, 12, 0x0007, 0xa120])).toBe(12.5);
  });

  it("maps codes and refuses those nobody knows", () => {
    const point = modbusPoint("p", at(0), { codes: { "85": 1, "170": 0 } });
    expect(decode(point, [85])).toBe(1);
    expect(decode(point, [3])).toBe("outOfRange");
  });

  it("gates a value by another point", () => {
    const point = modbusPoint("p", at(0), { gate: { point: "state", values: [1] } });
    expect(decode(point, [5], { latestOf: () => 1 })).toBe(5);
    expect(decode(point, [5], { latestOf: () => 2 })).toBe("gated");
    expect(decode(point, [5])).toBe("gated");
  });

  it("refuses what is not plausible, on both sides of the boundary", () => {
    const point = modbusPoint("p", at(0), { range: { min: 10, max: 20 } });
    expect([9, 10, 20, 21].map((raw) => decode(point, [raw]))).toEqual([
      "outOfRange",
      10,
      20,
      "outOfRange",
    ]);
  });

  it("never lets anything but a finite number or a text through", () => {
    const types = ["int16", "uint32", "int64", "uint64", "float32", "float64", "bcd32"] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 6, maxLength: 6 }),
        fc.double(),
        (type, registers, scale) => {
          const point = modbusPoint("p", at(0, type), { scale, exponentFrom: at(5, "int16") });
          const decoded = decodePoint(point, context(registers));
          return !decoded.ok || Number.isFinite(decoded.value);
        },
      ),
    );
  });
});
it("makes a text of a serial number that is kept in binary", () => {
  const point = modbusPoint("p", at(0, "uint32"), { kind: "text" });
  expect(decode(point, [0x0432, 0x51a7])).toBe("70406567");
});
