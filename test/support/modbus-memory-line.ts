/**
 * A serial line in memory on a clock moved by hand: bytes take their time, devices take theirs, and
 * each can die, come back, be slow or answer nonsense. Counts how long the line was in use and for
 * whom.
 */
import type { Clock } from "../../core/clock.ts";
import { LamplighterError } from "../../core/errors.ts";
import { milliseconds } from "../../core/time.ts";
import type { OpenWire, WireEvents } from "../../gateway/sources/modbus/transport.ts";
import { answer, type Bank, framed, rtuRequests } from "./modbus-device.ts";

export interface MemoryDevice {
  readonly bank: Bank;
  isDead: boolean;
  turnaroundMs: number;
  /** Replaces the answer's bytes. */
  distort: ((frame: Buffer) => Buffer) | undefined;
}

export interface MemoryRequest {
  readonly unit: number;
  readonly code: number;
  readonly address: number;
  readonly atMs: number;
}

export class MemoryLine {
  readonly devices = new Map<number, MemoryDevice>();
  readonly requests: MemoryRequest[] = [];
  isPlugged = true;
  openings = 0;
  readonly #clock: Clock;
  readonly #byteMs: number;
  #events: WireEvents | undefined;

  constructor(clock: Clock, byteMs: number) {
    this.#clock = clock;
    this.#byteMs = byteMs;
  }

  add(unit: number, bank: Bank, turnaroundMs = 10): MemoryDevice {
    const device: MemoryDevice = { bank, isDead: false, turnaroundMs, distort: undefined };
    this.devices.set(unit, device);
    return device;
  }

  readonly openWire: OpenWire = async (events) => {
    if (!this.isPlugged) {
      throw new LamplighterError("CONNECTION_FAILED", "opening memory failed: it is unplugged");
    }
    this.openings++;
    this.#events = events;
    const requests = rtuRequests();
    return {
      write: (bytes) => {
        for (const request of requests(Buffer.from(bytes))) this.#serve(request, bytes.length);
      },
      close: async () => {
        this.#events = undefined;
      },
    };
  };

  unplug(): void {
    this.isPlugged = false;
    const events = this.#events;
    this.#events = undefined;
    events?.ended("the port is gone");
  }

  #serve(request: { readonly unit: number; readonly pdu: Buffer }, bytes: number): void {
    const { unit, pdu } = request;
    const atMs = this.#clock.monotonic();
    this.requests.push({ unit, code: pdu.readUInt8(0), address: pdu.readUInt16BE(1), atMs });
    const device = this.devices.get(unit);
    if (device === undefined || device.isDead) return;
    const normal = framed({ transaction: 0, unit }, answer(device.bank, pdu), "rtu");
    const frame = device.distort?.(normal) ?? normal;
    const duration = (bytes + frame.length) * this.#byteMs + device.turnaroundMs;
    const events = this.#events;
    this.#clock.after(milliseconds(duration), () => {
      if (events === this.#events && !device.isDead) events?.bytes(frame);
    });
  }
}
