/** Every quirk of the field notes can be said in a profile, and becomes what the driver reads. */
import { describe, expect, test } from "vitest";
import type { ModbusPoint, ModbusProfile } from "../../../device-profiles/profile.ts";
import { profileOf } from "../../support/profiles.ts";

const BIG = { words: "big", bytes: "big" };

async function modbus(text: string): Promise<ModbusProfile> {
  return profileOf("modbus", text);
}

async function point(text: string, name: string): Promise<ModbusPoint> {
  const profile = await modbus(`points:\n${text}`);
  const found = profile.points.find((p) => p.name === name);
  if (found === undefined) throw new Error(`no point ${name}`);
  return found;
}

describe("where a value stands", () => {
  test("one bit of a register", async () => {
    const { read } = await point("  fault: { at: 5, bit: 6 }", "fault");
    expect(read).toEqual({
      table: "holding",
      address: 5,
      type: "uint16",
      order: BIG,
      mask: 0x40,
      shift: 6,
    });
  });

  test("a field of bits, and codes for what it means", async () => {
    const { read, codes } = await point(
      '  fault: { at: 0, bits: [4, 5], codes: { "0": 0, "1": 1 } }',
      "fault",
    );
    expect(read).toMatchObject({ mask: 0b110000, shift: 4 });
    expect(codes).toEqual({ "0": 0, "1": 1 });
  });

  test("the highest bit of 32 does not become negative", async () => {
    const { read } = await point("  fault: { at: 0, type: uint32, bit: 31 }", "fault");
    expect(read.mask).toBe(0x8000_0000);
  });

  test("the order of words differs from point to point of one device (WB-MAP3E)", async () => {
    const profile = await modbus(`each: { table: input, type: int32 }
points:
  power_active: { at: 0x1300 }
  energy_import_l1: { at: 0x1204, type: uint64, words: little }
`);
    expect(profile.points.map((p) => p.read.order.words)).toEqual(["big", "little"]);
  });

  test("strings with one character in each register, and card numbers in hexadecimal", async () => {
    const serial = await point(
      "  serial_number: { at: 0x5000, type: string, length: 7, charactersPerRegister: 1 }",
      "serial_number",
    );
    expect(serial.read).toMatchObject({ type: "string", length: 7, charactersPerRegister: 1 });
    const card = await point(
      "  card_event: { at: 0, type: string, length: 5, hex: true }",
      "card_event",
    );
    expect(card.read.hex).toBe(true);
  });

  test("a register that must be asked for alone, and ranges that must not be asked for", async () => {
    const profile = await modbus(`limits:
  registersMax: 50
  readAlone: [{ table: input, from: 11, through: 11 }]
  prohibited: [{ table: input, from: 100, through: 199 }]
  pauseBetween: 20ms
points:
  model: { table: input, at: 11, type: string, length: 1, alone: true }
`);
    expect(profile.limits).toMatchObject({
      registersMax: 50,
      coilsMax: 2_000,
      pauseBetween: 20,
      answerWithin: 1_000,
      readAlone: [{ table: "input", from: 11, through: 11 }],
    });
    expect(profile.points[0]?.alone).toBe(true);
  });
});

describe("what is made of it", () => {
  test("a counter split in cubic metres and millilitres", async () => {
    const { plus } = await point(
      "  volume: { at: 2, type: int32, plus: [{ at: 4, scale: 0.000001 }] }",
      "volume",
    );
    expect(plus).toEqual([
      { read: { table: "holding", address: 4, type: "int32", order: BIG }, scale: 0.000001 },
    ]);
  });

  test("a power of ten in another register, in the same table", async () => {
    const { exponentFrom } = await point(
      "  power_active: { table: input, at: 18, type: int16, exponentFrom: { at: 22 } }",
      "power_active",
    );
    expect(exponentFrom).toEqual({ table: "input", address: 22, type: "int16", order: BIG });
  });

  test("ratios from settings and from registers multiply alike", async () => {
    const profile = await modbus(`settings:
  pt: { name: { zh: 变比, en: Ratio }, default: 1 }
ratios:
  ct: { at: 331, type: uint16 }
points:
  power_active: { at: 106, type: int16, multiplyBy: [pt, ct] }
`);
    expect(profile.points[0]).toMatchObject({
      multiplyBy: ["pt"],
      multiplyFrom: [{ read: { address: 331, type: "uint16" } }],
    });
  });

  test("a unit that a register tells", async () => {
    const { multiplyFrom } = await point(
      '  leak_distance: { at: 1, multiplyFrom: [{ at: 2, type: uint16, values: { "0": 1, "1": 0.3048 } }] }',
      "leak_distance",
    );
    expect(multiplyFrom?.[0]).toMatchObject({ read: { address: 2 }, values: { "1": 0.3048 } });
  });

  test("sentinels by type, and of one point", async () => {
    const profile = await modbus(`sentinels: { int16: [0x7FFF], uint16: [0xFFFF] }
points:
  temperature: { at: 0, type: int16 }
  humidity: { at: 1, type: uint16 }
  co2: { at: 2, type: uint16, sentinels: [0] }
`);
    expect(profile.points.map((p) => p.sentinels)).toEqual([[0x7fff], [0xffff], [0]]);
  });

  test("a SunSpec address counts from the meter's model, or from the one it names", async () => {
    const profile = await modbus(`sunspec: { bases: [40000, 0, 50000], models: [203] }
points:
  power_active: { at: 18, type: int16 }
  serial_number: { model: 1, at: 50, type: string, length: 16 }
`);
    expect(profile.sunspec).toEqual({ bases: [40000, 0, 50000], models: [203] });
    expect(profile.points.map((p) => p.read.model)).toEqual([undefined, 1]);
  });
});

