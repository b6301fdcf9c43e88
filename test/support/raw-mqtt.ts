/** MQTT 3.1.1 packets as bytes, written from the specification, for peers that do not behave. */
import { connect, type Socket } from "node:net";

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

export function packet(first: number, body: Buffer): Buffer {
  const length: number[] = [];
  for (let left = body.length; ; left = Math.floor(left / 128)) {
    if (left < 128) {
      length.push(left);
      break;
    }
    length.push((left % 128) | 0x80);
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/** §3.1: flags 0xc2 are user name, password and clean session. */
export const connectPacket = (id: string, username: string, password: string): Buffer =>
  packet(
    0x10,
    Buffer.concat([
      text("MQTT"),
      Buffer.from([4, 0xc2, 0, 0]),
      text(id),
      text(username),
      text(password),
    ]),
  );

export const publishPacket = (topic: string, payload: Buffer, id?: number): Buffer =>
  packet(
    id === undefined ? 0x30 : 0x32,
    Buffer.concat([
      text(topic),
      id === undefined ? Buffer.alloc(0) : Buffer.from([id >> 8, id & 0xff]),
      payload,
    ]),
  );

export const subscribePacket = (filter: string): Buffer =>
  packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(filter), Buffer.from([0])]));

export interface RawPeer {
  readonly socket: Socket;
  readonly received: () => Buffer;
  /** Resolves when the other side has ended the connection. */
  readonly closed: Promise<void>;
}

export function rawPeer(port: number): Promise<RawPeer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      const closed = new Promise<void>((end) => socket.once("close", () => end()));
      resolve({ socket, received: () => Buffer.concat(chunks), closed });
    });
  });
}
