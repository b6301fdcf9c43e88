import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerPduBytes,
  checkAnswer,
  crc16,
  type Expected,
  encodeMbap,
  encodeRtu,
  scanMbap,
  scanRtu,
} from "../../../../../gateway/sources/modbus/frame.ts";
import { hex, toHex } from "../../../../support/hex.ts";
import { slowCrc } from "../../../../support/modbus-device.ts";

/** Modbus Application Protocol V1.1b3, the worked example of each function. */
const GOLDEN = [
  { name: "§6.1 read coils", request: "01 00 13 00 13", answer: "01 03 CD 6B 05" },
  { name: "§6.2 read discrete inputs", request: "02 00 C4 00 16", answer: "02 03 AC DB 35" },
  { name: "§6.3 read holding", request: "03 00 6B 00 03", answer: "03 06 02 2B 00 00 00 64" },
  { name: "§6.4 read input", request: "04 00 08 00 01", answer: "04 02 00 0A" },
  { name: "§6.5 write coil", request: "05 00 AC FF 00", answer: "05 00 AC FF 00" },
  { name: "§6.6 write register", request: "06 00 01 00 03", answer: "06 00 01 00 03" },
  { name: "§6.11 write coils", request: "0F 00 13 00 0A 02 CD 01", answer: "0F 00 13 00 0A" },
  {
    name: "§6.12 write registers",
    request: "10 00 01 00 02 04 00 0A 01 02",
    answer: "10 00 01 00 02",
  },
  { name: "§6.16 mask write", request: "16 00 04 00 F2 00 25", answer: "16 00 04 00 F2 00 25" },
  { name: "§7 exception", request: "01 04 A1 00 01", answer: "81 02" },
];

const expecting = (request: string, unit = 0x11, transaction = 0x1501): Expected => ({
  transaction,
  unit,
  request: hex(request),
});

describe("frames", () => {
  it.each([
    // Modbus over serial line V1.02 §2.5.1.2: 02 07 has the CRC 41 12 on the wire.
    { bytes: "02 07", crc: 0x1241 },
    // Eastron SDM630, request and answer.
    { bytes: "01 04 00 00 00 02", crc: 0xcb71 },
    { bytes: "01 04 04 43 66 33 34", crc: 0x381b },
  ])("knows the CRC of $bytes", ({ bytes, crc }) => {
    expect(crc16(hex(bytes))).toBe(crc);
  });

  it("computes the CRC as the specification's loop does", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => crc16(bytes) === slowCrc(Buffer.from(bytes))),
    );
  });

  it("wraps a request for RTU as the Eastron manual prints it", () => {
    expect(toHex(encodeRtu(1, hex("04 00 00 00 02")))).toBe("01 04 00 00 00 02 71 CB");
  });

  it("wraps a request for TCP as the messaging guide V1.0b prints it", () => {
    const frame = encodeMbap({ transaction: 0x1501, unit: 0xff, pdu: hex("03 00 04 00 01") });
    expect(toHex(frame)).toBe("15 01 00 00 00 06 FF 03 00 04 00 01");
  });

  it.each(GOLDEN)("accepts the answer of $name", ({ request, answer }) => {
    expect(checkAnswer(hex(request), hex(answer))).toMatchObject({ ok: true });
    if (!answer.startsWith("8")) expect(answerPduBytes(hex(request))).toBe(hex(answer).length);
  });

  it.each([
    { why: "another function", request: "03 00 6B 00 01", answer: "04 02 00 00" },
    { why: "too few registers", request: "03 00 6B 00 03", answer: "03 02 02 2B" },
    {
      why: "a byte count that lies low",
      request: "03 00 6B 00 03",
      answer: "03 02 02 2B 00 00 00 64",
    },
    {
      why: "a byte count that lies high",
      request: "03 00 6B 00 03",
      answer: "03 08 02 2B 00 00 00 64",
    },
    { why: "another address written", request: "06 00 01 00 03", answer: "06 00 02 00 03" },
    { why: "another value written", request: "06 00 01 00 03", answer: "06 00 01 00 04" },
    { why: "an exception with more behind it", request: "03 00 6B 00 03", answer: "83 02 00" },
    { why: "the exception of another function", request: "03 00 6B 00 03", answer: "84 02" },
    { why: "nothing", request: "03 00 6B 00 03", answer: "" },
  ])("refuses $why", ({ request, answer }) => {
    expect(checkAnswer(hex(request), hex(answer)).ok).toBe(false);
  });
});

