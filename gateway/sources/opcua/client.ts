/**
 * One session with one server, from its opening to its end. The library repairs short cuts of the line by
 * itself, with republishing; whatever it cannot repair, or repairs with a new session whose node ids may
 * mean something else, ends this session, and the source opens another.
 */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import { instant, seconds } from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import type { OpcuaConnection } from "../../configuration.ts";
import { type OwnCertificate, openCertificates } from "./certificates.ts";
import {
  type ClientSession,
  type ClientSubscription,
  type DataValue,
  type Library,
  loadLibrary,
  type OPCUAClient,
} from "./library.ts";
import { explainRefusal } from "./refusal.ts";
import type { OpcuaValue, WriteType } from "./value.ts";

/** For one request; a server that needs longer is not there. */
const REQUEST_MS_MAX = 10_000;
const SESSION_MS = 60_000;
/** For saying goodbye. */
const CLOSE_WITHIN = seconds(2);
/** Items and nodes of one request where the server names no limit of its own. */
const BATCH_DEFAULT = 500;
/** Without an answer to all publish requests for this long, a subscription is deleted by the server. */
const LIFETIME_COUNT = 60;

export interface OpcuaSessionOptions {
  readonly connection: OpcuaConnection;
  readonly password?: string;
  readonly pkiFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One step of a browse path. */
export interface BrowseStep {
  readonly namespace: number;
  readonly name: string;
}

export interface MonitorRequest {
  readonly node: string;
  readonly samplingMs: number;
  readonly queueSize: number;
}

export interface Monitoring {
  /** Silence of this subscription can be told after this. */
  readonly keepAliveMs: number;
  /** Per request in order: why the server does not monitor it, or undefined. */
  readonly refused: readonly (string | undefined)[];
}

export interface MonitorListener {
  readonly onValue: (index: number, value: OpcuaValue) => void;
  /** Any sign of life of this subscription. */
  readonly onHeard: () => void;
}

export interface OpcuaSession {
  readonly namespaces: readonly string[];
  /** Resolves with why it ended. */
  readonly ended: Promise<string>;
  /** Node ids of the paths below Objects, undefined where there is none. */
  resolve(paths: readonly (readonly BrowseStep[])[]): Promise<readonly (string | undefined)[]>;
  /** Rejects when the server offers no subscription. */
  monitor(
    requests: readonly MonitorRequest[],
    publishingMs: number,
    listener: MonitorListener,
  ): Promise<Monitoring>;
  read(nodes: readonly string[]): Promise<readonly OpcuaValue[]>;
  /** Resolves when the server answers at all. */
  ping(): Promise<void>;
  /** Resolves with the name of the status code. */
  write(node: string, type: WriteType, raw: number | boolean): Promise<string>;
  close(): Promise<void>;
}

/** Rejects with CERTIFICATE_UNTRUSTED, CONFIG_INVALID or CONNECTION_FAILED, in words that say what to do. */
export async function openOpcua(options: OpcuaSessionOptions): Promise<OpcuaSession> {
  const { connection, password, log } = options;
  if (connection.security === "None" && connection.username !== undefined) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `OPC UA connection ${connection.id}: a password must not travel with security: None. Choose Basic256Sha256, or leave the username out.`,
    );
  }
  const library = await loadLibrary(log);
  const own = await openCertificates(library, options);
  const client = createClient(library, own, connection);
  try {
    await client.connect(connection.endpoint);
    const identity =
      connection.username === undefined
        ? ({ type: library.UserTokenType.Anonymous } as const)
        : ({
            type: library.UserTokenType.UserName,
            userName: connection.username,
            password: password ?? "",
          } as const);
    const session = await client.createSession(identity);
    const namespaces = await session.readNamespaceArray();
    const limits = await readLimits(library, session);
    return new Session({ library, client, session, namespaces, limits, own, clock: options.clock });
  } catch (error) {
    const refusal = await explainRefusal(error, { connection, pkiFolder: options.pkiFolder });
    await disconnect(client, own, options.clock);
    throw refusal;
  }
}

function createClient(
  library: Library,
  own: OwnCertificate,
  connection: OpcuaConnection,
): OPCUAClient {
  const isOpen = connection.security === "None";
  return library.OPCUAClient.create({
    applicationName: own.applicationName,
    applicationUri: own.applicationUri,
    clientName: `Lamplighter ${connection.id}`,
    clientCertificateManager: own.manager,
    certificateFile: own.certificateFile,
    privateKeyFile: own.privateKeyFile,
    securityPolicy: library.SecurityPolicy[connection.security],
    securityMode: library.MessageSecurityMode[isOpen ? "None" : connection.mode],
    endpointMustExist: false,
    requestedSessionTimeout: SESSION_MS,
    defaultTransactionTimeout: REQUEST_MS_MAX,
    transportTimeout: REQUEST_MS_MAX,
    // One retry: with none the library would not repair a line that was cut either.
    connectionStrategy: {
      initialDelay: 500,
      maxDelay: 3_000,
      maxRetry: 1,
      randomisationFactor: 0.5,
    },
    keepSessionAlive: true,
  });
}