describe("what is written", () => {
  test("read with function 4, written with function 6 at the same number (TSI EverWatch)", async () => {
    const { read, write } = await point(
      "  face_velocity_low_limit: { table: input, at: 3, scale: 0.00508, command: { min: 0, max: 1 } }",
      "face_velocity_low_limit",
    );
    expect(read.table).toBe("input");
    expect(write).toMatchObject({ function: "writeRegister", address: 3, type: "uint16" });
  });

  test("the contact is read back, the coil is written (WB-MR6C)", async () => {
    const { read, write } = await point(
      "  relay_1: { table: discrete, at: 96, write: { function: writeCoil, at: 0 }, command: {} }",
      "relay_1",
    );
    expect([read.table, read.address]).toEqual(["discrete", 96]);
    expect(write).toMatchObject({ function: "writeCoil", address: 0, type: "bit" });
  });

  test("two registers are written with function 16, some bits with a mask", async () => {
    const level = await point(
      "  light_level: { at: 7, type: float32, command: { min: 0, max: 100 } }",
      "light_level",
    );
    expect(level.write?.function).toBe("writeRegisters");
    const bit = await point(
      "  relay_1: { at: 9, bit: 3, write: { bit: 3 }, command: {} }",
      "relay_1",
    );
    expect(bit.write).toMatchObject({ function: "maskWrite", mask: 8, shift: 3 });
  });

  test("a state's labels are what may be commanded; settling and fallback have defaults", async () => {
    const { command } = await point("  relay_1: { table: coil, at: 0, command: {} }", "relay_1");
    expect(command).toEqual({ values: [0, 1], settle: 1_000, proof: "readBack", tolerance: 0 });
  });

  test("an output that can only be told", async () => {
    const unlock = await point(
      "  unlock: { table: coil, at: 1010, writeOnly: true, command: { values: [1], proof: none } }",
      "unlock",
    );
    expect(unlock).toMatchObject({ writeOnly: true, command: { values: [1], proof: "none" } });
  });

  test("an event that waits until it is taken (Inveo)", async () => {
    const card = await point(
      `  card_event:
    at: 1000
    type: string
    length: 5
    hex: true
    personal: true
    handshake:
      ready: { table: coil, at: 1004 }
      values: [1]
      clear: { function: writeCoil, at: 1004, value: 0 }
`,
      "card_event",
    );
    expect(card).toMatchObject({ kind: "event", momentary: true, personal: true });
    expect(card.handshake).toMatchObject({
      ready: { table: "coil", address: 1004, type: "bit" },
      values: [1],
      clear: { function: "writeCoil", address: 1004, type: "bit", value: 0 },
    });
  });

  test("a watchdog that is kept alive by alternating writes", async () => {
    const profile = await modbus(`keepAlive: { write: { at: 900 }, values: [0, 1], every: 5s }
points:
  heartbeat: { at: 900 }
`);
    expect(profile.keepAlive).toMatchObject({
      write: { function: "writeRegister", address: 900 },
      values: [0, 1],
      every: 5_000,
    });
  });
});

describe("many channels in one line", () => {
  test("addresses, writes, gates and labels move along", async () => {
    const profile = await modbus(`points:
  "light_level_{n}":
    at: 6
    repeat: { count: 64, step: 100, from: 0 }
    write: { at: 15 }
    command: { min: 0, max: 100 }
`);
    expect(profile.points).toHaveLength(64);
    expect(profile.points[63]).toMatchObject({
      name: "light_level_63",
      label: { zh: "调光亮度 63", en: "Light level 63" },
      read: { address: 6306 },
      write: { address: 6315 },
    });
  });
});

test("setting added to every address, liveness, factory settings and doubts are kept", async () => {
  const profile = await modbus(`confidence: medium
settings: { shift: { name: { zh: 偏移, en: Shift }, default: 0, min: -1, max: 1 } }
shiftBy: shift
liveness: { point: heartbeat, changesWithin: 30s }
factory: { confirmed: false, unit: 126, baud: 9600, parity: even, stopBits: 1 }
disagreements: [one says so, another otherwise]
points:
  heartbeat: { at: 7, confidence: low, note: changes every 5 s }
`);
  expect(profile).toMatchObject({
    confidence: "medium",
    shiftBy: "shift",
    liveness: { point: "heartbeat", changesWithin: 30_000 },
    factory: { confirmed: false, unit: 126, parity: "even" },
    disagreements: ["one says so", "another otherwise"],
  });
  expect(profile.points[0]).toMatchObject({ confidence: "low", note: "changes every 5 s" });
});
