/**
 * Bytes ↔ frames, pure. A request and its answer are PDUs (function code and data); on the wire
 * they are wrapped as Modbus TCP (MBAP header: transaction, protocol 0, length, unit) or as RTU
 * (unit, PDU, CRC). The scanners look for the answer to one known request in whatever bytes came,
 * and say what else they passed over. Modbus Application Protocol V1.1b3; Modbus Messaging on
 * TCP/IP V1.0b §3.1.3.
 */
import { failure, type Outcome, success } from "../../../core/outcome.ts";

export const FRAMINGS = ["mbap", "rtu"] as const;
export type Framing = (typeof FRAMINGS)[number];

/** Function code and data: 256 bytes of an RTU frame less unit and CRC. */
export const PDU_BYTES_MAX = 253;
const MBAP_HEADER_BYTES = 7;
/** Unit and PDU; the smallest is an exception. */
const MBAP_LENGTH_MIN = 3;
const MBAP_LENGTH_MAX = PDU_BYTES_MAX + 1;
const EXCEPTION_BIT = 0x80;
const EXCEPTION_FRAME_BYTES = 5;

/** What one transaction waits for. */
export interface Expected {
  readonly transaction: number;
  readonly unit: number;
  /** The request's PDU. */
  readonly request: Uint8Array;
  /** The adapter is known to hear itself: of two equal frames the first is the echo. */
  readonly hasEcho?: boolean;
}

/** Things on the wire that were not the answer; each is counted by the doctor. */
export const STRANGERS = ["garbage", "lateAnswer", "wrongUnit", "echo"] as const;
export type Stranger = (typeof STRANGERS)[number];

export type Scan =
  | {
      readonly kind: "answer";
      readonly pdu: Uint8Array;
      /** Bytes up to and including the answer. */
      readonly used: number;
      readonly strangers: readonly Stranger[];
    }
  | {
      readonly kind: "invalid";
      readonly why: string;
      readonly used: number;
      readonly strangers: readonly Stranger[];
    }
  | {
      /** `used` bytes can be dropped; what remains may become the answer. */
      readonly kind: "more";
      readonly used: number;
      readonly strangers: readonly Stranger[];
    };

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});

/** CRC-16/MODBUS; on the wire low byte first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return crc;
}

export function encodeMbap(frame: {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
}): Uint8Array {
  const bytes = new Uint8Array(MBAP_HEADER_BYTES + frame.pdu.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, frame.transaction);
  view.setUint16(4, frame.pdu.length + 1);
  view.setUint8(6, frame.unit);
  bytes.set(frame.pdu, MBAP_HEADER_BYTES);
  return bytes;
}

export function encodeRtu(unit: number, pdu: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(pdu.length + 3);
  bytes[0] = unit;
  bytes.set(pdu, 1);
  const crc = crc16(bytes.subarray(0, -2));
  bytes[pdu.length + 1] = crc & 0xff;
  bytes[pdu.length + 2] = crc >>> 8;
  return bytes;
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Bytes of the PDU that answers `request` when it is no exception. */
export function answerPduBytes(request: Uint8Array): number {
  const count = word(request, 3);
  switch (request[0]) {
    case 1:
    case 2:
      return 2 + Math.ceil(count / 8);
    case 3:
    case 4:
      return 2 + 2 * count;
    case 22:
      return 7;
    default:
      return 5;
  }
}

/** Function, length, byte count, and the echo of what was written must fit the request. */
export function checkAnswer(request: Uint8Array, answer: Uint8Array): Outcome<undefined, string> {
  const asked = request[0] ?? 0;
  const code = answer[0];
  if (code === (asked | EXCEPTION_BIT)) {
    if (answer.length === 2) return success(undefined);
    return failure(`exception of ${answer.length} bytes instead of 2`);
  }
  if (code !== asked) return failure(`function ${code} answered, ${asked} was asked`);
  const expected = answerPduBytes(request);
  if (answer.length !== expected) {
    return failure(`answer of ${answer.length} bytes, expected ${expected}`);
  }
  if (asked <= 4) {
    if (answer[1] === expected - 2) return success(undefined);
    return failure(`byte count ${answer[1]}, expected ${expected - 2}`);
  }
  for (let i = 1; i < expected; i++) {
    if (answer[i] !== request[i]) return failure("the answer repeats another address or value");
  }
  return success(undefined);
}

/**
 * Looks for the answer in the bytes of a Modbus TCP stream. While `synced`, headers follow each
 * other and whole foreign frames are passed over; otherwise only a header with our transaction id
 * counts.
 */
export function scanMbap(bytes: Uint8Array, expected: Expected, synced: boolean): Scan {
  const strangers: Stranger[] = [];
  let at = 0;
  for (;;) {
    const header = headerAt(bytes, at);
    if (header === "short") return { kind: "more", used: at, strangers };
    const ours = header !== "garbage" && header.transaction === expected.transaction;
    if (header === "garbage" || (!synced && !ours)) {
      strangers.push("garbage");
      at = nextHeader(bytes, at + 1, expected.transaction);
      if (at === bytes.length) return { kind: "more", used: at, strangers };
      continue;
    }
    const end = at + MBAP_HEADER_BYTES - 1 + header.length;
    if (end > bytes.length) return { kind: "more", used: at, strangers };
    if (!ours) {
      strangers.push("lateAnswer");
      at = end;
      continue;
    }
    const pdu = bytes.slice(at + MBAP_HEADER_BYTES, end);
    const unit = bytes[at + MBAP_HEADER_BYTES - 1];
    if (unit !== expected.unit) {
      strangers.push("wrongUnit");
      const why = `unit ${unit} answered, unit ${expected.unit} was asked`;
      return { kind: "invalid", why, used: end, strangers };
    }
    const checked = checkAnswer(expected.request, pdu);
    if (!checked.ok) return { kind: "invalid", why: checked.error, used: end, strangers };
    return { kind: "answer", pdu, used: end, strangers };
  }
}