async function disconnect(client: OPCUAClient, own: OwnCertificate, clock: Clock): Promise<void> {
  const isOver = new AbortController();
  const late = clock.sleep(CLOSE_WITHIN, isOver.signal);
  await Promise.race([client.disconnect().catch(() => {}), late]);
  isOver.abort();
  await own.manager.dispose().catch(() => {});
}

/** Server_ServerStatus_State: every server has it and answers at once. */
const SERVER_STATE = "ns=0;i=2259";

interface Limits {
  readonly read: number;
  readonly write: number;
  readonly monitor: number;
  readonly translate: number;
}

/** Server_ServerCapabilities_OperationLimits, OPC UA Part 5 §6.3.11; 0 or absent: no limit named. */
const LIMIT_NODES = {
  read: "ns=0;i=11705",
  write: "ns=0;i=11707",
  monitor: "ns=0;i=11714",
  translate: "ns=0;i=11712",
} as const;

async function readLimits(library: Library, session: ClientSession): Promise<Limits> {
  const limit = async (nodeId: string): Promise<number> => {
    const { value } = await session.read({ nodeId, attributeId: library.AttributeIds.Value });
    const named: unknown = value?.value;
    const isNamed = typeof named === "number" && named > 0;
    return isNamed ? Math.min(named, BATCH_DEFAULT) : BATCH_DEFAULT;
  };
  return {
    read: await limit(LIMIT_NODES.read),
    write: await limit(LIMIT_NODES.write),
    monitor: await limit(LIMIT_NODES.monitor),
    translate: await limit(LIMIT_NODES.translate),
  };
}

interface Parts {
  readonly library: Library;
  readonly client: OPCUAClient;
  readonly session: ClientSession;
  readonly namespaces: readonly string[];
  readonly limits: Limits;
  readonly own: OwnCertificate;
  readonly clock: Clock;
}

