/**
 * The embedded broker: the server's for its gateways, the gateway's for its devices. The one place that
 * imports `aedes`, whose measured faults end here: it acknowledges before anybody has kept a message, takes
 * packets of any length from strangers, and lets one slow reader hold up everybody.
 *
 *   device ─► GuardedSocket ─► aedes ─► authorizePublish: permission, then onPublish ─► PUBACK ─► subscribers
 *
 * Sessions are not kept for absent clients: a client that asks for one is told that there is none, so that
 * nothing grows in memory for a client that never returns.
 */
import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Aedes, type Client, type PublishPacket } from "aedes";
import type { Clock } from "../core/clock.ts";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import { seconds } from "../core/time.ts";
import type { Log } from "./log.ts";
import {
  type BrokerUser,
  type BrokerUsers,
  mayPublish,
  maySubscribe,
  signIn,
} from "./mqtt-broker-access.ts";
import { RetainedAccount, type RetainedLimits } from "./mqtt-broker-retained.ts";
import { GuardedSocket, type SocketLimits } from "./mqtt-broker-socket.ts";
import type { MqttMessage, PublishOptions } from "./mqtt-connection.ts";
import { QuietLog } from "./mqtt-quiet-log.ts";
import { RateBucket } from "./mqtt-rate.ts";

export type { BrokerUser, BrokerUsers } from "./mqtt-broker-access.ts";

/** A client that has not signed in within this is closed. */
const SIGN_IN_MS_MAX = 10_000;
/** A wrong password is answered this late, so that many cannot be tried. */
const REFUSED_AFTER = seconds(0.5);
/** Slow readers are closed by their socket's guard; the library's own limit is only the second net. */
const DRAIN_MS_MAX = 15_000;
/** For saying goodbye to every client. */
const CLOSE_WITHIN = seconds(2);
/** Levels of a topic. */
const TOPIC_LEVELS_MAX = 20;
/** MQTT 3.1.1 allows more than the 23 characters of 3.1. */
const CLIENT_ID_CHARACTERS_MAX = 128;

export interface BrokerLimits extends SocketLimits, RetainedLimits {}

/** For devices; a server that takes batches from gateways sets its own. */
export const BROKER_LIMITS: BrokerLimits = {
  connectBytesMax: 16 * 1024,
  packetBytesMax: 256 * 1024,
  messagesPerSecondMax: 2_000,
  allMessagesPerSecondMax: 20_000,
  inFlightMax: 1_000,
  writeBytesMax: 1024 * 1024,
  clientsMax: 1_000,
  retainedMax: 10_000,
  retainedBytesMax: 64 * 1024 * 1024,
};

/** The same object for one connection from its sign-in to its end. */
export interface BrokerClient {
  readonly id: string;
  readonly username: string;
  readonly address: string;
}

