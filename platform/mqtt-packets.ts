/**
 * Where one MQTT packet ends and the next begins (MQTT 3.1.1 §2.2), without looking at their contents.
 * The libraries on either end buffer whatever length a peer announces, up to 256 MB and before anybody
 * has signed in; these two walkers stand in front of them.
 */
import { Transform, type TransformCallback } from "node:stream";

export const CONNECT = 1;
export const PUBLISH = 3;

/** §2.2.3: the remaining length has at most four bytes. */
const LENGTH_BYTES_MAX = 4;

export interface PacketHeader {
  readonly type: number;
  readonly flags: number;
  /** Bytes that follow the fixed header. */
  readonly length: number;
}

/** Takes a fixed header byte by byte; keeps nothing once it is complete. */
class HeaderReader {
  #first: number | undefined;
  #length = 0;
  #lengthBytes = 0;

  push(byte: number): PacketHeader | "malformed" | undefined {
    if (this.#first === undefined) {
      this.#first = byte;
      return undefined;
    }
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes++;
    if ((byte & 0x80) !== 0) return this.#lengthBytes < LENGTH_BYTES_MAX ? undefined : "malformed";
    const header = { type: this.#first >> 4, flags: this.#first & 0x0f, length: this.#length };
    this.#first = undefined;
    this.#length = 0;
    this.#lengthBytes = 0;
    return header;
  }
}

/** Follows a stream of packets and tells each header; what it returns ends the connection. */
export class PacketWalker {
  readonly #header = new HeaderReader();
  readonly #accept: (header: PacketHeader) => string | undefined;
  #skip = 0;

  /** `accept` returns why a packet is not accepted, or undefined. */
  constructor(accept: (header: PacketHeader) => string | undefined) {
    this.#accept = accept;
  }

  walk(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at);
        this.#skip -= step;
        at += step;
        continue;
      }
      const header = this.#header.push(chunk[at] ?? 0);
      at++;
      if (header === undefined) continue;
      if (header === "malformed") return "its packet length has more than 4 bytes";
      const refused = this.#accept(header);
      if (refused !== undefined) return refused;
      this.#skip = header.length;
    }
    return undefined;
  }
}

/**
 * What a client reads from its broker: packets pass through as they are, except that a message longer than
 * the limit loses its payload to a short mark. Dropping the connection instead would bring the same message
 * back for ever and cut off every other device behind that broker.
 */
export class OversizeFilter extends Transform {
  readonly #header = new HeaderReader();
  readonly #bytesMax: number;
  readonly #mark: Buffer;
  #pass = 0;
  #skip = 0;
  /** Variable header of an oversized message, being collected. */
  #front: { readonly flags: number; readonly length: number; bytes: Buffer } | undefined;
  #headerBytes: number[] = [];

  constructor(options: { readonly bytesMax: number; readonly mark: Buffer }) {
    super();
    this.#bytesMax = options.bytesMax;
    this.#mark = options.mark;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    for (let at = 0; at < chunk.length; ) {
      const used = this.#take(chunk.subarray(at));
      if (used === undefined) {
        done(new Error("the broker sent a packet length of more than 4 bytes"));
        return;
      }
      at += used;
    }
    done();
  }

  /** Handles the front of `rest` and returns how many bytes that took. */
  #take(rest: Buffer): number | undefined {
    if (this.#pass > 0) {
      const step = Math.min(this.#pass, rest.length);
      this.#pass -= step;
      this.push(rest.subarray(0, step));
      return step;
    }
    if (this.#front !== undefined) return this.#collect(this.#front, rest);
    if (this.#skip > 0) {
      const step = Math.min(this.#skip, rest.length);
      this.#skip -= step;
      return step;
    }
    return this.#begin(rest[0] ?? 0);
  }

  #begin(byte: number): number | undefined {
    this.#headerBytes.push(byte);
    const header = this.#header.push(byte);
    if (header === "malformed") return undefined;
    if (header === undefined) return 1;
    if (header.type === PUBLISH && header.length > this.#bytesMax) {
      this.#front = { flags: header.flags, length: header.length, bytes: Buffer.alloc(0) };
    } else {
      this.push(Buffer.from(this.#headerBytes));
      this.#pass = header.length;
    }
    this.#headerBytes = [];
    return 1;
  }

  /** Topic and packet id are kept (§3.3.2), the payload becomes the mark and its former length. */
  #collect(front: { flags: number; length: number; bytes: Buffer }, rest: Buffer): number {
    const idBytes = (front.flags & 0x06) === 0 ? 0 : 2;
    const topicBytes = front.bytes.length < 2 ? 0 : front.bytes.readUInt16BE(0);
    const wanted = front.bytes.length < 2 ? 2 : 2 + topicBytes + idBytes;
    const step = Math.min(wanted - front.bytes.length, rest.length);
    front.bytes = Buffer.concat([front.bytes, rest.subarray(0, step)]);
    if (front.bytes.length === wanted && wanted > 2) {
      const payloadBytes = front.length - wanted;
      const payload = Buffer.concat([this.#mark, Buffer.from(String(payloadBytes))]);
      const length = encodeLength(wanted + payload.length);
      const first = Buffer.from([(PUBLISH << 4) | front.flags, ...length]);
      this.push(Buffer.concat([first, front.bytes, payload]));
      this.#front = undefined;
      this.#skip = payloadBytes;
    }
    return step;
  }
}

function encodeLength(length: number): readonly number[] {
  const bytes: number[] = [];
  for (let left = length; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}
