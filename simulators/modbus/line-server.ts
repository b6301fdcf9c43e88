/**
 * One Modbus line on a TCP port: a bus of several devices behind a converter, each with its unit id, one
 * answer at a time as on a real bus. Own code on node:net, because the well-known server class waits a
 * millisecond per request.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import { milliseconds } from "../../core/time.ts";
import type { Log } from "../../platform/log.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";
import { type Fault, lineTarget } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { damaged, isDown, wireEffect } from "../faults/wire-effect.ts";
import type { ModbusLine } from "../world/campus.ts";
import { answer, type Bank, EXCEPTION, exceptionPdu } from "./answer.ts";
import { frame, type Request, type Transport, unframe } from "./frame.ts";

/** A converter has few sockets; one more is refused. */
export const CONNECTIONS_MAX = 32;
/** Unanswered requests of one connection; a master that sends more without reading is cut off. */
export const REQUESTS_WAITING_MAX = 256;
const BROADCAST_UNIT = 0;

export interface LineDevice {
  readonly unit: number;
  readonly device: SimulatedDevice;
  readonly bank: Bank;
}

export class ModbusLineServer {
  readonly line: ModbusLine;
  readonly #devices: ReadonlyMap<number, LineDevice>;
  readonly #faults: FaultBoard;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #roll: () => number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  /** The bus is taken until then. */
  #busyUntil = 0;

  constructor(
    clock: Clock,
    log: Log,
    faults: FaultBoard,
    options: {
      readonly line: ModbusLine;
      readonly devices: readonly LineDevice[];
      readonly roll: () => number;
    },
  ) {
    this.line = options.line;
    this.#devices = new Map(options.devices.map((entry) => [entry.unit, entry]));
    this.#faults = faults;
    this.#clock = clock;
    this.#log = log;
    this.#roll = options.roll;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Resolves with the bound port; 0 asks for a free one. */
  listen(port: number, host = "127.0.0.1"): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => {
        const message = `Modbus line ${this.line.id} cannot listen on ${host}:${port}: ${wordsOf(error)}; choose other ports`;
        reject(new LamplighterError("PORT_IN_USE", message, { cause: error }));
      });
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Cuts every connection, as a switch that restarts does. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= CONNECTIONS_MAX || this.#isUnreachable()) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    const connection = { socket, rest: Buffer.alloc(0), waiting: 0 };
    socket.on("data", (bytes) => this.#receive(connection, Buffer.from(bytes)));
    socket.on("error", (error) => {
      this.#log.debug("modbus connection failed", { line: this.line.id, error: wordsOf(error) });
    });
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #isUnreachable(): boolean {
    const target = lineTarget(this.line.id);
    const flapping = this.#faults.get(target, "flapping");
    if (flapping && isDown(flapping, this.#clock.monotonic())) return true;
    return this.#faults.get(target, "refuseConnections") !== undefined;
  }

  #receive(connection: Connection, bytes: Buffer): void {
    if (this.#isUnreachable()) {
      connection.socket.destroy();
      return;
    }
    const { requests, rest, broken } = unframe(
      this.line.transport,
      connection.rest.length === 0 ? bytes : Buffer.concat([connection.rest, bytes]),
    );
    connection.rest = rest;
    for (const request of requests) this.#serve(connection, request);
    if (broken || connection.waiting > REQUESTS_WAITING_MAX) connection.socket.destroy();
  }

  #serve(connection: Connection, request: Request): void {
    if (request.unit === BROADCAST_UNIT) {
      this.#broadcast(request);
      return;
    }
    const entry = this.#devices.get(request.unit);
    if (entry === undefined) {
      this.#unknownUnit(connection, request);
      return;
    }
    if (entry.device.isDead) return;
    const pdu = answer(entry.bank, request.pdu);
    const faults: readonly Fault[] = [
      ...this.#faults.of(lineTarget(this.line.id)),
      ...entry.device.faults(),
    ];
    if (faults.length === 0) this.#send(connection, 0, frame(this.line.transport, request, pdu));
    else this.#serveFaulty(connection, request, pdu, faults);
  }

  #serveFaulty(
    connection: Connection,
    request: Request,
    pdu: Buffer,
    faults: readonly Fault[],
  ): void {
    const effect = wireEffect(faults, {
      roll: this.#roll,
      monotonicMs: this.#clock.monotonic(),
      bytes: request.pdu.length + pdu.length + 6,
    });
    switch (effect.kind) {
      case "silence":
        return;
      case "reset":
        connection.socket.resetAndDestroy();
        return;
      case "exception": {
        const refusal = exceptionPdu(request.pdu[0] ?? 0, effect.code);
        const bytes = frame(this.line.transport, request, refusal);
        this.#send(connection, effect.delayMs, bytes);
        return;
      }
      case "answer": {
        const bytes = frame(this.line.transport, request, pdu);
        const unitAt = unitPosition(this.line.transport);
        this.#send(connection, effect.delayMs, damaged(bytes, effect.damage, unitAt, this.#roll));
      }
    }
  }

  /** A converter says that nobody answered; on the bare line there is only silence. */
  #unknownUnit(connection: Connection, request: Request): void {
    if (this.line.transport !== "tcp") return;
    const refusal = exceptionPdu(request.pdu[0] ?? 0, EXCEPTION.gatewayTargetSilent);
    this.#send(connection, 0, frame(this.line.transport, request, refusal));
  }

  #broadcast(request: Request): void {
    if ((request.pdu[0] ?? 0) < 5) return;
    for (const { device, bank } of this.#devices.values()) {
      if (!device.isDead) answer(bank, request.pdu);
    }
  }

  /** In the bus's own time: an answer waits until the one before it has left. */
  #send(connection: Connection, delayMs: number, bytes: Buffer): void {
    const now = this.#clock.monotonic();
    const due = Math.max(now, this.#busyUntil) + delayMs;
    this.#busyUntil = due;
    if (due <= now) {
      connection.socket.write(bytes);
      return;
    }
    connection.waiting++;
    this.#clock.after(milliseconds(due - now), () => {
      connection.waiting--;
      if (!connection.socket.destroyed) connection.socket.write(bytes);
    });
  }
}

interface Connection {
  readonly socket: Socket;
  rest: Buffer;
  waiting: number;
}

const unitPosition = (transport: Transport): number => (transport === "tcp" ? 6 : 0);
