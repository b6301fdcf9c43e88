/**
 * Frames on the two kinds of wire: MBAP (Modbus Messaging on TCP/IP V1.0b §3.1.3) and RTU carried over TCP
 * (Modbus over Serial Line V1.02 §2.5.1). Pure: bytes in, requests out, and what is left over.
 */

export type Transport = "tcp" | "rtu-over-tcp";

export interface Request {
  /** MBAP transaction; 0 on RTU. */
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
}

export interface Unframed {
  readonly requests: readonly Request[];
  readonly rest: Buffer;
  /** The stream is not Modbus: a real device drops such a connection. */
  readonly broken: boolean;
}

/** Function code and at most 252 bytes (Modbus Application Protocol V1.1b3 §4.1). */
export const PDU_BYTES_MAX = 253;
const MBAP_BYTES = 7;

export function unframe(transport: Transport, bytes: Buffer): Unframed {
  return transport === "tcp" ? unframeMbap(bytes) : unframeRtu(bytes);
}

function unframeMbap(bytes: Buffer): Unframed {
  const requests: Request[] = [];
  let rest = bytes;
  while (rest.length >= MBAP_BYTES) {
    const length = rest.readUInt16BE(4);
    if (rest.readUInt16BE(2) !== 0 || length < 2 || length > PDU_BYTES_MAX + 1) {
      return { requests, rest: Buffer.alloc(0), broken: true };
    }
    if (rest.length < 6 + length) break;
    requests.push({
      transaction: rest.readUInt16BE(0),
      unit: rest.readUInt8(6),
      pdu: rest.subarray(MBAP_BYTES, 6 + length),
    });
    rest = rest.subarray(6 + length);
  }
  return { requests, rest, broken: false };
}

/** A request's length follows from its function code; a wrong checksum is met with silence. */
function unframeRtu(bytes: Buffer): Unframed {
  const requests: Request[] = [];
  let rest = bytes;
  for (;;) {
    const length = rtuRequestBytes(rest);
    if (length === undefined || rest.length < length) break;
    const body = rest.subarray(0, length - 2);
    if (crc16(body) === rest.readUInt16LE(length - 2)) {
      requests.push({ transaction: 0, unit: body.readUInt8(0), pdu: body.subarray(1) });
      rest = rest.subarray(length);
    } else rest = rest.subarray(1);
  }
  return {
    requests,
    rest: rest.length > PDU_BYTES_MAX + 3 ? Buffer.alloc(0) : rest,
    broken: false,
  };
}

function rtuRequestBytes(bytes: Buffer): number | undefined {
  const code = bytes[1];
  if (code === undefined) return undefined;
  const counted = (at: number): number | undefined => {
    const count = bytes[at];
    return count === undefined ? undefined : at + 1 + count + 2;
  };
  if (code >= 1 && code <= 6) return 8;
  if (code === 15 || code === 16) return counted(6);
  if (code === 22) return 10;
  if (code === 23) return counted(10);
  return 4;
}

export function frame(transport: Transport, request: Request, pdu: Buffer): Buffer {
  if (transport === "tcp") {
    const header = Buffer.alloc(MBAP_BYTES);
    header.writeUInt16BE(request.transaction, 0);
    header.writeUInt16BE(pdu.length + 1, 4);
    header.writeUInt8(request.unit, 6);
    return Buffer.concat([header, pdu]);
  }
  const body = Buffer.concat([Buffer.of(request.unit), pdu]);
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc16(body), 0);
  return Buffer.concat([body, check]);
}

/** CRC-16/MODBUS. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
