/**
 * One byte stream with one transaction at a time on it: wraps a request, waits for its answer until
 * a deadline, finds its way back after garbage, and fails what is pending when the stream ends.
 * Sockets and serial ports (`transport-tcp.ts`, `transport-serial.ts`) only bring bytes.
 *
 *   exchange(unit, pdu) ─► frame ─► Wire.write
 *                  ▲                    │
 *        answer pdu└── scan ◄── buffer ◄┴─ bytes(chunk)      deadline, silence, ended ─► rejection
 */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError } from "../../../core/errors.ts";
import { type Duration, milliseconds, seconds } from "../../../core/time.ts";
import {
  answerPduBytes,
  type Expected,
  encodeMbap,
  encodeRtu,
  type Framing,
  type Scan,
  type Stranger,
  scanMbap,
  scanRtu,
} from "./frame.ts";

/** More bytes than this for one answer are a broken device; the connection is given up. */
export const ANSWER_BYTES_MAX = 2_048;
/** A line that never falls silent is used all the same after this. */
const QUIET_WAIT_MAX = milliseconds(300);
/** RTU has no transaction ids: for this long an answer may still be that of an earlier request. */
export const LATE_ANSWER_MAX = seconds(5);
const UNANSWERED_MAX = 64;

/** The bytes below: a socket or a serial port that is open. */
export interface Wire {
  /** Never throws; a stream that is gone says so through `ended`. */
  write(bytes: Uint8Array): void;
  /** Resolves when the handle is released; `ended` is not called by it. */
  close(): Promise<void>;
}

export interface WireEvents {
  readonly bytes: (chunk: Uint8Array) => void;
  /** At most once, with the sentence that says why. */
  readonly ended: (why: string) => void;
}

/** Rejects with `CONNECTION_FAILED`, and leaves nothing open then or when the signal aborts. */
export type OpenWire = (events: WireEvents, signal: AbortSignal) => Promise<Wire>;

export interface Exchange {
  readonly unit: number;
  readonly pdu: Uint8Array;
  /** For the whole transaction, time on the wire included. */
  readonly within: Duration;
}

export interface Transport {
  readonly isOpen: boolean;
  /** Rejects with `CONNECTION_FAILED`. */
  open(signal: AbortSignal): Promise<void>;
  /**
   * The PDU that answers, checked against the request; may be an exception. Rejects with
   * `DEVICE_TIMEOUT`, `DEVICE_ANSWER_INVALID` or `CONNECTION_LOST`, and never later than `within`
   * and a short wait for silence. One at a time: a second call while one is pending is a bug.
   */
  exchange(exchange: Exchange): Promise<Uint8Array>;
  /** Idempotent; what is pending is rejected. Opening again is allowed. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly openWire: OpenWire;
  readonly framing: Framing;
  readonly clock: Clock;
  /** Silence after which an RTU frame is over, whatever it was. */
  readonly silence: Duration;
  /** Silence between an answer and the next RTU request. */
  readonly gap: Duration;
  /** In words for messages: `10.0.0.7:502`. */
  readonly name: string;
  readonly onStranger?: (stranger: Stranger) => void;
  /** The connection ended by itself while nothing was pending. */
  readonly onEnded?: () => void;
}

interface Pending {
  readonly expected: Expected;
  readonly settle: (outcome: Uint8Array | LamplighterError) => void;
  bytesSeen: number;
  echoSeen: boolean;
}

/** Once its echo has been passed over, a frame like the request is the answer. */
const stillExpected = ({ expected, echoSeen }: Pending): Expected =>
  echoSeen ? { ...expected, hasEcho: false } : expected;

export function createTransport(options: TransportOptions): Transport {
  return new StreamTransport(options);
}

