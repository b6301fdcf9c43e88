import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliseconds } from "../../../../../core/time.ts";
import type { ModbusPoint, ModbusWrite } from "../../../../../device-profiles/profile.ts";
import { decodePoint } from "../../../../../gateway/sources/modbus/decode.ts";
import { encodeCommand } from "../../../../../gateway/sources/modbus/encode.ts";
import { at, BIG, modbusPoint } from "../../../../support/modbus-profile.ts";

const context = { words: () => undefined, settings: {} };
const write = (more: Partial<ModbusWrite> = {}): ModbusWrite => ({
  function: "writeRegister",
  address: 5,
  type: "uint16",
  order: BIG,
  ...more,
});
const encode = (point: ModbusPoint, value: number): unknown => {
  const encoded = encodeCommand(point, value, context);
  return encoded.ok ? encoded.value : "refused";
};

describe("encoding a command", () => {
  it.each([
    {
      name: "a coil on",
      write: write({ function: "writeCoil", type: "bit" }),
      value: 1,
      wire: { kind: "coil", address: 5, on: true },
    },
    {
      name: "a coil by function 15",
      write: write({ function: "writeCoils", type: "bit" }),
      value: 0,
      wire: { kind: "coils", address: 5, on: [false] },
    },
    {
      name: "a coil neither on nor off",
      write: write({ function: "writeCoil", type: "bit" }),
      value: 2,
      wire: "refused",
    },
    {
      name: "a register",
      write: write(),
      value: 65_535,
      wire: { kind: "register", address: 5, value: 65_535 },
    },
    { name: "one above", write: write(), value: 65_536, wire: "refused" },
    { name: "one below", write: write(), value: -1, wire: "refused" },
    {
      name: "a negative",
      write: write({ type: "int16" }),
      value: -2,
      wire: { kind: "register", address: 5, value: 0xfffe },
    },
    { name: "half a step", write: write(), value: 1.5, wire: "refused" },
    { name: "not a number", write: write(), value: Number.NaN, wire: "refused" },
    {
      name: "32 bits in one register",
      write: write({ type: "uint32" }),
      value: 1,
      wire: "refused",
    },
    {
      name: "32 bits, low word first",
      write: write({
        function: "writeRegisters",
        type: "uint32",
        order: { words: "little", bytes: "big" },
      }),
      value: 0x12345678,
      wire: { kind: "registers", address: 5, values: [0x5678, 0x1234] },
    },
    {
      // Eastron prints 230.2 as 43 66 33 34 (float32).
      name: "a float",
      write: write({ function: "writeRegisters", type: "float32" }),
      value: 230.2,
      wire: { kind: "registers", address: 5, values: [0x4366, 0x3333] },
    },
    {
      name: "bcd",
      write: write({ type: "bcd16" }),
      value: 1234,
      wire: { kind: "register", address: 5, value: 0x1234 },
    },
  ])("writes $name", ({ write, value, wire }) => {
    expect(encode(modbusPoint("p", at(5), { write }), value)).toEqual(wire);
  });

  it("scales back exactly", () => {
    const point = modbusPoint("p", at(5), { scale: 0.1, offset: -40, write: write() });
    expect(encode(point, 21.5)).toEqual({ kind: "register", address: 5, value: 615 });
    expect(encode(point, 21.55)).toBe("refused");
  });

  it("rounds within the command's tolerance", () => {
    const command = { settle: milliseconds(0), proof: "readBack", tolerance: 0.5 } as const;
    const point = modbusPoint("p", at(5), { write: write(), command });
    expect(encode(point, 21.4)).toEqual({ kind: "register", address: 5, value: 21 });
  });

  it("writes the code of a coded value", () => {
    const point = modbusPoint("p", at(5), { codes: { "85": 1, "170": 0 }, write: write() });
    expect(encode(point, 1)).toEqual({ kind: "register", address: 5, value: 85 });
    expect(encode(point, 3)).toBe("refused");
  });

  it("changes only its own bits with a mask", () => {
    const point = modbusPoint("p", at(5, "uint16", { mask: 0x0070, shift: 4 }), {
      write: write({ function: "maskWrite" }),
    });
    expect(encode(point, 5)).toEqual({ kind: "mask", address: 5, and: 0xff8f, or: 0x0050 });
    expect(encode(point, 8)).toBe("refused");
  });

  it("refuses a point without a write", () => {
    expect(encode(modbusPoint("p", at(5)), 1)).toBe("refused");
  });

  it("is what decoding gives back, for every type and order", () => {
    const orders = (["big", "little"] as const).flatMap((words) =>
      (["big", "little"] as const).map((bytes) => ({ words, bytes })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom("int32", "uint32", "int64", "float64", "bcd32"),
        fc.constantFrom(...orders),
        fc.integer({ min: 0, max: 99_999_999 }),
        (type, order, value) => {
          const point = modbusPoint("p", at(5, type, { order }), {
            write: write({ function: "writeRegisters", type, order }),
          });
          const wire = encodeCommand(point, value, context);
          if (!wire.ok || wire.value.kind !== "registers") return false;
          const { values } = wire.value;
          const decoded = decodePoint(point, {
            words: (_, address) => values[address - 5],
            settings: {},
            latestOf: () => undefined,
          });
          return decoded.ok && decoded.value === value;
        },
      ),
    );
  });
});
