/**
 * The points of the devices behind one MQTT broker. A message is acknowledged when its samples are durable;
 * a device that says goodbye, falls silent or loses its broker gets bad samples with the reason.
 *
 *   message ─► routes ─► decode ─► sink.keep ─► acknowledgement
 *   clock ─► silence ─► offline, bad samples
 */
import type { Clock } from "../../../core/clock.ts";
import { wordsOf } from "../../../core/errors.ts";
import { type DeviceId, deviceOf, type PointId, pointId, pointNameOf } from "../../../core/ids.ts";
import { type Duration, milliseconds, seconds } from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import type { MqttMessage } from "../../../platform/mqtt-client.ts";
import { invert } from "../convert.ts";
import type { PersonalHash } from "../personal.ts";
import type {
  DeviceStatus,
  ReadAnswer,
  SampleSink,
  Source,
  SourceValue,
  WriteAnswer,
  WriteRequest,
} from "../source.ts";
import type { MqttAttachment } from "./attachment.ts";
import { decodeMessage } from "./decode.ts";
import { DeviceState, type Loss, type Now } from "./device-state.ts";
import { Payload } from "./payload.ts";
import { type MqttDevice, type Route, type Routes, routesOf, topicOf } from "./routes.ts";

/** A broker that restarts is back within this; only then its devices count as lost. */
const BROKER_AWAY_GRACE = seconds(3);
/** Silence is looked for at most this often. */
const LOOK_PAUSE_MIN = milliseconds(100);
const LOOK_PAUSE_MAX = seconds(5);
/** Waiting reads; further ones are refused. */
const READS_MAX = 1_000;

export interface MqttSourceOptions {
  readonly devices: readonly MqttDevice[];
  readonly attachment: MqttAttachment;
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onStatus: (status: DeviceStatus) => void;
  readonly hash: PersonalHash;
  /** IANA zone of the site, for devices that write local time without saying so. */
  readonly zone: string;
}

export interface MqttSourceCounts {
  readonly messages: number;
  /** On a subscribed topic, but of no device of ours. */
  readonly foreign: number;
  readonly samples: number;
  readonly bad: number;
}

export interface MqttSource extends Source {
  counts(): MqttSourceCounts;
}

export const createMqttSource = (options: MqttSourceOptions): MqttSource => new Mqtt(options);

class Mqtt implements MqttSource {
  readonly #options: MqttSourceOptions;
  readonly #routes: Routes;
  readonly #states = new Map<DeviceId, DeviceState>();
  readonly #reads = new Map<PointId, Set<(value: SourceValue) => void>>();
  #readsWaiting = 0;
  #cancelGrace: (() => void) | undefined;
  #counts = { messages: 0, foreign: 0, samples: 0, bad: 0 };

