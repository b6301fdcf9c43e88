/**
 * A socket as the broker library may see it: packets longer than allowed end the connection before they are
 * buffered, the first packet must be a CONNECT, reading is paced so that one flooding client leaves turns of
 * the event loop to everybody else, and writing tells of a full socket only when the client is really slow.
 *
 *   socket.read() ─► allowance (messages per second, in flight) ─► walker (lengths) ─► library
 */
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import { milliseconds, seconds } from "../core/time.ts";
import { CONNECT, type PacketHeader, PacketWalker, PUBLISH } from "./mqtt-packets.ts";
import { RateBucket } from "./mqtt-rate.ts";

/** Read in one go and handled in one turn of the event loop. */
const READ_BYTES_MAX = 8 * 1024;
/** While a client has used up its allowance, its socket is looked at this often. */
const PAUSE = milliseconds(20);
/** A reader with more than allowed waiting for it is closed when that is still so after this. */
const SLOW_FOR = seconds(3);

export interface SocketLimits {
  /** Of one packet before and after the client has signed in. */
  readonly connectBytesMax: number;
  readonly packetBytesMax: number;
  /** Of one client; a faster one is slowed down by not reading its socket. */
  readonly messagesPerSecondMax: number;
  /** Of all clients together; beyond, those who send much are slowed down. */
  readonly allMessagesPerSecondMax: number;
  /** Connections, signed in or not; further ones are closed at once. */
  readonly clientsMax: number;
  /** Messages of one client whose acknowledgement is held back; further ones are not read. */
  readonly inFlightMax: number;
  /** Waiting for a slow reader before others are made to wait for it. */
  readonly writeBytesMax: number;
}

interface GuardOptions {
  readonly limits: SocketLimits;
  readonly clock: Clock;
  /** Of all clients together. */
  readonly everybody: RateBucket;
  /** Called with the reason when the connection is ended for what it sent. */
  readonly onRefused: (why: string) => void;
  /** Called when the connection is ended because nobody reads at its other end. */
  readonly onSlow: () => void;
}

export class GuardedSocket {
  readonly #socket: Socket;
  readonly #options: GuardOptions;
  readonly #walker = new PacketWalker((header) => this.#judge(header));
  readonly #readSocket: (size?: number) => Buffer | null;
  #isSignedIn = false;
  #isFirst = true;
  #held = 0;
  #pauses = 0;
  readonly #rate: RateBucket;
  /** What this client may send whatever the others do, so that no flood keeps a quiet client waiting. */
  readonly #share: RateBucket;
  #cancelWake: (() => void) | undefined;
  #isWaking = false;
  #cancelSlow: (() => void) | undefined;

  constructor(socket: Socket, options: GuardOptions) {
    this.#socket = socket;
    this.#options = options;
    const { clock, limits } = options;
    this.#rate = new RateBucket(clock, limits.messagesPerSecondMax);
    this.#share = new RateBucket(clock, limits.allMessagesPerSecondMax / limits.clientsMax);
    this.#readSocket = socket.read.bind(socket);
    // Node itself calls read(0) to make the socket go on; that must take nothing.
    socket.read = (size) => (size === 0 ? this.#readSocket(0) : this.#read());
    socket.once("close", () => {
      this.#cancelWake?.();
      this.#cancelSlow?.();
    });
    const write = socket.write.bind(socket);
    Reflect.set(socket, "write", (...args: Parameters<typeof write>) => {
      write(...args);
      if (!this.#isFull()) return true;
      this.#cancelSlow ??= options.clock.after(SLOW_FOR, () => this.#judgeReader());
      return false;
    });
  }

  /** Times this client was not read because it sent too fast. */
  get pauses(): number {
    return this.#pauses;
  }

  /** From now on packets may have their full length. */
  signedIn(): void {
    this.#isSignedIn = true;
  }

  /** One more message of this client is being kept. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
    if (this.#held === this.#options.limits.inFlightMax - 1) this.#wakeNextTurn();
  }

  #read(): Buffer | null {
    const { limits, everybody } = this.#options;
    const isOpen = this.#rate.isOpen() && (everybody.isOpen() || this.#share.isOpen());
    if (!isOpen || this.#held >= limits.inFlightMax) {
      if (this.#cancelWake === undefined) this.#pauses++;
      this.#cancelWake ??= this.#options.clock.after(PAUSE, () => this.#wake());
      return null;
    }
    const isMuch = this.#socket.readableLength > READ_BYTES_MAX;
    const chunk = this.#readSocket(isMuch ? READ_BYTES_MAX : undefined);
    if (chunk === null) return null;
    const refused = this.#walker.walk(chunk);
    if (refused === undefined) {
      // Node says "readable" once; a rest that we left there would never be spoken of again.
      if (isMuch) this.#wakeNextTurn();
      return chunk;
    }
    this.#options.onRefused(refused);
    this.#socket.destroy();
    return null;
  }

  #isFull(): boolean {
    return this.#socket.writableLength > this.#options.limits.writeBytesMax;
  }

  #judgeReader(): void {
    this.#cancelSlow = undefined;
    if (!this.#isFull() || this.#socket.destroyed) return;
    this.#options.onSlow();
    this.#socket.destroy();
  }

  #judge(header: PacketHeader): string | undefined {
    const { connectBytesMax, packetBytesMax } = this.#options.limits;
    if (this.#isFirst && header.type !== CONNECT) return "it did not begin with an MQTT CONNECT";
    this.#isFirst = false;
    const bytesMax = this.#isSignedIn ? packetBytesMax : connectBytesMax;
    if (header.length > bytesMax) {
      const when = this.#isSignedIn ? "" : " before sign-in";
      return `it sent a packet of ${header.length} bytes, allowed are ${bytesMax}${when}`;
    }
    if (header.type === PUBLISH) {
      this.#rate.take();
      this.#share.take();
      this.#options.everybody.take();
    }
    return undefined;
  }

  #wakeNextTurn(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      this.#wake();
    });
  }

  #wake(): void {
    this.#cancelWake = undefined;
    if (!this.#socket.destroyed) this.#socket.emit("readable");
  }
}
