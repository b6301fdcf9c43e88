/**
 * A TCP socket as a stream of bytes, for Modbus TCP and for RTU frames through a serial converter.
 */
import { connect, type Socket } from "node:net";
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import { seconds } from "../../../core/time.ts";
import type { OpenWire, Wire, WireEvents } from "./transport.ts";

/** A host that does not answer the connection attempt within this is not there. */
export const CONNECT_MAX = seconds(5);
/** Half-open connections are found by the operating system after this and a few probes. */
const KEEP_ALIVE = seconds(30);

export interface TcpAddress {
  /** Name, IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export const openTcp =
  (address: TcpAddress, clock: Clock): OpenWire =>
  (events, signal) =>
    new Promise((resolve, reject) => {
      const { host, port } = address;
      const socket = connect({
        host,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE,
      });
      const fail = (why: string): void => {
        cancelTimeout();
        signal.removeEventListener("abort", abort);
        // An error may still follow the destruction; without a listener it would end the process.
        socket
          .removeAllListeners()
          .on("error", () => {})
          .destroy();
        reject(
          new LamplighterError("CONNECTION_FAILED", `connecting to ${host}:${port} failed: ${why}`),
        );
      };
      const cancelTimeout = clock.after(CONNECT_MAX, () =>
        fail(`no answer within ${CONNECT_MAX} ms`),
      );
      const abort = (): void => fail("given up");
      signal.addEventListener("abort", abort, { once: true });
      socket.once("error", (error) => fail(wordsOf(error)));
      socket.once("connect", () => {
        cancelTimeout();
        signal.removeEventListener("abort", abort);
        socket.removeAllListeners();
        resolve(wireOver(socket, events));
      });
      if (signal.aborted) abort();
    });

function wireOver(socket: Socket, events: WireEvents): Wire {
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let failure: string | undefined;
  socket.on("data", events.bytes);
  socket.on("error", (error) => {
    failure = wordsOf(error);
  });
  // A peer that ends its half has nothing more to say to us.
  socket.on("end", () => socket.destroy());
  socket.once("close", () => events.ended(failure ?? "the other side closed it"));
  return {
    write: (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    },
    close: async () => {
      socket.destroy();
      await closed;
    },
  };
}
