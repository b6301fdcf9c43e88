import { describe, expect, it } from "vitest";
import type { ModbusAddress } from "../../../../device-profiles/profile.ts";
import { decodeWritten, encode } from "../../../../simulators/modbus/encode.ts";
import { hex } from "../../../support/hex.ts";

const BIG = { words: "big", bytes: "big" } as const;

const at = (type: ModbusAddress["type"], more: Partial<ModbusAddress> = {}): ModbusAddress => ({
  table: "holding",
  address: 0,
  type,
  order: BIG,
  ...more,
});

const words = (text: string): readonly number[] => {
  const bytes = hex(text);
  return Array.from(
    { length: bytes.length / 2 },
    (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!,
  );
};

describe("encode", () => {
  it.each([
    // IEEE 754 bytes as the meters' manuals and other programs' tests print them.
    ["230.2 V of an SDM630", at("float32"), 230.2, "43 66 33 33"],
    ["2302.0 of a DTSU666", at("float32"), 2_302, "45 0F E0 00"],
    [
      "a float with its words swapped",
      at("float32", { order: { words: "little", bytes: "big" } }),
      2_302,
      "E0 00 45 0F",
    ],
    [
      "a float with its bytes swapped",
      at("float32", { order: { words: "big", bytes: "little" } }),
      2_302,
      "0F 45 00 E0",
    ],
    ["minus one in sixteen bits", at("int16"), -1, "FF FF"],
    ["minus two in 32 bits", at("int32"), -2, "FF FF FF FE"],
    ["a counter that ran over", at("uint16"), 65_537, "00 01"],
    ["decimal digits", at("bcd32"), 123_456, "00 12 34 56"],
    ["64 bits", at("uint64"), 4_294_967_296, "00 00 00 01 00 00 00 00"],
    ["text, filled with zeros", at("string", { length: 3 }), "SunS", "53 75 6E 53 00 00"],
    ["a field moved up by its shift", at("uint16", { mask: 0x0f00, shift: 8 }), 5, "05 00"],
  ])("%s", (_, address, raw, expected) => {
    expect(encode(address, raw)).toEqual(words(expected));
  });
});

describe("decodeWritten", () => {
  it.each([
    ["a float", at("float32"), "45 0F E0 00", 2_302],
    ["a negative number", at("int16"), "FF FE", -2],
    ["swapped words", at("uint32", { order: { words: "little", bytes: "big" } }), "00 01 00 00", 1],
    ["decimal digits", at("bcd16"), "12 34", 1_234],
  ])("%s", (_, address, text, expected) => {
    expect(decodeWritten(address, words(text))).toBe(expected);
  });
});
