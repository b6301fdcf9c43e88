/**
 * Reads and writes as function codes, through the package modbus-serial, which this file alone
 * imports. It encodes and decodes over a port object of ours; the transport below owns everything
 * it does wrong by itself (framing, transaction ids, deadlines, reconnection: see the wire tests).
 */
import { EventEmitter } from "node:events";
import ModbusSerial from "modbus-serial";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import type { Duration } from "../../../core/time.ts";
import type { ModbusTable } from "../../../device-profiles/profile.ts";
import type { WireWrite } from "./encode.ts";
import { encodeRtu } from "./frame.ts";
import type { Transport } from "./transport.ts";

export interface ReadRequest {
  readonly unit: number;
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  readonly within: Duration;
}

export interface WriteTo {
  readonly unit: number;
  readonly write: WireWrite;
  readonly within: Duration;
}

/** Modbus Application Protocol V1.1b3 §7. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "device failure",
  5: "acknowledge, still working",
  6: "device busy",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target failed to respond",
};

export const describeException = (code: number): string =>
  `exception ${code} (${EXCEPTIONS[code] ?? "not in the specification"})`;

type Answer = (error: unknown, result?: { readonly data?: readonly (number | boolean)[] }) => void;

export class ModbusClient {
  readonly #port: TransportPort;
  readonly #codec: InstanceType<typeof Codec>;

  constructor(transport: Transport) {
    this.#port = new TransportPort(transport);
    this.#codec = new Codec(this.#port);
    this.#codec.open();
  }

  /**
   * Registers as numbers, bits as 0 and 1. Rejects as `Transport.exchange` and `DEVICE_EXCEPTION`.
   */
  async read(request: ReadRequest): Promise<readonly number[]> {
    const { unit, table, address, count, within } = request;
    const codec = this.#codec;
    const data = await this.#transact(within, (answer) => {
      switch (table) {
        case "coil":
          return codec.writeFC1(unit, address, count, answer);
        case "discrete":
          return codec.writeFC2(unit, address, count, answer);
        case "holding":
          return codec.writeFC3(unit, address, count, answer);
        case "input":
          return codec.writeFC4(unit, address, count, answer);
      }
    });
    return data.slice(0, count).map(Number);
  }

  async write({ unit, write, within }: WriteTo): Promise<void> {
    const codec = this.#codec;
    await this.#transact(within, (answer) => {
      switch (write.kind) {
        case "coil":
          return codec.writeFC5(unit, write.address, write.on, answer);
        case "register":
          return codec.writeFC6(unit, write.address, write.value, answer);
        case "coils":
          return codec.writeFC15(unit, write.address, [...write.on], answer);
        case "registers":
          return codec.writeFC16(unit, write.address, [...write.values], answer);
        case "mask":
          return codec.writeFC22(unit, write.address, write.and, write.or, answer);
      }
    });
  }

  #transact(
    within: Duration,
    send: (answer: Answer) => void,
  ): Promise<readonly (number | boolean)[]> {
    return new Promise((resolve, reject) => {
      this.#port.begin(within, reject);
      const answer: Answer = (error, result) => {
        if (error === null || error === undefined) resolve(result?.data ?? []);
        else reject(asOurs(error));
      };
      try {
        send(answer);
      } catch (error) {
        // What cannot be written into a frame is an address that no device has.
        const why = `this request cannot be asked: ${wordsOf(error)}`;
        reject(new LamplighterError("DEVICE_EXCEPTION", why, { fields: { exception: 2 } }));
      }
    });
  }
}

function asOurs(error: unknown): LamplighterError {
  const code =
    error instanceof Error && "modbusCode" in error ? Number(error.modbusCode) : undefined;
  if (code === undefined) {
    return new LamplighterError("DEVICE_ANSWER_INVALID", wordsOf(error), { cause: error });
  }
  return new LamplighterError(
    "DEVICE_EXCEPTION",
    `the device answered ${describeException(code)}`,
    {
      fields: { exception: code },
    },
  );
}

/** The callback half of modbus-serial; its own types name the wrong default export. */
interface CodecMethods {
  open(): void;
  writeFC1(unit: number, address: number, count: number, answer: Answer): void;
  writeFC2(unit: number, address: number, count: number, answer: Answer): void;
  writeFC3(unit: number, address: number, count: number, answer: Answer): void;
  writeFC4(unit: number, address: number, count: number, answer: Answer): void;
  writeFC5(unit: number, address: number, on: boolean, answer: Answer): void;
  writeFC6(unit: number, address: number, value: number, answer: Answer): void;
  writeFC15(unit: number, address: number, on: boolean[], answer: Answer): void;
  writeFC16(unit: number, address: number, values: number[], answer: Answer): void;
  writeFC22(unit: number, address: number, and: number, or: number, answer: Answer): void;
}
const Codec = ModbusSerial as unknown as new (port: EventEmitter) => CodecMethods;

/**
 * What modbus-serial takes for a serial port: it is given RTU frames and gives back RTU frames.
 * There is never more than one transaction, so its table of transactions has one place.
 */
class TransportPort extends EventEmitter {
  readonly isOpen = true;
  _transactionIdRead = 1;
  _transactionIdWrite = 1;
  readonly #transport: Transport;
  #within: Duration | undefined;
  #fail: (error: unknown) => void = () => {};

  constructor(transport: Transport) {
    super();
    this.#transport = transport;
  }

  begin(within: Duration, fail: (error: unknown) => void): void {
    this.#within = within;
    this.#fail = fail;
  }

  open(opened: () => void): void {
    opened();
  }

  write(frame: Uint8Array): void {
    const within = this.#within;
    const fail = this.#fail;
    if (within === undefined) throw new Error("a frame without a transaction");
    const unit = frame[0] ?? 0;
    this.#transport
      .exchange({ unit, pdu: Uint8Array.from(frame.subarray(1, -2)), within })
      .then((pdu) => this.emit("data", Buffer.from(encodeRtu(unit, pdu))))
      .catch(fail);
  }
}