class Session implements OpcuaSession {
  readonly namespaces: readonly string[];
  readonly ended: Promise<string>;
  readonly #parts: Parts;
  #end: (why: string) => void = () => {};
  #subscriptions = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.namespaces = parts.namespaces;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { client, session } = parts;
    const first = session.sessionId.toString();
    session.on("session_restored", () => {
      const isOther = session.sessionId.toString() !== first;
      if (isOther && this.#subscriptions === 0) this.#end("the server has forgotten our session");
    });
    client.on("close", (error) => this.#end(error ? wordsOf(error) : "the connection is closed"));
    session.on("session_closed", (status) => this.#end(`the server closed our session: ${status}`));
  }

  async resolve(
    paths: readonly (readonly BrowseStep[])[],
  ): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for (const batch of batches(paths, this.#parts.limits.translate)) {
      const results = await this.#parts.session.translateBrowsePath(
        batch.map((steps) => ({
          startingNode: "ns=0;i=85",
          relativePath: { elements: steps.map(relativeElement) },
        })),
      );
      for (const result of results) {
        const target = result.targets?.[0]?.targetId;
        found.push(result.statusCode.isGood() ? target?.toString() : undefined);
      }
    }
    return found;
  }

  async monitor(
    requests: readonly MonitorRequest[],
    publishingMs: number,
    listener: MonitorListener,
  ): Promise<Monitoring> {
    const { session, limits } = this.#parts;
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: publishingMs,
      requestedMaxKeepAliveCount: Math.max(1, Math.round(1_000 / publishingMs)),
      requestedLifetimeCount: LIFETIME_COUNT,
      maxNotificationsPerPublish: 10_000,
      publishingEnabled: true,
      priority: publishingMs < 1_000 ? 10 : 1,
    });
    this.#subscriptions++;
    // The library makes lost subscriptions anew with the old node ids; after a restart of the server these
    // may belong to other variables.
    subscription.on("subscriptionId_changed", () =>
      this.#end("the server has lost our subscription"),
    );
    subscription.on("keepalive", listener.onHeard);
    subscription.on("received_notifications", listener.onHeard);
    subscription.on("terminated", () => this.#end("the server ended our subscription"));
    subscription.on("internal_error", () => {});
    const refused: (string | undefined)[] = [];
    for (const batch of alike(requests, limits.monitor)) {
      const first = refused.length;
      refused.push(
        ...(await this.#monitorBatch(subscription, batch, (index, value) =>
          listener.onValue(first + index, value),
        )),
      );
    }
    const keepAliveMs = subscription.publishingInterval * subscription.maxKeepAliveCount;
    return { keepAliveMs, refused };
  }

  async read(nodes: readonly string[]): Promise<readonly OpcuaValue[]> {
    const { library, session, limits } = this.#parts;
    const values: OpcuaValue[] = [];
    for (const batch of batches(nodes, limits.read)) {
      const read = await session.read(
        batch.map((nodeId) => ({ nodeId, attributeId: library.AttributeIds.Value })),
        0,
      );
      values.push(...read.map((value) => plain(library, value)));
    }
    return values;
  }

  async ping(): Promise<void> {
    const { library, session } = this.#parts;
    await session.read({ nodeId: SERVER_STATE, attributeId: library.AttributeIds.Value });
  }

  async write(node: string, type: WriteType, raw: number | boolean): Promise<string> {
    const { library, session } = this.#parts;
    const status = await session.write({
      nodeId: node,
      attributeId: library.AttributeIds.Value,
      value: { value: { dataType: library.DataType[type], value: raw } },
    });
    return status.name;
  }

  async close(): Promise<void> {
    this.#end("closed by us");
    const { client, own, clock } = this.#parts;
    await disconnect(client, own, clock);
  }

  async #monitorBatch(
    subscription: ClientSubscription,
    batch: readonly MonitorRequest[],
    onValue: (index: number, value: OpcuaValue) => void,
  ): Promise<readonly (string | undefined)[]> {
    const { library } = this.#parts;
    const [first] = batch;
    if (first === undefined) return [];
    const group = await subscription.monitorItems(
      batch.map(({ node }) => ({ nodeId: node, attributeId: library.AttributeIds.Value })),
      {
        samplingInterval: first.samplingMs,
        queueSize: first.queueSize,
        discardOldest: true,
        filter: new library.DataChangeFilter({
          trigger: library.DataChangeTrigger.StatusValue,
          deadbandType: library.DeadbandType.None,
        }),
      },
      library.TimestampsToReturn.Both,
    );
    group.on("changed", (_item, value, index) => onValue(index, plain(library, value)));
    return group.monitoredItems.map(({ statusCode }) =>
      statusCode === undefined || statusCode.isGood() ? undefined : statusCode.name,
    );
  }
}

const relativeElement = ({ namespace, name }: BrowseStep) => ({
  // HierarchicalReferences, OPC UA Part 5 §11.3: components, properties and folders alike.
  referenceTypeId: "ns=0;i=33",
  isInverse: false,
  includeSubtypes: true,
  targetName: { namespaceIndex: namespace, name },
});

function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

/** Runs of equal sampling and queue, because one request has one of each. */
function* alike(
  all: readonly MonitorRequest[],
  size: number,
): Generator<readonly MonitorRequest[]> {
  let from = 0;
  for (let i = 1; i <= all.length; i++) {
    const [first, next] = [all[from], all[i]];
    const isSame = next?.samplingMs === first?.samplingMs && next?.queueSize === first?.queueSize;
    if (isSame && i - from < size && i < all.length) continue;
    yield all.slice(from, i);
    from = i;
  }
}

/** 64-bit integers come as a pair of halves, dates as Date, localized texts as objects. */
function plain(library: Library, { value, statusCode, sourceTimestamp }: DataValue): OpcuaValue {
  const at = sourceTimestamp?.getTime();
  return {
    value: value === undefined || value === null ? null : scalar(library, value),
    status: statusCode.value >>> 0,
    statusName: statusCode.name,
    sourceTime: at === undefined ? undefined : instant(at),
  };
}

function scalar(library: Library, variant: NonNullable<DataValue["value"]>): unknown {
  const raw: unknown = variant.value;
  if (variant.arrayType !== library.VariantArrayType.Scalar) return raw;
  switch (variant.dataType) {
    case library.DataType.Int64:
    case library.DataType.UInt64:
      return wide(raw, variant.dataType === library.DataType.Int64);
    case library.DataType.DateTime:
      return raw instanceof Date ? raw.toISOString() : raw;
    case library.DataType.LocalizedText:
      return typeof raw === "object" && raw !== null ? Reflect.get(raw, "text") : raw;
    default:
      return raw;
  }
}

function wide(raw: unknown, isSigned: boolean): unknown {
  if (!Array.isArray(raw)) return raw;
  const [high, low] = raw;
  if (typeof high !== "number" || typeof low !== "number") return raw;
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return Number(isSigned ? BigInt.asIntN(64, bits) : bits);
}
