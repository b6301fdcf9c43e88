/**
 * Devices on a real TCP port for tests: Modbus TCP or RTU frames, several units, and every way to
 * misbehave. It shares no code with the gateway's codec on purpose.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface Bank {
  readonly registers: Map<number, number>;
  readonly bits: Map<number, number>;
}

/** What goes back for one request: bytes of a PDU, raw bytes as they are, or nothing. */
export type Reply =
  | { readonly pdu: Buffer }
  | { readonly raw: Buffer }
  | { readonly reset: true }
  | { readonly end: true }
  | undefined;

export interface AskedFor {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
  readonly socket: Socket;
  /** The normal answer of the bank. */
  readonly normal: () => Buffer;
}

export interface ModbusTestDevice {
  readonly port: number;
  readonly units: Map<number, Bank>;
  /** Replaces the normal behaviour when set. */
  behave: ((asked: AskedFor) => Reply | Promise<Reply>) | undefined;
  readonly requests: { readonly unit: number; readonly pdu: Buffer }[];
  readonly connections: Set<Socket>;
  accepted: number;
  close(): Promise<void>;
}

export const bank = (registers: Record<number, number> = {}): Bank => ({
  registers: new Map(Object.entries(registers).map(([a, v]) => [Number(a), v])),
  bits: new Map(),
});

export async function startModbusDevice(
  units: Map<number, Bank>,
  framing: "mbap" | "rtu" = "mbap",
  listen: { readonly host?: string; readonly port?: number } = {},
): Promise<ModbusTestDevice> {
  const server: Server = createServer();
  const device: ModbusTestDevice = {
    port: 0,
    units,
    behave: undefined,
    requests: [],
    connections: new Set(),
    accepted: 0,
    close: () =>
      new Promise((resolve) => {
        for (const socket of device.connections) socket.destroy();
        server.close(() => resolve());
      }),
  };
  server.on("connection", (socket) => {
    device.accepted++;
    device.connections.add(socket);
    socket.on("close", () => device.connections.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
    const requests = framing === "mbap" ? mbapRequests() : rtuRequests();
    socket.on("data", (chunk: Buffer) => {
      for (const request of requests(chunk)) void serve(device, socket, request, framing);
    });
  });
  await new Promise<void>((resolve) =>
    server.listen(listen.port ?? 0, listen.host ?? "127.0.0.1", resolve),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return Object.assign(device, { port: address.port });
}

interface Request {
  readonly transaction: number;
  readonly unit: number;
  readonly pdu: Buffer;
}

async function serve(
  device: ModbusTestDevice,
  socket: Socket,
  request: Request,
  framing: "mbap" | "rtu",
): Promise<void> {
  device.requests.push({ unit: request.unit, pdu: request.pdu });
  const normal = (): Buffer => answer(device.units.get(request.unit) ?? bank(), request.pdu);
  let reply: Reply;
  if (device.behave !== undefined) reply = await device.behave({ ...request, socket, normal });
  else if (device.units.has(request.unit)) reply = { pdu: normal() };
  if (reply === undefined || socket.destroyed) return;
  if ("reset" in reply) socket.resetAndDestroy();
  else if ("end" in reply) socket.end();
  else if ("raw" in reply) socket.write(reply.raw);
  else socket.write(framed(request, reply.pdu, framing));
}

export function framed(
  request: { readonly transaction: number; readonly unit: number },
  pdu: Buffer,
  framing: "mbap" | "rtu",
): Buffer {
  if (framing === "mbap") {
    const header = Buffer.alloc(7);
    header.writeUInt16BE(request.transaction, 0);
    header.writeUInt16BE(pdu.length + 1, 4);
    header.writeUInt8(request.unit, 6);
    return Buffer.concat([header, pdu]);
  }
  const body = Buffer.concat([Buffer.from([request.unit]), pdu]);
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(slowCrc(body));
  return Buffer.concat([body, crc]);
}

/** Bit by bit, as in the specification's appendix. */
export function slowCrc(bytes: Buffer): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

function mbapRequests(): (chunk: Buffer) => Request[] {
  let buffer = Buffer.alloc(0);
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    const requests: Request[] = [];
    while (buffer.length >= 8 && buffer.length >= 6 + buffer.readUInt16BE(4)) {
      const end = 6 + buffer.readUInt16BE(4);
      requests.push({
        transaction: buffer.readUInt16BE(0),
        unit: buffer.readUInt8(6),
        pdu: Buffer.from(buffer.subarray(7, end)),
      });
      buffer = buffer.subarray(end);
    }
    return requests;
  };
}

export function rtuRequests(): (chunk: Buffer) => Request[] {
  let buffer = Buffer.alloc(0);
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    const requests: Request[] = [];
    while (buffer.length >= 8) {
      const code = buffer.readUInt8(1);
      const multiple = code === 15 || code === 16;
      const end = multiple ? 9 + buffer.readUInt8(6) : code === 22 ? 10 : 8;
      if (buffer.length < end) break;
      requests.push({
        transaction: 0,
        unit: buffer.readUInt8(0),
        pdu: Buffer.from(buffer.subarray(1, end - 2)),
      });
      buffer = buffer.subarray(end);
    }
    return requests;
  };
}

const exception = (code: number, why: number): Buffer => Buffer.from([code | 0x80, why]);

export function answer({ registers, bits }: Bank, pdu: Buffer): Buffer {
  const code = pdu.readUInt8(0);
  const address = pdu.readUInt16BE(1);
  const second = pdu.readUInt16BE(3);
  switch (code) {
    case 1:
    case 2: {
      const bytes = Buffer.alloc(2 + Math.ceil(second / 8));
      bytes.set([code, bytes.length - 2]);
      for (let i = 0; i < second; i++) {
        if (bits.get(address + i)) bytes[2 + (i >> 3)]! |= 1 << (i & 7);
      }
      return bytes;
    }
    case 3:
    case 4: {
      const bytes = Buffer.alloc(2 + 2 * second);
      bytes.set([code, 2 * second]);
      for (let i = 0; i < second; i++) {
        const value = registers.get(address + i);
        if (value === undefined) return exception(code, 2);
        bytes.writeUInt16BE(value, 2 + 2 * i);
      }
      return bytes;
    }
    case 5:
      bits.set(address, second === 0xff00 ? 1 : 0);
      return pdu;
    case 6:
      registers.set(address, second);
      return pdu;
    case 15:
      for (let i = 0; i < second; i++) {
        bits.set(address + i, (pdu.readUInt8(6 + (i >> 3)) >> (i & 7)) & 1);
      }
      return pdu.subarray(0, 5);
    case 16:
      for (let i = 0; i < second; i++) registers.set(address + i, pdu.readUInt16BE(6 + 2 * i));
      return pdu.subarray(0, 5);
    case 22: {
      const old = registers.get(address) ?? 0;
      const or = pdu.readUInt16BE(5);
      registers.set(address, (old & second) | (or & ~second & 0xffff));
      return pdu;
    }
    default:
      return exception(code, 1);
  }
}
