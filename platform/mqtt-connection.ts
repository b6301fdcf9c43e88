/**
 * One connection to a broker, from CONNECT to its end; it never comes back. The one place that imports
 * `mqtt`, and works around what was measured of it: its id provider loses messages, it acknowledges one
 * message at a time, it buffers packets of any length, and it queues without limit while disconnected.
 */
import { randomBytes } from "node:crypto";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type IPublishPacket, MqttClient as Library, UniqueMessageIdProvider } from "mqtt";
import type { Clock } from "../core/clock.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { seconds } from "../core/time.ts";
import { OversizeFilter } from "./mqtt-packets.ts";

/** Messages sent and not yet acknowledged; further ones wait. */
export const PUBLISH_IN_FLIGHT_MAX = 1_000;
/** Messages waiting for a place in flight; further ones are refused with OVERLOADED. */
export const PUBLISH_WAITING_MAX = 10_000;
/** Messages received whose acknowledgement is held back; the socket is read no further beyond. */
export const HELD_MESSAGES_MAX = 5_000;
/** A longer message arrives without its payload, and says how long it was. */
export const RECEIVED_BYTES_MAX = 8 * 1024 * 1024;
/** For the TCP connection and the broker's CONNACK together. */
const CONNECT_MS_MAX = 10_000;
/** For what is in flight when the connection is closed on purpose. */
const CLOSE_WITHIN = seconds(1);

export type Qos = 0 | 1;

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
  readonly qos: 0 | 1 | 2;
  readonly duplicate: boolean;
  /** Bytes of a payload that was too long to be taken; `payload` is then empty. */
  readonly tooLarge?: number;
}

export interface MqttCredentials {
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM of the authority to trust for `mqtts:`. */
  readonly ca?: string;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly retain: boolean;
    readonly qos: Qos;
  };
  /** False keeps the session at the broker, so that unacknowledged messages come again. */
  readonly clean?: boolean;
  readonly keepaliveS?: number;
}

/** A promise holds the broker's acknowledgement until it resolves; if it rejects, the connection ends. */
export type Deliver = (message: MqttMessage) => Promise<void> | undefined;

export interface PublishOptions {
  readonly qos: Qos;
  readonly retain?: boolean;
}

interface Publication {
  readonly start: () => void;
  readonly fail: (error: LamplighterError) => void;
}

/** Resolves when the broker has accepted us; rejects with BROKER_UNREACHABLE or BROKER_REFUSED. */
export function openMqtt(
  credentials: MqttCredentials,
  deliver: Deliver,
  signal: AbortSignal,
): Promise<MqttConnection> {
  return new Promise((resolve, reject) => {
    const connection: MqttConnection = new MqttConnection(credentials, deliver, () => {
      signal.removeEventListener("abort", abort);
      resolve(connection);
    });
    const abort = (): void => connection.abort("closed by us");
    signal.addEventListener("abort", abort, { once: true });
    void connection.ended.then((error) => {
      signal.removeEventListener("abort", abort);
      reject(error);
    });
  });
}

export class MqttConnection {
  /** Why it ended; resolves, never rejects. */
  readonly ended: Promise<LamplighterError>;
  readonly #library: Library;
  readonly #deliver: Deliver;
  readonly #url: string;
  readonly #oversizeMark = randomBytes(16);
  readonly #inFlight = new Set<Publication>();
  readonly #waiting: Publication[] = [];
  /** Packet ids whose PUBACK the library must not send, because we do. */
  readonly #ownAcks = new Set<number>();
  #held = 0;
  #resume: (() => void) | undefined;
  #error: LamplighterError | undefined;
  #isOver = false;

