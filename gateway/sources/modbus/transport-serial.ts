/**
 * A serial line as a stream of bytes. `serialport` comes as an optional part of modbus-serial and
 * is loaded only when a serial connection is configured. A port that was unplugged ends the stream;
 * opening it again under its `/dev/serial/by-id` path finds it wherever it was plugged in.
 */
import { EventEmitter } from "node:events";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import { type Duration, milliseconds } from "../../../core/time.ts";
import type { OpenWire, Wire, WireEvents } from "./transport.ts";

export interface SerialLine {
  readonly path: string;
  readonly baud: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
}

/** Bits on the wire for one byte: start, eight data, parity, stop. */
export const byteTime = (line: SerialLine): Duration =>
  milliseconds(((9 + (line.parity === "none" ? 0 : 1) + line.stopBits) * 1_000) / line.baud);

/** Between frames: 3.5 characters, at least 1.75 ms (serial line guide V1.02 §2.5.1.1). */
export const gapOf = (line: SerialLine): Duration =>
  milliseconds(Math.max(3.5 * byteTime(line), 1.75));

/** USB adapters hand bytes over in bunches this far apart: only then is a frame over. */
const USB_LATENCY_MS = 16;
export const silenceOf = (line: SerialLine): Duration => milliseconds(gapOf(line) + USB_LATENCY_MS);

type Port = InstanceType<typeof import("serialport")["SerialPort"]>;

export const openSerial =
  (line: SerialLine): OpenWire =>
  async (events, signal) => {
    const fail = (why: string): LamplighterError =>
      new LamplighterError("CONNECTION_FAILED", `opening ${line.path} failed: ${why}`);
    const port = await createPort(line, fail);
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(fail(error.message)) : resolve()));
    });
    wakeAfterPolling(port);
    const wire = wireOver(port, events);
    if (!signal.aborted) return wire;
    await wire.close();
    throw fail("given up");
  };

/**
 * serialport 13 on Node 26: its native poller calls back outside a callback scope, so the promises
 * that would read the bytes only continue when something else happens in the process. An empty
 * immediate is that something; without it answers arrive seconds late or never.
 */
function wakeAfterPolling(port: Port): void {
  const poller: unknown = port.port !== undefined && "poller" in port.port && port.port.poller;
  if (!(poller instanceof EventEmitter)) return;
  for (const event of ["readable", "writable", "disconnect"]) {
    poller.on(event, () => setImmediate(() => {}));
  }
}

async function createPort(
  line: SerialLine,
  fail: (why: string) => LamplighterError,
): Promise<Port> {
  const { path, baud, parity, stopBits } = line;
  try {
    const { SerialPort } = await import("serialport");
    return new SerialPort({
      path,
      baudRate: baud,
      parity,
      stopBits,
      dataBits: 8,
      autoOpen: false,
      lock: true,
    });
  } catch (error) {
    throw fail(`${wordsOf(error)}; is the optional package "serialport" installed?`);
  }
}

function wireOver(port: Port, events: WireEvents): Wire {
  let failure: string | undefined;
  port.on("data", events.bytes);
  port.on("error", (error) => {
    failure = error.message;
  });
  port.once("close", () => events.ended(failure ?? "the port is gone; is the adapter unplugged?"));
  return {
    write: (bytes) => {
      if (port.isOpen) port.write(bytes);
    },
    close: () =>
      new Promise((resolve) => {
        if (!port.isOpen) resolve();
        else port.close(() => resolve());
      }),
  };
}