class StreamTransport implements Transport {
  readonly #options: TransportOptions;
  #wire: Wire | undefined;
  #pending: Pending | undefined;
  #buffer: Uint8Array = new Uint8Array(0);
  #transaction = 0;
  /** False after bytes that could not be told apart: only our own transaction id counts then. */
  #synced = true;
  /** RTU only: no request before this. */
  #quietAt = Number.NEGATIVE_INFINITY;
  #unanswered: { readonly expected: Expected; readonly until: number }[] = [];
  #cancelSilence: () => void = () => {};
  #idleBytes = 0;
  /** A read was heard coming back. */
  #hasEcho = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#wire !== undefined;
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#wire !== undefined) return;
    const life = { isOver: false };
    const events: WireEvents = {
      bytes: (chunk) => {
        if (!life.isOver) this.#receive(chunk);
      },
      ended: (why) => {
        if (life.isOver) return;
        life.isOver = true;
        this.#end(why);
      },
    };
    const wire = await this.#options.openWire(events, signal);
    if (life.isOver) {
      await wire.close();
      throw new LamplighterError(
        "CONNECTION_FAILED",
        `connection to ${this.#options.name} ended as soon as it was open`,
      );
    }
    this.#buffer = new Uint8Array(0);
    this.#synced = true;
    this.#idleBytes = 0;
    this.#hasEcho = false;
    this.#wire = {
      write: (bytes) => wire.write(bytes),
      close: () => {
        life.isOver = true;
        return wire.close();
      },
    };
  }

  async exchange({ unit, pdu, within }: Exchange): Promise<Uint8Array> {
    if (this.#pending !== undefined) throw new Error("a transaction is pending already");
    const transaction = this.#nextTransaction();
    const expected = { transaction, unit, request: pdu, hasEcho: this.#hasEcho };
    if (this.#options.framing === "rtu") {
      this.#refuseAmbiguous(expected);
      await this.#untilQuiet();
    }
    const wire = this.#wire;
    if (wire === undefined) throw this.#lost("it is not open");
    if (this.#options.framing === "rtu") this.#dropBuffer();
    return await new Promise<Uint8Array>((resolve, reject) => {
      const cancelDeadline = this.#options.clock.after(within, () => this.#deadline(within));
      const settle = (outcome: Uint8Array | LamplighterError): void => {
        cancelDeadline();
        this.#cancelSilence();
        this.#pending = undefined;
        if (outcome instanceof Uint8Array) resolve(outcome);
        else reject(outcome);
      };
      this.#pending = { expected, settle, bytesSeen: 0, echoSeen: false };
      const frame =
        this.#options.framing === "mbap"
          ? encodeMbap({ transaction: expected.transaction, unit, pdu })
          : encodeRtu(unit, pdu);
      wire.write(frame);
    });
  }

  async close(): Promise<void> {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#pending?.settle(this.#lost("it was closed"));
    await wire?.close();
  }

  #nextTransaction(): number {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    return this.#transaction;
  }

  /**
   * On RTU an answer says neither address nor transaction. While one to another read of the same
   * unit, function and length may still come, this read would take it for its own.
   */
  #refuseAmbiguous(expected: Expected): void {
    const now = this.#options.clock.monotonic();
    this.#unanswered = this.#unanswered.filter((entry) => entry.until > now);
    const rival = this.#unanswered.find((entry) => isAmbiguous(entry.expected, expected));
    if (rival === undefined) return;
    throw new LamplighterError(
      "DEVICE_ANSWER_INVALID",
      `unit ${expected.unit} on ${this.#options.name} may still answer an earlier request; ` +
        `the same kind of request waits up to ${LATE_ANSWER_MAX} ms`,
      { fields: { kind: "heldBack" } },
    );
  }

  async #untilQuiet(): Promise<void> {
    const { clock } = this.#options;
    const start = clock.monotonic();
    for (;;) {
      const left = this.#quietAt - clock.monotonic();
      if (left <= 0 || clock.monotonic() - start >= QUIET_WAIT_MAX) return;
      await clock.sleep(milliseconds(left));
    }
  }

  #dropBuffer(): void {
    if (this.#buffer.length > 0) this.#options.onStranger?.("garbage");
    this.#buffer = new Uint8Array(0);
  }

  #receive(chunk: Uint8Array): void {
    const { clock, silence, gap } = this.#options;
    this.#quietAt = clock.monotonic() + silence;
    const pending = this.#pending;
    if (pending === undefined) {
      this.#receiveIdle(chunk);
      return;
    }
    this.#idleBytes = 0;
    pending.bytesSeen += chunk.length;
    this.#buffer = joined(this.#buffer, chunk);
    this.#scan(false);
    if (this.#pending !== pending) {
      this.#quietAt = clock.monotonic() + gap;
      return;
    }
    if (pending.bytesSeen > ANSWER_BYTES_MAX) {
      pending.settle(
        this.#invalid(pending, `it sent ${pending.bytesSeen} bytes without an answer`),
      );
      this.#giveUp();
      return;
    }
    if (this.#options.framing === "mbap") return;
    this.#cancelSilence();
    this.#cancelSilence = clock.after(silence, () => this.#scan(true));
  }

  /** Nobody asked: late answers on RTU, or a device that talks by itself. */
  #receiveIdle(chunk: Uint8Array): void {
    this.#options.onStranger?.(this.#unanswered.length > 0 ? "lateAnswer" : "garbage");
    this.#idleBytes += chunk.length;
    // On TCP the rest of a frame may follow once a request is pending, so the bytes are kept in
    // order.
    if (this.#options.framing === "mbap") this.#buffer = joined(this.#buffer, chunk);
    if (this.#idleBytes > ANSWER_BYTES_MAX) this.#giveUp();
  }

  #scan(settled: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const scan =
      this.#options.framing === "mbap"
        ? scanMbap(this.#buffer, pending.expected, this.#synced)
        : scanRtu(this.#buffer, stillExpected(pending), settled);
    if (scan.kind === "more" && settled) return;
    if (scan.kind === "invalid" && this.#maySlowlyGrow(scan, pending)) return;
    for (const stranger of scan.strangers) this.#options.onStranger?.(stranger);
    if (scan.strangers.includes("echo")) {
      this.#hasEcho = true;
      pending.echoSeen = true;
    }
    this.#buffer = this.#buffer.subarray(scan.used);
    if (scan.kind === "more") {
      if (scan.strangers.includes("garbage")) this.#synced = false;
      return;
    }
    if (scan.kind === "answer") {
      this.#synced = true;
      pending.settle(scan.pdu);
      return;
    }
    if (this.#options.framing === "mbap") this.#synced = false;
    pending.settle(this.#invalid(pending, scan.why));
  }

  /** Converters cut frames into pieces: too few bytes are no proof of a broken answer yet. */
  #maySlowlyGrow(scan: Scan, pending: Pending): boolean {
    if (scan.kind !== "invalid" || this.#options.framing !== "rtu") return false;
    return this.#buffer.length < answerPduBytes(pending.expected.request) + 3;
  }

  #deadline(within: Duration): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { unit } = pending.expected;
    if (this.#options.framing === "rtu") this.#remember(pending.expected);
    const left = this.#buffer.length;
    if (left > 0) {
      this.#dropBuffer();
      const why = `its answer broke off after ${left} bytes within ${within} ms`;
      pending.settle(this.#invalid(pending, why));
      // What follows in the stream may be the rest of that answer: begin anew.
      if (this.#options.framing === "mbap") this.#giveUp();
      return;
    }
    const lostThread = this.#options.framing === "mbap" && !this.#synced;
    pending.settle(
      new LamplighterError(
        "DEVICE_TIMEOUT",
        `unit ${unit} on ${this.#options.name} did not answer within ${within} ms`,
        { fields: { bytesSeen: pending.bytesSeen } },
      ),
    );
    if (lostThread) this.#giveUp();
  }

  #remember(expected: Expected): void {
    const until = this.#options.clock.monotonic() + LATE_ANSWER_MAX;
    this.#unanswered.push({ expected, until });
    if (this.#unanswered.length > UNANSWERED_MAX) this.#unanswered.shift();
  }

  #end(why: string): void {
    this.#wire = undefined;
    const pending = this.#pending;
    if (pending === undefined) {
      this.#options.onEnded?.();
      return;
    }
    // A converter may give the answer to the next connection.
    if (this.#options.framing === "rtu") this.#remember(pending.expected);
    pending.settle(this.#lost(why));
  }

  /** Closes a stream that cannot be understood any more; the owner opens it again. */
  #giveUp(): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#buffer = new Uint8Array(0);
    wire?.close().catch(() => {});
    this.#options.onEnded?.();
  }

  #lost(why: string): LamplighterError {
    return new LamplighterError(
      "CONNECTION_LOST",
      `connection to ${this.#options.name} ended: ${why}`,
    );
  }

  #invalid(pending: Pending, why: string): LamplighterError {
    return new LamplighterError(
      "DEVICE_ANSWER_INVALID",
      `answer of unit ${pending.expected.unit} on ${this.#options.name} is not usable: ${why}`,
      { fields: { kind: /checksum/.test(why) ? "crc" : "frame" } },
    );
  }
}

/**
 * Same unit, function and length, yet another address. Writes repeat their address in the answer.
 */
function isAmbiguous(earlier: Expected, now: Expected): boolean {
  if (earlier.unit !== now.unit || earlier.request[0] !== now.request[0]) return false;
  if ((now.request[0] ?? 0) > 4) return false;
  if (answerPduBytes(earlier.request) !== answerPduBytes(now.request)) return false;
  return now.request.some((byte, i) => byte !== earlier.request[i]);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
