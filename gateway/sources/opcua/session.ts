/**
 * What can be asked of a server within one session, in batches no larger than the server allows. The
 * library repairs short cuts of the line by itself, with republishing; whatever it cannot repair, or repairs
 * with a new subscription whose node ids may mean something else, ends the session.
 */
import type { Clock } from "../../../core/clock.ts";
import { wordsOf } from "../../../core/errors.ts";
import { type Instant, seconds } from "../../../core/time.ts";
import type {
  BrowseStep,
  Child,
  EventRequest,
  Monitoring,
  MonitorListener,
  MonitorRequest,
  OpcuaEvent,
  OpcuaSession,
} from "./asking.ts";
import type { OwnCertificate } from "./certificates.ts";
import { eventFilter } from "./event-filter.ts";
import type {
  ClientSession,
  ClientSubscription,
  Library,
  OPCUAClient,
  ReferenceDescription,
} from "./library.ts";
import type { Limits } from "./limits.ts";
import { plainEvent, plainValue } from "./plain.ts";
import type { OpcuaValue, WriteType } from "./value.ts";

/** For saying goodbye. */
const CLOSE_WITHIN = seconds(2);
/** Events are told within this; they wait at the server, at most so many, while the line is cut. */
const EVENT_PUBLISHING_MS = 250;
const EVENTS_QUEUED_MAX = 1_000;
/** BaseEventType and how deep its subtypes are looked through. */
const BASE_EVENT_TYPE = "ns=0;i=2041";
const EVENT_TYPE_DEPTH_MAX = 8;
/** Values of one answer; more would keep the event loop busy in one piece. */
const NOTIFICATIONS_MAX = 500;
/** Publishing intervals without any request of ours after which the server deletes a subscription. */
const LIFETIME_COUNT = 60;
/** Nodes browsed, and histories read, in one request: their answers are long. */
const BROWSE_BATCH_MAX = 50;
const HISTORY_BATCH_MAX = 20;
/** Answers for the references of one node; what has more is not the plant's. */
const ANSWERS_MAX = 50;
/** Stored values of one node read after an outage. */
const HISTORY_VALUES_MAX = 10_000;

export async function disconnect(
  client: OPCUAClient,
  own: OwnCertificate,
  clock: Clock,
): Promise<void> {
  const isOver = new AbortController();
  const late = clock.sleep(CLOSE_WITHIN, isOver.signal);
  await Promise.race([client.disconnect().catch(() => {}), late]);
  isOver.abort();
  await own.manager.dispose().catch(() => {});
}

/** Server_ServerStatus_State: every server has it and answers at once. */
const SERVER_STATE = "ns=0;i=2259";

export interface SessionParts {
  readonly library: Library;
  readonly client: OPCUAClient;
  readonly session: ClientSession;
  readonly namespaces: readonly string[];
  readonly limits: Limits;
  readonly own: OwnCertificate;
  readonly clock: Clock;
}

export class Session implements OpcuaSession {
  readonly namespaces: readonly string[];
  readonly ended: Promise<string>;
  readonly #parts: SessionParts;
  #end: (why: string) => void = () => {};
  #subscriptions = 0;