describe("scanning a TCP stream", () => {
  const expected = expecting("03 00 6B 00 01");
  const good = "15 01 00 00 00 05 11 03 02 02 2B";

  it.each([
    { name: "the answer alone", bytes: good, strangers: [] },
    {
      name: "a late answer before it",
      bytes: `15 00 00 00 00 05 11 03 02 FF FF ${good}`,
      strangers: ["lateAnswer"],
    },
    { name: "one byte of garbage before it", bytes: `AA ${good}`, strangers: ["garbage"] },
    {
      name: "a header with a length that cannot be",
      bytes: `15 00 00 00 FF FF ${good}`,
      strangers: ["garbage"],
    },
    {
      name: "a frame of another protocol",
      bytes: `15 01 00 07 00 05 11 03 02 FF FF ${good}`,
      strangers: ["garbage"],
    },
  ])("finds $name", ({ bytes, strangers }) => {
    const scan = scanMbap(hex(bytes), expected, true);
    expect(scan).toMatchObject({ kind: "answer", strangers, used: hex(bytes).length });
    expect(scan.kind === "answer" && toHex(scan.pdu)).toBe("03 02 02 2B");
  });

  it("believes only its own transaction once the thread is lost", () => {
    const bytes = hex(`00 00 00 00 00 30 11 03 02 ${good}`);
    expect(scanMbap(bytes, expected, true).kind).toBe("more");
    expect(scanMbap(bytes, expected, false)).toMatchObject({ kind: "answer" });
  });

  it.each([
    { name: "another unit", bytes: "15 01 00 00 00 05 12 03 02 02 2B" },
    { name: "an exception of another unit", bytes: "15 01 00 00 00 03 12 83 02" },
    { name: "a length that lies", bytes: "15 01 00 00 00 07 11 03 02 02 2B 00 00" },
  ])("calls $name invalid", ({ bytes }) => {
    expect(scanMbap(hex(bytes), expected, true).kind).toBe("invalid");
  });

  it("waits while any prefix of the answer is there", () => {
    const whole = hex(good);
    for (let n = 0; n < whole.length; n++) {
      expect(scanMbap(whole.subarray(0, n), expected, true)).toMatchObject({
        kind: "more",
        used: 0,
      });
    }
  });

  it("never takes random bytes for a value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, synced) => {
        const scan = scanMbap(bytes, expected, synced);
        if (scan.kind !== "answer") return scan.used <= bytes.length;
        return checkAnswer(expected.request, scan.pdu).ok;
      }),
    );
  });
});

describe("scanning an RTU line", () => {
  const expected = expecting("04 00 00 00 02", 1);
  const good = "01 04 04 43 66 33 34 1B 38";
  const ofUnit2 = toHex(encodeRtu(2, hex("04 04 00 00 00 00")));

  it.each([
    { name: "the answer alone", bytes: good, strangers: [] },
    {
      name: "a whole answer of another unit before it",
      bytes: `${ofUnit2} ${good}`,
      strangers: ["wrongUnit"],
    },
    {
      name: "the echo of its own request",
      bytes: `01 04 00 00 00 02 71 CB ${good}`,
      strangers: ["echo"],
    },
    {
      name: "a late answer of another length before it",
      bytes: `${toHex(encodeRtu(1, hex("04 02 00 00")))} ${good}`,
      strangers: ["lateAnswer"],
    },
    { name: "noise before it", bytes: `00 FF 13 ${good}`, strangers: ["garbage"] },
  ])("finds $name", ({ bytes, strangers }) => {
    expect(scanRtu(hex(bytes), expected, true)).toMatchObject({ kind: "answer", strangers });
  });

  it("finds an exception", () => {
    const bytes = encodeRtu(1, hex("84 02"));
    const scan = scanRtu(bytes, expected, false);
    expect(scan.kind === "answer" && toHex(scan.pdu)).toBe("84 02");
  });

  it("says checksum when the line is silent and one bit is wrong", () => {
    const bytes = hex(good);
    bytes[4] = 0x67;
    expect(scanRtu(bytes, expected, false).kind).toBe("more");
    expect(scanRtu(bytes, expected, true)).toMatchObject({ kind: "invalid" });
  });

  it("takes no frame with any one bit wrong", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 * 8 - 1 }), (bit) => {
        const bytes = hex(good);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return scanRtu(bytes, expected, true).kind !== "answer";
      }),
    );
  });

  it("tells a write from its own echo once the echo is known", () => {
    const request = hex("06 00 01 00 03");
    const frame = encodeRtu(1, request);
    const write = { transaction: 0, unit: 1, request };
    expect(scanRtu(frame, write, false).kind).toBe("answer");
    const wary = { ...write, hasEcho: true };
    expect(scanRtu(frame, wary, true)).toMatchObject({ kind: "more", strangers: ["echo"] });
    const both = Uint8Array.from([...frame, ...frame]);
    expect(scanRtu(both, wary, false)).toMatchObject({ kind: "answer", strangers: ["echo"] });
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, settled) => {
        const scan = scanRtu(bytes, expected, settled);
        return scan.used >= 0 && scan.used <= bytes.length;
      }),
    );
  });
});