export interface BrokerOptions {
  /** Loopback unless set. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly users: BrokerUsers;
  readonly limits?: Partial<BrokerLimits>;
  /**
   * Called for every permitted message and last will. QoS 1 is acknowledged when the promise resolves; when
   * it rejects, the client is disconnected without an acknowledgement and sends the message again.
   */
  readonly onPublish?: (client: BrokerClient, message: MqttMessage) => Promise<void> | void;
  /** A client has signed in, or is gone. */
  readonly onClient?: (client: BrokerClient, state: "connected" | "disconnected") => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BrokerStatistics {
  readonly clients: number;
  readonly messages: number;
  readonly bytes: number;
  /** Wrong credentials, or another user's client id. */
  readonly signInsRefused: number;
  /** Publications and subscriptions without permission. */
  readonly notPermitted: number;
  /** Connections ended for garbage or packets too long. */
  readonly malformed: number;
  /** Readers that were too slow. */
  readonly slowReaders: number;
  /** Times a client that sent too fast was not read. */
  readonly pauses: number;
  /** Connections closed because there were too many. */
  readonly tooMany: number;
  readonly retained: number;
  /** Messages passed on but not retained because there were too many. */
  readonly retainedRefused: number;
}

export interface Broker {
  readonly port: number;
  /** To everybody who subscribed. Rejects BROKER_UNREACHABLE after `close`. */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void>;
  statistics(): BrokerStatistics;
  /** Ends every client and frees the port. */
  close(): Promise<void>;
}

/** Rejects with PORT_IN_USE when another program has the port. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const broker = new EmbeddedBroker(options);
  await broker.listen();
  return broker;
}

interface Session {
  readonly client: BrokerClient;
  readonly user: BrokerUser;
  readonly guard: GuardedSocket;
}

class EmbeddedBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #log: QuietLog;
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #guards = new Map<Socket, GuardedSocket>();
  /** By the library's client, also after its end: its last will is judged then. */
  readonly #sessions = new WeakMap<Client, Session>();
  readonly #live = new Set<Session>();
  readonly #retained: RetainedAccount;
  readonly #everybody: RateBucket;
  readonly #counts = {
    messages: 0,
    bytes: 0,
    signInsRefused: 0,
    notPermitted: 0,
    malformed: 0,
    slowReaders: 0,
    pauses: 0,
    tooMany: 0,
  };

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#limits = { ...BROKER_LIMITS, ...options.limits };
    this.#log = new QuietLog(options.clock, options.log);
    this.#retained = new RetainedAccount(this.#limits);
    this.#everybody = new RateBucket(options.clock, this.#limits.allMessagesPerSecondMax);
    this.#aedes = this.#createAedes();
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server =
      options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
    this.#server.maxConnections = this.#limits.clientsMax;
    this.#server.on("drop", () => {
      this.#counts.tooMany++;
      this.#log.warn("connection closed, too many", { allowed: this.#limits.clientsMax });
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : this.#options.port;
  }

  async listen(): Promise<void> {
    const { host = "127.0.0.1", port } = this.#options;
    await this.#aedes.listen();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen({ host, port }, () => {
          this.#server.off("error", reject);
          resolve();
        });
      });
    } catch (error) {
      this.#aedes.close();
      throw cannotListen(error, host, port);
    }
    this.#server.on("error", (error) => this.#log.warn("broker socket failed", { error }));
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    const bytes = Buffer.from(payload);
    const retain = options.retain === true && this.#retained.admit(topic, bytes.length);
    const packet = { topic, payload: bytes, qos: options.qos, retain, dup: false } as const;
    if (this.#aedes.closed) {
      return Promise.reject(new LamplighterError("BROKER_UNREACHABLE", "The broker is closed."));
    }
    return new Promise((resolve, reject) => {
      this.#aedes.publish({ cmd: "publish", ...packet }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  statistics(): BrokerStatistics {
    let pauses = this.#counts.pauses;
    for (const guard of this.#guards.values()) pauses += guard.pauses;
    return {
      ...this.#counts,
      pauses,
      clients: this.#live.size,
      retained: this.#retained.size,
      retainedRefused: this.#retained.refused,
    };
  }

  async close(): Promise<void> {
    if (this.#aedes.closed) return;
    const freed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const isOver = new AbortController();
    const ended = new Promise<void>((resolve) => this.#aedes.close(resolve));
    await Promise.race([ended, this.#options.clock.sleep(CLOSE_WITHIN, isOver.signal)]);
    isOver.abort();
    for (const socket of this.#guards.keys()) socket.destroy();
    await freed;
  }

  #createAedes(): Aedes {
    const aedes = new Aedes({
      connectTimeout: SIGN_IN_MS_MAX,
      drainTimeout: DRAIN_MS_MAX,
      maxTopicLevels: TOPIC_LEVELS_MAX,
      maxClientsIdLength: CLIENT_ID_CHARACTERS_MAX,
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        done(null, packet.clientId.length <= CLIENT_ID_CHARACTERS_MAX);
      },
      authenticate: (client, username, password, done) => {
        this.#authenticate(client, username, password).then(
          (isRight) => (isRight ? done(null, true) : done(badCredentials(), false)),
          (error: unknown) => {
            this.#log.warn("sign-in check failed", { error });
            done(badCredentials(), false);
          },
        );
      },
      authorizePublish: (client, packet, done) => {
        this.#authorizePublish(client, packet).then(() => done(), done);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const session = this.#sessions.get(client);
        const isPermitted = session !== undefined && maySubscribe(session.user, subscription.topic);
        if (!isPermitted) this.#notPermitted(session, "subscribe", subscription.topic);
        done(null, isPermitted ? subscription : null);
      },
    });
    aedes.on("clientReady", (client) => this.#ready(client));
    // Its clean-up of last wills reports here, and without a listener that would end the process.
    const events: EventEmitter = aedes;
    events.on("error", (error) => this.#log.warn("broker failed", { error }));
    return aedes;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    const address = socket.remoteAddress ?? "";
    const guard = new GuardedSocket(socket, {
      limits: this.#limits,
      clock: this.#options.clock,
      everybody: this.#everybody,
      onRefused: (why) => {
        this.#counts.malformed++;
        this.#log.warn("connection ended", { address, why });
      },
      onSlow: () => {
        this.#counts.slowReaders++;
        this.#log.warn("slow reader closed", { address, client: client.id });
      },
    });
    this.#guards.set(socket, guard);
    socket.on("error", () => {});
    const client = this.#aedes.handle(socket);
    socket.once("close", () => {
      this.#guards.delete(socket);
      this.#counts.pauses += guard.pauses;
      const session = this.#sessions.get(client);
      if (session === undefined || !this.#live.delete(session)) return;
      this.#options.onClient?.(session.client, "disconnected");
    });
  }

  #ready(client: Client): void {
    const session = this.#sessions.get(client);
    if (session === undefined || client.closed) return;
    this.#live.add(session);
    this.#options.onClient?.(session.client, "connected");
  }

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): Promise<boolean> {
    const socket = client.conn as Socket;
    const guard = this.#guards.get(socket);
    const address = socket.remoteAddress ?? "";
    const user = await signIn(this.#options.users, { username, password });
    // Another user's client with the same id would be closed by ours.
    const isTaken = [...this.#live].some(
      (other) => other.client.id === client.id && other.client.username !== username,
    );
    if (user === undefined || guard === undefined || username === undefined || isTaken) {
      this.#counts.signInsRefused++;
      const why = isTaken ? "another user has this client id" : "wrong user name or password";
      this.#log.warn("sign-in refused", { address, user: username, client: client.id, why });
      await this.#options.clock.sleep(REFUSED_AFTER);
      return false;
    }
    guard.signedIn();
    this.#sessions.set(client, { client: { id: client.id, username, address }, user, guard });
    return true;
  }

  async #authorizePublish(client: Client | null, packet: PublishPacket): Promise<void> {
    const session = client === null ? undefined : this.#sessions.get(client);
    if (session === undefined || !mayPublish(session.user, packet.topic)) {
      this.#notPermitted(session, "publish", packet.topic);
      throw new Error("not permitted");
    }
    this.#counts.messages++;
    this.#counts.bytes += packet.payload.length;
    if (packet.retain) packet.retain = this.#retained.admit(packet.topic, packet.payload.length);
    session.guard.hold();
    try {
      await this.#options.onPublish?.(session.client, messageOf(packet));
    } catch (error) {
      this.#log.warn("message not kept", { topic: packet.topic, why: wordsOf(error) });
      throw error;
    } finally {
      session.guard.release();
    }
  }

  #notPermitted(session: Session | undefined, what: string, topic: string): void {
    this.#counts.notPermitted++;
    const user = session?.client.username;
    this.#log.warn("not permitted", { what, topic: topic.slice(0, 200), user });
  }
}

const messageOf = (packet: PublishPacket): MqttMessage => ({
  topic: packet.topic,
  payload: Buffer.from(packet.payload),
  retained: false,
  qos: packet.qos,
  duplicate: packet.dup,
});

const badCredentials = (): Error & { returnCode: number } =>
  Object.assign(new Error("bad user name or password"), { returnCode: 4 });

function cannotListen(error: unknown, host: string, port: number): LamplighterError {
  const isTaken = Reflect.get(Object(error), "code") === "EADDRINUSE";
  const advice = isTaken
    ? "another program uses that port. Stop it, or choose another port in the configuration."
    : `${wordsOf(error)}.`;
  return new LamplighterError(
    isTaken ? "PORT_IN_USE" : "CONNECTION_FAILED",
    `The MQTT broker cannot listen on ${host}:${port}: ${advice}`,
    { cause: error, fields: { port } },
  );
}