  constructor(options: MqttSourceOptions) {
    this.#options = options;
    this.#routes = routesOf(options.devices);
    for (const device of options.devices) {
      this.#states.set(device.id, new DeviceState(device, this.#now()));
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { attachment, clock, log } = this.#options;
    let isBrokerThere = false;
    attachment.onState((state, why) => {
      isBrokerThere = state === "connected";
      if (!signal.aborted) this.#brokerIs(state, why);
    });
    const topics = [...this.#routes.keys()];
    try {
      await attachment.listen(topics, (message) =>
        signal.aborted ? Promise.reject(new Error("the gateway stops")) : this.#receive(message),
      );
    } catch (error) {
      log.error("MQTT subscription failed", { why: wordsOf(error) });
    }
    while (!signal.aborted) {
      const pause = isBrokerThere ? this.#lookForSilence() : LOOK_PAUSE_MAX;
      await clock.sleep(pause, signal);
    }
    this.#cancelGrace?.();
  }

  async write({ point, value, timeout }: WriteRequest): Promise<WriteAnswer> {
    const state = this.#states.get(deviceOf(point));
    const declared = state?.device.profile.points.find((p) => p.name === pointNameOf(point));
    if (state === undefined || declared?.write === undefined) {
      return { kind: "refused", detail: `${point} cannot be written` };
    }
    const { status, device } = state;
    if (status.state === "offline") {
      return { kind: "noAnswer", detail: `device is offline: ${status.detail ?? "no reason"}` };
    }
    const raw = invert(declared, value, declared.words);
    if (!raw.ok) return { kind: "refused", detail: raw.error };
    const topic = topicOf(device, declared.write.topic);
    const payload = declared.write.payload.replaceAll("{value}", String(raw.value));
    const published = this.#options.attachment.publish(topic, payload);
    return this.#answerWithin(timeout, published);
  }

  read(point: PointId, timeout: Duration): Promise<ReadAnswer> {
    const { clock } = this.#options;
    if (this.#readsWaiting >= READS_MAX) {
      return Promise.resolve({ kind: "none", detail: `${READS_MAX} reads are waiting` });
    }
    this.#readsWaiting++;
    return new Promise((resolve) => {
      const waiting = this.#reads.get(point) ?? new Set();
      this.#reads.set(point, waiting);
      const answer = (given: ReadAnswer): void => {
        cancel();
        waiting.delete(take);
        if (waiting.size === 0) this.#reads.delete(point);
        this.#readsWaiting--;
        resolve(given);
      };
      const take = (value: SourceValue): void => {
        if (value.quality === "bad") answer({ kind: "none", detail: value.detail ?? value.reason });
        else answer({ kind: "value", value: value.value, time: value.time });
      };
      const cancel = clock.after(timeout, () =>
        answer({ kind: "none", detail: `no message within ${timeout} ms` }),
      );
      waiting.add(take);
    });
  }

  statuses(): readonly DeviceStatus[] {
    return [...this.#states.values()].map((state) => state.status);
  }

  counts(): MqttSourceCounts {
    return { ...this.#counts };
  }

  #now(): Now {
    const { clock } = this.#options;
    return { wall: clock.now(), steady: clock.monotonic() };
  }

  async #receive(message: MqttMessage): Promise<void> {
    this.#counts.messages++;
    const payload = new Payload(message.payload, message.tooLarge);
    const values: SourceValue[] = [];
    let isOurs = false;
    for (const route of this.#routes.get(message.topic) ?? []) {
      isOurs = this.#take(route, payload, { message, values }) || isOurs;
    }
    if (!isOurs) this.#counts.foreign++;
    await this.#pass(values, message.qos);
  }

  /** Appends the samples of one route to `values`; false when the message is not that device's. */
  #take(
    route: Route,
    payload: Payload,
    { message, values }: { readonly message: MqttMessage; readonly values: SourceValue[] },
  ): boolean {
    const state = this.#states.get(route.device.id);
    if (state === undefined) return false;
    const now = this.#now();
    const decoded = decodeMessage(
      route,
      { payload, arrival: now.wall, isRetained: message.retained },
      {
        hash: this.#options.hash,
        zone: this.#options.zone,
        valueOf: (name) => state.valueOf(name),
      },
    );
    if (!decoded.isOurs) return false;
    state.remember(decoded.values);
    values.push(...decoded.values);
    if (!message.retained) this.#answerReads(decoded.values);
    if (decoded.availability === "offline") {
      const loss: Loss = { reason: "deviceOffline", detail: "the device is offline" };
      values.push(...this.#lose(state, now, loss));
    } else if (decoded.availability === "online" || !message.retained) {
      this.#live(state, now);
    }
    return true;
  }

  /** Samples of a QoS 1 message are durable when this resolves. */
  async #pass(values: readonly SourceValue[], qos: MqttMessage["qos"]): Promise<void> {
    this.#counts.samples += values.length;
    for (const value of values) if (value.quality === "bad") this.#counts.bad++;
    if (qos === 0) for (const value of values) this.#options.sink.offer(value);
    else if (values.length > 0) await this.#options.sink.keep(values);
  }

  #answerReads(values: readonly SourceValue[]): void {
    if (this.#readsWaiting === 0) return;
    for (const value of values) {
      for (const take of [...(this.#reads.get(value.point) ?? [])]) take(value);
    }
  }

  #live(state: DeviceState, now: Now): void {
    if (!state.alive(now)) return;
    this.#options.log.info("device online", { device: state.device.id });
    this.#options.onStatus(state.status);
  }

  /** The bad samples that say so for each of its points; none when it was already lost for this reason. */
  #lose(state: DeviceState, now: Now, loss: Loss): readonly SourceValue[] {
    if (!state.lost(now, loss)) return [];
    const { id, profile } = state.device;
    this.#options.log.warn("device offline", { device: id, why: loss.detail });
    this.#options.onStatus(state.status);
    return profile.points
      .filter((point) => point.kind !== "event" && !point.momentary)
      .map((point) => ({
        point: pointId(id, point.name),
        time: now.wall,
        timeSource: "gateway",
        quality: "bad",
        ...loss,
      }));
  }

  #loseNow(state: DeviceState, loss: Loss): void {
    for (const value of this.#lose(state, this.#now(), loss)) {
      this.#counts.samples++;
      this.#counts.bad++;
      this.#options.sink.offer(value);
    }
  }

  #brokerIs(brokerState: "connected" | "disconnected", why: string | undefined): void {
    if (brokerState === "connected") {
      this.#cancelGrace?.();
      this.#cancelGrace = undefined;
      for (const state of this.#states.values()) state.listenAgain(this.#now());
      return;
    }
    this.#cancelGrace ??= this.#options.clock.after(BROKER_AWAY_GRACE, () => {
      const detail = (why ?? "the broker is away").slice(0, 200);
      for (const state of this.#states.values()) {
        this.#loseNow(state, { reason: "connectionLost", detail });
      }
    });
  }

  /** Tells when to look again: when the next device could have been silent for too long. */
  #lookForSilence(): Duration {
    const now = this.#now();
    let next: number = LOOK_PAUSE_MAX;
    for (const state of this.#states.values()) {
      const { state: known, reason } = state.status;
      if (known === "offline" && reason !== "connectionLost") continue;
      const left = state.silenceLeft(now);
      if (left <= 0) this.#loseNow(state, state.silence());
      else next = Math.min(next, left);
    }
    return milliseconds(Math.max(next, LOOK_PAUSE_MIN));
  }

  async #answerWithin(timeout: Duration, published: Promise<void>): Promise<WriteAnswer> {
    const abort = new AbortController();
    const late = this.#options.clock
      .sleep(timeout, abort.signal)
      .then((): WriteAnswer => ({ kind: "noAnswer", detail: `nothing within ${timeout} ms` }));
    const answered = published.then(
      (): WriteAnswer => ({ kind: "accepted" }),
      (error: unknown): WriteAnswer => ({ kind: "noAnswer", detail: wordsOf(error) }),
    );
    const answer = await Promise.race([answered, late]);
    abort.abort();
    return answer;
  }
}
