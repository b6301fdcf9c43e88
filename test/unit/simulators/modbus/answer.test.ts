import { describe, expect, it } from "vitest";
import { answer, type Bank } from "../../../../simulators/modbus/answer.ts";
import { hex, toHex } from "../../../support/hex.ts";

/** Memory as the examples of Modbus Application Protocol V1.1b3 §6 assume it. */
function specificationBank(known = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23]): Bank & {
  readonly written: { table: string; address: number; values: readonly number[] }[];
} {
  const words = new Map<string, number>();
  const set = (table: string, from: number, values: readonly number[]): void => {
    values.forEach((value, i) => {
      words.set(`${table} ${from + i}`, value);
    });
  };
  const bits = (text: string): readonly number[] =>
    text
      .split(" ")
      .flatMap((byte) => Array.from({ length: 8 }, (_, i) => (Number.parseInt(byte, 16) >> i) & 1));
  set("coil", 19, bits("CD 6B 05"));
  set("discrete", 196, bits("AC DB 35"));
  set("holding", 107, [0x022b, 0x0000, 0x0064]);
  set("input", 8, [0x000a]);
  set("holding", 4, [0x12]);
  set("holding", 3, [0x00fe, 0x0acd, 0x0001, 0x0003, 0x000d, 0x00ff]);
  const written: { table: string; address: number; values: readonly number[] }[] = [];
  return {
    written,
    knows: (code) => known.includes(code),
    read: (table, address, count) => {
      const found = Array.from({ length: count }, (_, i) => words.get(`${table} ${address + i}`));
      return found.every((word) => word !== undefined) ? found : { exception: 2 };
    },
    write: (table, address, values) => {
      written.push({ table, address, values });
      if (address !== 4) return undefined;
      set(table, address, values);
      return undefined;
    },
  };
}

const ask = (bank: Bank, request: string): string => toHex(answer(bank, Buffer.from(hex(request))));

describe("examples printed in Modbus Application Protocol V1.1b3 §6", () => {
  it.each([
    ["6.1 read coils 20–38", "01 00 13 00 13", "01 03 CD 6B 05"],
    ["6.2 read discrete inputs 197–218", "02 00 C4 00 16", "02 03 AC DB 35"],
    ["6.3 read holding registers 108–110", "03 00 6B 00 03", "03 06 02 2B 00 00 00 64"],
    ["6.4 read input register 9", "04 00 08 00 01", "04 02 00 0A"],
    ["6.5 write coil 173 on", "05 00 AC FF 00", "05 00 AC FF 00"],
    ["6.6 write register 2", "06 00 01 00 03", "06 00 01 00 03"],
    ["6.11 write coils 20–29", "0F 00 13 00 0A 02 CD 01", "0F 00 13 00 0A"],
    ["6.12 write registers 2–3", "10 00 01 00 02 04 00 0A 01 02", "10 00 01 00 02"],
    ["6.16 mask write register 5", "16 00 04 00 F2 00 25", "16 00 04 00 F2 00 25"],
    [
      "6.17 read 6 from 4, write 3 from 15",
      "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF",
      "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF",
    ],
  ])("%s", (name, request, expected) => {
    const bank = specificationBank();
    const answered = ask(bank, request);
    // 6.1 and 6.2 print the spare bits of the last byte as zero.
    expect(answered, name).toBe(expected);
  });

  it("writes the bits and words the specification names", () => {
    const bank = specificationBank();
    ask(bank, "0F 00 13 00 0A 02 CD 01");
    ask(bank, "10 00 01 00 02 04 00 0A 01 02");
    expect(bank.written).toEqual([
      { table: "coil", address: 19, values: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0] },
      { table: "holding", address: 1, values: [0x000a, 0x0102] },
    ]);
  });

  it("6.16: mask write of 12 with and F2, or 25 gives 17", () => {
    const bank = specificationBank();
    bank.write("holding", 4, [0x12]);
    ask(bank, "16 00 04 00 F2 00 25");
    expect(bank.written.at(-1)).toEqual({ table: "holding", address: 4, values: [0x17] });
  });
});

describe("refusals", () => {
  it.each([
    ["a function the device does not know", "03 00 6B 00 03", "83 01", [4]],
    ["an address outside the map", "03 01 00 00 01", "83 02", undefined],
    ["no registers at all", "03 00 6B 00 00", "83 03", undefined],
    ["126 registers", "03 00 6B 00 7E", "83 03", undefined],
    ["2001 coils", "01 00 13 07 D1", "81 03", undefined],
    ["a coil value that is neither on nor off", "05 00 AC 12 34", "85 03", undefined],
    ["a byte count that does not fit", "10 00 01 00 02 03 00 0A 01 02", "90 03", undefined],
    ["a block cut short", "10 00 01 00 02 04 00 0A", "90 03", undefined],
    ["a request cut short", "03 00 6B", "83 03", undefined],
    ["function 0", "00", "80 01", undefined],
  ])("%s", (_, request, expected, known) => {
    expect(ask(specificationBank(known), request)).toBe(expected);
  });
});
