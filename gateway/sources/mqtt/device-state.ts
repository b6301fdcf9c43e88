/**
 * What is known of one device between its messages: whether it is there, since when, and its latest values.
 * State changes come back as values for the source to act on.
 *
 *   unknown ─fresh message─► online ─last will, silence, broker gone─► offline ─fresh message─► online
 */

import { pointNameOf } from "../../../core/ids.ts";
import type { BadReason, Value } from "../../../core/sample.ts";
import {
  type Duration,
  elapsed,
  formatDuration,
  type Instant,
  type Monotonic,
  milliseconds,
} from "../../../core/time.ts";
import type { DeviceStatus, SourceValue } from "../source.ts";
import type { MqttDevice } from "./routes.ts";

export interface Now {
  readonly wall: Instant;
  readonly steady: Monotonic;
}

export interface Loss {
  readonly reason: BadReason;
  readonly detail: string;
}

export class DeviceState {
  readonly device: MqttDevice;
  readonly #values = new Map<string, Value>();
  #status: DeviceStatus;
  /** Of the last sign of life, or of the moment from which silence counts. */
  #heardAt: Monotonic;

  constructor(device: MqttDevice, now: Now) {
    this.device = device;
    this.#heardAt = now.steady;
    this.#status = { device: device.id, state: "unknown", since: now.wall };
  }

  get status(): DeviceStatus {
    return this.#status;
  }

  valueOf(pointName: string): Value | undefined {
    return this.#values.get(pointName);
  }

  /** Keeps the latest values; texts of strangers are not kept, gates only ask for numbers. */
  remember(values: readonly SourceValue[]): void {
    for (const value of values) {
      const name = pointNameOf(value.point);
      if (value.quality === "bad") this.#values.delete(name);
      else if (typeof value.value === "number") this.#values.set(name, value.value);
    }
  }

  /** A fresh message, or the word that it is online. True when that is a change. */
  alive(now: Now): boolean {
    this.#heardAt = now.steady;
    if (this.#status.state === "online") return false;
    this.#status = { device: this.device.id, state: "online", since: now.wall };
    return true;
  }

  /** True when that is a change of state or of its reason. */
  lost(now: Now, { reason, detail }: Loss): boolean {
    if (this.#status.state === "offline" && this.#status.reason === reason) return false;
    this.#values.clear();
    const { state } = this.#status;
    const since = state === "offline" ? this.#status.since : now.wall;
    this.#status = { device: this.device.id, state: "offline", since, reason, detail };
    return true;
  }

  /** Silence counts from now: nothing could have been heard before. */
  listenAgain(now: Now): void {
    this.#heardAt = now.steady;
  }

  /** Time until its silence is too long; 0 or less when it is. */
  silenceLeft(now: Now): Duration {
    const silent = elapsed(this.#heardAt, now.steady);
    return milliseconds(this.device.profile.silentAfter - silent);
  }

  silence(): Loss {
    const detail = `no message for ${formatDuration(this.device.profile.silentAfter)}`;
    return { reason: "deviceOffline", detail };
  }
}
