/**
 * What every protocol driver is to the rest of the gateway: it makes samples of the points of the devices
 * on one connection and writes commands to them. The pipeline behind the sink decides what is passed on.
 */

import type { DeviceId, PointId } from "../../core/ids.ts";
import type { BadReason, Sample, Value } from "../../core/sample.ts";
import type { Duration, Instant } from "../../core/time.ts";
import type { BusReport } from "./modbus/doctor.ts";

/** Where sources put their samples. */
export interface SampleSink {
  /** Never blocks and never throws; the pipeline stamps the sequence and applies deadbands. */
  offer(value: SourceValue): void;
  /** As `offer`, and resolves once all of them are durable in the buffer; rejects when they cannot be. */
  keep(values: readonly SourceValue[]): Promise<void>;
}

/** A sample before the pipeline gave it its sequence. */
export type SourceValue = Sample extends infer S
  ? S extends Sample
    ? Omit<S, "sequence">
    : never
  : never;

/** State of a device as its source knows it; changes only are reported. */
export interface DeviceStatus {
  readonly device: DeviceId;
  readonly state: "online" | "offline" | "unknown";
  readonly since: Instant;
  readonly reason?: BadReason;
  readonly detail?: string;
}

export interface WriteRequest {
  readonly point: PointId;
  readonly value: number;
  readonly timeout: Duration;
}

/** What the device itself said; whether it did it is found out by `read`. */
export type WriteAnswer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "noAnswer"; readonly detail: string };

export type ReadAnswer =
  | { readonly kind: "value"; readonly value: Value; readonly time: Instant }
  | { readonly kind: "none"; readonly detail: string };

export interface Source {
  /** Runs until the signal aborts and everything it began has ended; throws only on a bug. */
  run(signal: AbortSignal): Promise<void>;
  /** Ahead of polling, behind nothing but a frame already on the line. Never throws. */
  write(request: WriteRequest): Promise<WriteAnswer>;
  /** A fresh value from the device (for MQTT: the next message). Never throws. */
  read(point: PointId, timeout: Duration): Promise<ReadAnswer>;
  /** Of every device on this connection. */
  statuses(): readonly DeviceStatus[];
  /** How the line itself does; only where devices share one. */
  report?(): BusReport;
}