  constructor(parts: SessionParts) {
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
      maxNotificationsPerPublish: NOTIFICATIONS_MAX,
      publishingEnabled: true,
      priority: publishingMs < 1_000 ? 10 : 1,
    });
    this.#watch(subscription);
    subscription.on("keepalive", listener.onHeard);
    subscription.on("received_notifications", listener.onHeard);
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

  async monitorEvents(
    requests: readonly EventRequest[],
    onEvent: (index: number, event: OpcuaEvent) => void,
  ): Promise<readonly (string | undefined)[]> {
    const { library, session } = this.#parts;
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: EVENT_PUBLISHING_MS,
      requestedMaxKeepAliveCount: 10,
      requestedLifetimeCount: LIFETIME_COUNT,
      maxNotificationsPerPublish: NOTIFICATIONS_MAX,
      publishingEnabled: true,
    });
    this.#watch(subscription);
    const refused: (string | undefined)[] = [];
    for (const [index, request] of requests.entries()) {
      const item = await subscription.monitor(
        { nodeId: request.node, attributeId: library.AttributeIds.EventNotifier },
        {
          samplingInterval: 0,
          queueSize: EVENTS_QUEUED_MAX,
          discardOldest: true,
          filter: eventFilter(library, request),
        },
        library.TimestampsToReturn.Both,
      );
      item.on("changed", (fields: unknown) => onEvent(index, plainEvent(library, fields)));
      const { statusCode } = item;
      refused.push(statusCode.isGood() ? undefined : statusCode.name);
    }
    await this.#refreshConditions(subscription.subscriptionId);
    return refused;
  }

  async eventType(name: BrowseStep): Promise<string | undefined> {
    let level = [BASE_EVENT_TYPE];
    for (let depth = 0; depth < EVENT_TYPE_DEPTH_MAX && level.length > 0; depth++) {
      const below = (await this.children(level)).flat().filter(({ kind }) => kind === "other");
      const found = below.find((t) => t.namespace === name.namespace && t.name === name.name);
      if (found !== undefined) return found.node;
      level = below.map(({ node }) => node);
    }
    return undefined;
  }

  async read(nodes: readonly string[]): Promise<readonly OpcuaValue[]> {
    const { library, session, limits } = this.#parts;
    const values: OpcuaValue[] = [];
    for (const batch of batches(nodes, limits.read)) {
      const read = await session.read(
        batch.map((nodeId) => ({ nodeId, attributeId: library.AttributeIds.Value })),
        0,
      );
      values.push(...read.map((value) => plainValue(library, value)));
    }
    return values;
  }

  async ping(): Promise<void> {
    const { library, session } = this.#parts;
    await session.read({ nodeId: SERVER_STATE, attributeId: library.AttributeIds.Value });
  }

  async write(node: string, type: WriteType, raw: number | boolean): Promise<string> {
    const { library, session } = this.#parts;
    const value = { dataType: library.DataType[type], value: raw };
    const { value: nodeClass } = await session.read({
      nodeId: node,
      attributeId: library.AttributeIds.NodeClass,
    });
    if (nodeClass?.value === library.NodeClass.Method) return this.#call(node, value);
    const status = await session.write({
      nodeId: node,
      attributeId: library.AttributeIds.Value,
      value: { value },
    });
    return status.name;
  }

  async children(nodes: readonly string[]): Promise<readonly (readonly Child[])[]> {
    const { session, limits, library } = this.#parts;
    const found: (readonly Child[])[] = [];
    for (const batch of batches(nodes, Math.min(limits.browse, BROWSE_BATCH_MAX))) {
      const results = await session.browse(
        batch.map((nodeId) => ({
          nodeId,
          browseDirection: library.BrowseDirection.Forward,
          referenceTypeId: "ns=0;i=33",
          includeSubtypes: true,
          nodeClassMask: 0,
          resultMask: 63,
        })),
      );
      for (const result of results) {
        const references = [...(result.references ?? [])];
        let { continuationPoint } = result;
        for (let i = 0; i < ANSWERS_MAX && continuationPoint?.length; i++) {
          const more = await session.browseNext(continuationPoint, false);
          references.push(...(more.references ?? []));
          continuationPoint = more.continuationPoint;
        }
        found.push(references.map((reference) => childOf(library, reference)));
      }
    }
    return found;
  }

  async history(
    nodes: readonly string[],
    { from, to }: { readonly from: Instant; readonly to: Instant },
  ): Promise<readonly (readonly OpcuaValue[] | undefined)[]> {
    const { library, session, limits } = this.#parts;
    const found: (readonly OpcuaValue[] | undefined)[] = [];
    for (const batch of batches(nodes, Math.min(limits.history, HISTORY_BATCH_MAX))) {
      const results = await session.readHistoryValue([...batch], new Date(from), new Date(to), {
        numValuesPerNode: HISTORY_VALUES_MAX,
        returnBounds: false,
        timestampsToReturn: library.TimestampsToReturn.Both,
      });
      for (const { statusCode, historyData } of results) {
        const stored: unknown =
          historyData === null ? undefined : Reflect.get(Object(historyData), "dataValues");
        const isKept = statusCode.isGood() && Array.isArray(stored);
        found.push(isKept ? stored.map((value) => plainValue(library, value)) : undefined);
      }
    }
    return found;
  }

  async close(): Promise<void> {
    this.#end("closed by us");
    const { client, own, clock } = this.#parts;
    await disconnect(client, own, clock);
  }

  #watch(subscription: ClientSubscription): void {
    this.#subscriptions++;
    // The library makes lost subscriptions anew with the old node ids; after a restart of the server these
    // may belong to other variables.
    subscription.on("subscriptionId_changed", () =>
      this.#end("the server has lost our subscription"),
    );
    subscription.on("terminated", () => this.#end("the server ended our subscription"));
    subscription.on("internal_error", () => {});
  }

  /** OPC UA Part 9 §5.5.7; a server without conditions refuses it, which is fine. */
  async #refreshConditions(subscriptionId: number): Promise<void> {
    const { library, session } = this.#parts;
    const argument = { dataType: library.DataType.UInt32, value: subscriptionId };
    await session
      .call({
        objectId: "ns=0;i=2782",
        methodId: "ns=0;i=3875",
        inputArguments: [new library.Variant(argument)],
      })
      .catch(() => undefined);
  }

  /** A method's own object is the one that has it as a component. */
  async #call(
    node: string,
    argument: { dataType: number; value: number | boolean },
  ): Promise<string> {
    const { library, session } = this.#parts;
    const { references } = await session.browse({
      nodeId: node,
      browseDirection: library.BrowseDirection.Inverse,
      referenceTypeId: "ns=0;i=47",
      includeSubtypes: true,
      nodeClassMask: 0,
      resultMask: 63,
    });
    const owner = references?.[0]?.nodeId.toString();
    if (owner === undefined) return "BadMethodInvalid";
    const result = await session.call({
      objectId: owner,
      methodId: node,
      inputArguments: [new library.Variant(argument)],
    });
    return result.statusCode.name;
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
    group.on("changed", (_item, value, index) => onValue(index, plainValue(library, value)));
    return group.monitoredItems.map(({ statusCode }) =>
      statusCode === undefined || statusCode.isGood() ? undefined : statusCode.name,
    );
  }
}

function childOf(library: Library, reference: ReferenceDescription): Child {
  const { nodeId, browseName, nodeClass } = reference;
  const kinds: Readonly<Record<number, Child["kind"]>> = {
    [library.NodeClass.Object]: "object",
    [library.NodeClass.Variable]: "variable",
    [library.NodeClass.Method]: "method",
  };
  return {
    node: nodeId.toString(),
    namespace: browseName.namespaceIndex,
    name: browseName.name ?? "",
    kind: kinds[nodeClass] ?? "other",
  };
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