  constructor(credentials: MqttCredentials, deliver: Deliver, onReady: () => void) {
    this.#deliver = deliver;
    this.#url = credentials.url;
    const { url, ca, clean = true, keepaliveS = 30, will, ...identity } = credentials;
    const library = new Library(() => this.#socketTo(url, ca), {
      ...identity,
      ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
      clean,
      keepalive: keepaliveS,
      protocolVersion: 4,
      connectTimeout: CONNECT_MS_MAX,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      messageIdProvider: new UniqueMessageIdProvider(),
    });
    this.#library = library;
    library.handleMessage = (packet, done) => this.#receive(packet as IPublishPacket, done);
    this.#takeOverAcknowledgements();
    library.on("connect", onReady);
    library.on("error", (error) => {
      this.#error ??= this.#explain(error);
      library.stream.destroy();
    });
    this.ended = new Promise((resolve) => {
      library.on("close", () => resolve(this.#finish()));
    });
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    if (this.#isOver) return Promise.reject(this.#lost());
    if (this.#waiting.length >= PUBLISH_WAITING_MAX) {
      return Promise.reject(
        new LamplighterError(
          "OVERLOADED",
          `MQTT publish refused: ${this.#url}: ${PUBLISH_WAITING_MAX} messages already wait for the broker.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const publication: Publication = {
        fail: reject,
        start: () => {
          this.#inFlight.add(publication);
          const { qos, retain = false } = options;
          this.#library.publish(topic, bufferOf(payload), { qos, retain }, (error) => {
            this.#inFlight.delete(publication);
            if (error) reject(this.#lost(error));
            else resolve();
            this.#startWaiting();
          });
        },
      };
      if (this.#inFlight.size < PUBLISH_IN_FLIGHT_MAX) publication.start();
      else this.#waiting.push(publication);
    });
  }

  /** Resolves with the filters that the broker refused. */
  subscribe(filters: ReadonlyMap<string, Qos>): Promise<readonly string[]> {
    const names = [...filters.keys()];
    if (names.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const fail = (error: LamplighterError): void => reject(error);
      void this.ended.then(fail);
      const asked = Object.fromEntries([...filters].map(([name, qos]) => [name, { qos }]));
      this.#library.subscribe(asked, (error, _asked, packet) => {
        const granted = packet?.granted;
        if (granted === undefined) fail(this.#lost(error));
        else resolve(names.filter((_, i) => (Number(granted[i]) & 0x80) !== 0));
      });
    });
  }

  /** Says goodbye, so that the broker does not publish our will. */
  async close(clock: Clock): Promise<void> {
    if (this.#isOver) return;
    this.#error ??= new LamplighterError("BROKER_UNREACHABLE", `MQTT ${this.#url}: closed by us.`);
    const inTime = clock.after(CLOSE_WITHIN, () => this.#library.stream.destroy());
    this.#library.end(false);
    await this.ended;
    inTime();
  }

  abort(why: string): void {
    this.#error ??= new LamplighterError("BROKER_UNREACHABLE", `MQTT ${this.#url}: ${why}.`);
    this.#library.stream.destroy();
  }

  #socketTo(address: string, ca: string | undefined): Socket {
    const url = new URL(address);
    const isTls = url.protocol === "mqtts:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port || (isTls ? 8883 : 1883));
    // RFC 6066 §3 allows no address as server name; the certificate is checked against the host all the same.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = isTls
      ? connectTls({ host, port, ...name, ...(ca === undefined ? {} : { ca }) })
      : connectTcp({ host, port });
    socket.setNoDelay(true);
    const filter = new OversizeFilter({ bytesMax: RECEIVED_BYTES_MAX, mark: this.#oversizeMark });
    filter.on("error", (error) => socket.destroy(error));
    const pipe = socket.pipe.bind(socket);
    socket.pipe = (destination, options) => pipe(filter).pipe(destination, options);
    return socket;
  }

  /**
   * The library handles the next message only after the PUBACK of the one before was sent, which makes one
   * disk commit per message. It is told at once that the PUBACK is out; ours follows when it is true.
   */
  #takeOverAcknowledgements(): void {
    const library = this.#library;
    const send: SendPacket = Reflect.get(library, "_sendPacket").bind(library);
    const replacement: SendPacket = (packet, done, ...rest) => {
      if (packet.cmd === "puback" && this.#ownAcks.delete(packet.messageId ?? 0)) done?.();
      else send(packet, done, ...rest);
    };
    Reflect.set(library, "_sendPacket", replacement);
    this.#acknowledge = (messageId) => {
      if (!this.#isOver && library.connected) send({ cmd: "puback", messageId });
    };
  }

  #acknowledge: (messageId: number) => void = () => {};

  #receive(packet: IPublishPacket, done: () => void): void {
    const kept = this.#deliver(this.#messageOf(packet));
    if (kept === undefined) {
      done();
      return;
    }
    if (packet.qos === 1 && packet.messageId !== undefined) this.#ownAcks.add(packet.messageId);
    this.#held++;
    kept.then(
      () => this.#release(packet),
      (error: unknown) => this.abort(`a message could not be kept: ${wordsOf(error)}`),
    );
    if (this.#held < HELD_MESSAGES_MAX) done();
    else this.#resume = done;
  }

  #release(packet: IPublishPacket): void {
    this.#held--;
    if (packet.qos === 1 && packet.messageId !== undefined) this.#acknowledge(packet.messageId);
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  #messageOf(packet: IPublishPacket): MqttMessage {
    const payload = bufferOf(packet.payload);
    const base = {
      topic: packet.topic,
      retained: packet.retain,
      qos: packet.qos,
      duplicate: packet.dup,
    };
    const mark = this.#oversizeMark;
    if (payload.length < 40 && payload.subarray(0, mark.length).equals(mark)) {
      const tooLarge = Number(payload.subarray(mark.length).toString());
      return { ...base, payload: Buffer.alloc(0), tooLarge };
    }
    return { ...base, payload };
  }

  #startWaiting(): void {
    if (!this.#isOver) this.#waiting.shift()?.start();
  }

  #finish(): LamplighterError {
    this.#isOver = true;
    const error = this.#lost();
    for (const publication of [...this.#inFlight, ...this.#waiting]) publication.fail(error);
    this.#inFlight.clear();
    this.#waiting.length = 0;
    return error;
  }

  #lost(cause?: unknown): LamplighterError {
    if (this.#error !== undefined) return this.#error;
    const why = cause === undefined || cause === null ? "the broker ended it" : wordsOf(cause);
    return new LamplighterError(
      "BROKER_UNREACHABLE",
      `MQTT connection to ${this.#url} lost: ${why}.`,
    );
  }

  #explain(error: Error): LamplighterError {
    const returnCode: unknown = Reflect.get(error, "code");
    const refusal = REFUSALS.get(returnCode);
    if (refusal !== undefined) {
      return new LamplighterError(
        "BROKER_REFUSED",
        `MQTT broker ${this.#url} refused us: ${refusal}`,
        {
          cause: error,
        },
      );
    }
    const words = wordsOf(error) || String(returnCode);
    return new LamplighterError(
      "BROKER_UNREACHABLE",
      `MQTT broker ${this.#url} cannot be reached: ${words}.`,
      { cause: error },
    );
  }
}

type SendPacket = (
  packet: { readonly cmd: string; readonly messageId?: number },
  done?: () => void,
  ...rest: readonly unknown[]
) => void;

/** MQTT 3.1.1 §3.2.2.3. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  [1, "it does not speak MQTT 3.1.1."],
  [2, "it does not accept this client id; another client may be using it."],
  [3, "it is not available."],
  [4, "wrong user name or password. Correct them in the configuration."],
  [5, "not authorised: wrong user name or password, or this user may not connect. Correct them."],
]);

function bufferOf(payload: string | Uint8Array): Buffer {
  if (typeof payload === "string") return Buffer.from(payload);
  if (Buffer.isBuffer(payload)) return payload;
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
