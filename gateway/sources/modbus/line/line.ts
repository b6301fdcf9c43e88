/**
 * A connection of the gateway's file → its transport, its timing for the plan, and its name for
 * people.
 */
import type { Clock } from "../../../../core/clock.ts";
import { milliseconds } from "../../../../core/time.ts";
import type { ModbusConnection } from "../../../configuration.ts";
import type { Framing } from "../frame.ts";
import type { LineTiming } from "../plan.ts";
import type { TransportOptions } from "../transport.ts";
import { byteTime, gapOf, openSerial, silenceOf } from "../transport-serial.ts";
import { openTcp } from "../transport-tcp.ts";

/** The line behind a converter is not in our file; most run at this. */
const CONVERTER_BAUD = 9_600;
/** Silence that ends an RTU frame when a network is in between. */
const CONVERTER_SILENCE = milliseconds(40);
const CONVERTER_GAP = milliseconds((3.5 * 10_000) / CONVERTER_BAUD);
const SERIAL_TURNAROUND_MS = 15;
const TCP_TURNAROUND_MS = 5;
/** Unit and CRC, both ways; MBAP header, both ways. */
const RTU_FRAME_BYTES = 6;
const MBAP_FRAME_BYTES = 14;

export interface Line {
  readonly name: string;
  readonly framing: Framing;
  readonly timing: LineTiming;
  readonly silence: TransportOptions["silence"];
  readonly gap: TransportOptions["gap"];
  readonly openWire: TransportOptions["openWire"];
}

const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

export function lineOf(connection: ModbusConnection, clock: Clock): Line {
  switch (connection.transport) {
    case "tcp":
      return {
        name: hostAndPort(connection),
        framing: "mbap",
        timing: { byteMs: 0, turnaroundMs: TCP_TURNAROUND_MS, frameBytes: MBAP_FRAME_BYTES },
        silence: milliseconds(0),
        gap: milliseconds(0),
        openWire: openTcp(connection, clock),
      };
    case "rtu-over-tcp":
      return {
        name: hostAndPort(connection),
        framing: "rtu",
        timing: {
          byteMs: 10_000 / CONVERTER_BAUD,
          turnaroundMs: SERIAL_TURNAROUND_MS + TCP_TURNAROUND_MS,
          frameBytes: RTU_FRAME_BYTES,
        },
        silence: CONVERTER_SILENCE,
        gap: CONVERTER_GAP,
        openWire: openTcp(connection, clock),
      };
    case "serial":
      return {
        name: connection.path,
        framing: "rtu",
        timing: {
          byteMs: byteTime(connection),
          turnaroundMs: SERIAL_TURNAROUND_MS,
          frameBytes: RTU_FRAME_BYTES,
        },
        silence: silenceOf(connection),
        gap: gapOf(connection),
        openWire: openSerial(connection),
      };
  }
}