function headerAt(
  bytes: Uint8Array,
  at: number,
): { readonly transaction: number; readonly length: number } | "short" | "garbage" {
  const left = bytes.length - at;
  if (left >= 3 && bytes[at + 2] !== 0) return "garbage";
  if (left >= 4 && bytes[at + 3] !== 0) return "garbage";
  if (left >= 5 && bytes[at + 4] !== 0) return "garbage";
  if (left < 6) return "short";
  const length = bytes[at + 5] ?? 0;
  if (length < MBAP_LENGTH_MIN || length > MBAP_LENGTH_MAX) return "garbage";
  return { transaction: word(bytes, at), length };
}

/** The next place that could be a header with this transaction id, or the end. */
function nextHeader(bytes: Uint8Array, from: number, transaction: number): number {
  const start = [transaction >>> 8, transaction & 0xff, 0, 0, 0];
  for (let at = from; at < bytes.length; at++) {
    const known = Math.min(start.length, bytes.length - at);
    let fits = true;
    for (let i = 0; i < known && fits; i++) fits = bytes[at + i] === start[i];
    if (fits) return at;
  }
  return bytes.length;
}

/**
 * Looks for the answer in the bytes of an RTU line. Whole valid frames of others are passed over.
 * With `settled` the line has been silent: nothing that is incomplete will be completed any more.
 */
export function scanRtu(bytes: Uint8Array, expected: Expected, settled: boolean): Scan {
  const strangers: Stranger[] = [];
  let at = 0;
  /** End of the last whole frame: everything behind it may still be needed to judge the line. */
  let used = 0;
  while (at < bytes.length) {
    const frame = echoAt(bytes, at, expected, strangers) ?? frameAt(bytes, at, expected);
    if (frame === "short" && !settled) break;
    if (frame === "short" || frame === "none") {
      at++;
      continue;
    }
    if (at > used) strangers.push("garbage");
    const end = at + frame.length;
    if (frame.whose === "ours") {
      return { kind: "answer", pdu: bytes.slice(at + 1, end - 2), used: end, strangers };
    }
    strangers.push(frame.whose);
    at = end;
    used = end;
  }
  if (settled && at - used >= EXCEPTION_FRAME_BYTES - 1) {
    const why = `checksum or length wrong in ${at - used} bytes`;
    return { kind: "invalid", why, used: bytes.length, strangers: [...strangers, "garbage"] };
  }
  return { kind: "more", used, strangers };
}

interface RtuFrame {
  readonly length: number;
  readonly whose: "ours" | Stranger;
}

/**
 * Some adapters hear themselves. A read request is never its own answer; a write is, so there the
 * echo must be known of before, and is the first of the two.
 */
function echoAt(
  bytes: Uint8Array,
  at: number,
  expected: Expected,
  strangers: readonly Stranger[],
): RtuFrame | undefined {
  const code = expected.request[0] ?? 0;
  if (code > 4 && (expected.hasEcho !== true || strangers.includes("echo"))) return undefined;
  const length = expected.request.length + 3;
  if (bytes.length - at < length || bytes[at] !== expected.unit) return undefined;
  for (let i = 0; i < expected.request.length; i++) {
    if (bytes[at + 1 + i] !== expected.request[i]) return undefined;
  }
  return crcHolds(bytes, at, length) ? { length, whose: "echo" } : undefined;
}

function frameAt(bytes: Uint8Array, at: number, expected: Expected): RtuFrame | "short" | "none" {
  const unit = bytes[at] ?? 0;
  if (at + 2 >= bytes.length) return "short";
  const code = bytes[at + 1] ?? 0;
  const length = rtuLength(code, bytes[at + 2] ?? 0);
  if (length === undefined) return "none";
  const isOurUnit = unit === expected.unit;
  if (
    isOurUnit &&
    code === expected.request[0] &&
    length !== answerPduBytes(expected.request) + 3
  ) {
    return strangerAt(bytes, at, length, "lateAnswer");
  }
  if (at + length > bytes.length) return "short";
  if (!crcHolds(bytes, at, length)) return "none";
  if (!isOurUnit) return { length, whose: "wrongUnit" };
  const pdu = bytes.subarray(at + 1, at + length - 2);
  return { length, whose: checkAnswer(expected.request, pdu).ok ? "ours" : "lateAnswer" };
}

function strangerAt(
  bytes: Uint8Array,
  at: number,
  length: number,
  whose: Stranger,
): RtuFrame | "short" | "none" {
  if (at + length > bytes.length) return "short";
  return crcHolds(bytes, at, length) ? { length, whose } : "none";
}

/** Length of an answer's frame by its first three bytes; undefined when it is none of ours. */
function rtuLength(code: number, third: number): number | undefined {
  if (code & EXCEPTION_BIT) {
    const known = [1, 2, 3, 4, 5, 6, 15, 16, 22].includes(code & 0x7f);
    return known ? EXCEPTION_FRAME_BYTES : undefined;
  }
  if (code >= 1 && code <= 4) {
    if (third === 0 || third > PDU_BYTES_MAX - 2) return undefined;
    return third + EXCEPTION_FRAME_BYTES;
  }
  if (code === 5 || code === 6 || code === 15 || code === 16) return 8;
  return code === 22 ? 10 : undefined;
}

function crcHolds(bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length;
  const crc = crc16(bytes.subarray(at, end - 2));
  return bytes[end - 2] === (crc & 0xff) && bytes[end - 1] === crc >>> 8;
}
