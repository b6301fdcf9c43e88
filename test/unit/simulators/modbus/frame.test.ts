import { describe, expect, it } from "vitest";
import { crc16, frame, unframe } from "../../../../simulators/modbus/frame.ts";
import { hex, toHex } from "../../../support/hex.ts";

const bytes = (text: string): Buffer => Buffer.from(hex(text));

describe("RTU", () => {
  it.each([
    // Waveshare's manual of the 8-channel relay board.
    ["01 05 00 00 FF 00", "8C 3A"],
    ["01 05 00 01 00 00", "9C 0A"],
    ["01 05 00 00 55 00", "F2 9A"],
    ["01 05 00 FF FF 00", "BC 0A"],
  ])("checksum of %s is %s", (body, expected) => {
    const crc = crc16(bytes(body));
    expect(toHex(Buffer.of(crc & 0xff, crc >> 8))).toBe(expected);
  });

  it("finds a request after garbage and keeps what is not whole yet", () => {
    const first = unframe("rtu-over-tcp", bytes("77 01 05 00 00 FF 00 8C 3A 01 05 00"));
    expect(first.requests.map(({ unit, pdu }) => [unit, toHex(pdu)])).toEqual([
      [1, "05 00 00 FF 00"],
    ]);
    expect(toHex(first.rest)).toBe("01 05 00");
  });

  it("meets a wrong checksum with silence", () => {
    expect(unframe("rtu-over-tcp", bytes("01 05 00 00 FF 00 8C 3B")).requests).toEqual([]);
  });

  it("frames an answer with its checksum", () => {
    const request = { transaction: 0, unit: 1, pdu: Buffer.alloc(0) };
    const framed = frame("rtu-over-tcp", request, bytes("05 00 00 FF 00"));
    expect(toHex(framed)).toBe("01 05 00 00 FF 00 8C 3A");
  });
});

describe("MBAP", () => {
  const request = "15 01 00 00 00 06 FF 04 00 00 00 01";

  it("reads the example of the messaging guide §3.1.3, whole or in pieces", () => {
    const half = unframe("tcp", bytes(request).subarray(0, 5));
    expect(half.requests).toEqual([]);
    const whole = unframe("tcp", Buffer.concat([half.rest, bytes(request).subarray(5)]));
    expect(
      whole.requests.map(({ transaction, unit, pdu }) => [transaction, unit, toHex(pdu)]),
    ).toEqual([[0x1501, 0xff, "04 00 00 00 01"]]);
  });

  it("answers with the transaction of the request", () => {
    const [asked] = unframe("tcp", bytes(request)).requests;
    expect(toHex(frame("tcp", asked!, bytes("04 02 00 05")))).toBe(
      "15 01 00 00 00 05 FF 04 02 00 05",
    );
  });

  it.each([
    ["another protocol id", "15 01 00 01 00 06 FF 04 00 00 00 01"],
    ["a length of nothing", "15 01 00 00 00 00 FF 04"],
    ["a length no request has", "15 01 00 00 FF FF FF 04"],
  ])("%s breaks the connection", (_, text) => {
    expect(unframe("tcp", bytes(text)).broken).toBe(true);
  });
});
