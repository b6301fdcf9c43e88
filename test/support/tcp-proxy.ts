/** A wire that tests can cut, and freeze so that neither side notices. */
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Bytes no longer pass, the sockets stay open. */
  freeze(): void;
  thaw(): void;
  /** Ends every connection; new ones are refused until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isFrozen = false;
  let isCut = false;
  const server = createServer((inner) => {
    if (isCut) {
      inner.destroy();
      return;
    }
    const outer = connect({ host: "127.0.0.1", port: target });
    const pair = [inner, outer] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [outer, inner] as const]) {
      from.on("data", (chunk) => to.write(chunk));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        pairs.delete(pair);
        to.destroy();
      });
      if (isFrozen) from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const each = (action: (socket: Socket) => void): void => {
    for (const pair of pairs) for (const socket of pair) action(socket);
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    freeze: () => {
      isFrozen = true;
      each((socket) => socket.pause());
    },
    thaw: () => {
      isFrozen = false;
      each((socket) => socket.resume());
    },
    cut: () => {
      isCut = true;
      each((socket) => socket.destroy());
    },
    restore: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        each((socket) => socket.destroy());
        server.close(() => resolve());
      }),
  };
}
