/** What a source may ask of a server, free of the library's classes. */
import type { Instant } from "../../../core/time.ts";
import type { OpcuaValue, WriteType } from "./value.ts";

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
  /** Also asks for the alarms that are standing now. Per request: why it is refused, or undefined. */
  monitorEvents(
    requests: readonly EventRequest[],
    onEvent: (index: number, event: OpcuaEvent) => void,
  ): Promise<readonly (string | undefined)[]>;
  /** The node of an event type by its browse name, undefined when the server knows none. */
  eventType(name: BrowseStep): Promise<string | undefined>;
  read(nodes: readonly string[]): Promise<readonly OpcuaValue[]>;
  /** Resolves when the server answers at all. */
  ping(): Promise<void>;
  /** Resolves with the name of the status code; `node` may be a method, which is called with the value. */
  write(node: string, type: WriteType, raw: number | boolean): Promise<string>;
  /** What hangs below each node, in the server's order. */
  children(nodes: readonly string[]): Promise<readonly (readonly Child[])[]>;
  /** Stored values of each node after `from`, oldest first; undefined where the server keeps none. */
  history(
    nodes: readonly string[],
    span: { readonly from: Instant; readonly to: Instant },
  ): Promise<readonly (readonly OpcuaValue[] | undefined)[]>;
  close(): Promise<void>;
}

export interface EventRequest {
  readonly node: string;
  readonly type: string;
  readonly fields: readonly (readonly BrowseStep[])[];
}

export interface OpcuaEvent {
  /** Hexadecimal; the same event told twice has the same. */
  readonly id: string;
  readonly time: Instant | undefined;
  readonly sourceNode: string;
  /** Plain values in the order of the request's fields. */
  readonly fields: readonly unknown[];
}

/** Something found by browsing. */
export interface Child {
  readonly node: string;
  readonly namespace: number;
  readonly name: string;
  readonly kind: "object" | "variable" | "method" | "other";
}
