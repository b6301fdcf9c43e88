/** A device that publishes: its states on change and at least every so often, events as they happen. */
import type { Clock } from "../../core/clock.ts";
import { elapsed, type Monotonic, milliseconds, seconds } from "../../core/time.ts";
import type { MqttProfile } from "../../device-profiles/profile.ts";
import type { Log } from "../../platform/log.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";
import type { Fault, FaultKind, FaultOf } from "../faults/fault.ts";
import { isDown } from "../faults/wire-effect.ts";
import type { AccessEvent } from "../world/state.ts";
import { DeviceClient } from "./device-client.ts";
import {
  availabilityMessage,
  commandedValue,
  eventMessage,
  type Message,
  stateMessages,
  topicOnTheWire,
} from "./payload.ts";

/** A gas detector speaks every second, a door panel once a minute when nothing happens. */
const SENSOR_EVERY = seconds(1);
const PANEL_EVERY = seconds(50);
const RETRY_EVERY = seconds(2);

export interface MqttAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export class MqttDevice {
  readonly device: SimulatedDevice;
  readonly #profile: MqttProfile;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #client: DeviceClient;
  readonly #roll: () => number;
  #lastSent = new Map<string, { readonly body: string; readonly at: Monotonic }>();
  #suspended = false;

  constructor(
    clock: Clock,
    log: Log,
    device: SimulatedDevice,
    options: {
      readonly profile: MqttProfile;
      readonly base: string;
      readonly access: MqttAccess;
      readonly roll: () => number;
    },
  ) {
    this.device = device;
    this.#profile = options.profile;
    this.#base = options.base;
    this.#clock = clock;
    this.#roll = options.roll;
    const will = availabilityMessage(options.profile, false);
    this.#client = new DeviceClient(
      {
        ...options.access,
        clientId: `simulated-${device.device.id}`,
        ...(will === undefined ? {} : { will: { ...will, topic: this.#topic(will.topic) } }),
        retryEvery: RETRY_EVERY,
        onConnect: () => this.#connected(),
        onMessage: (topic, payload) => this.#commanded(topic, payload),
      },
      log.child({ device: device.device.id }),
    );
  }

  get isConnected(): boolean {
    return this.#client.isConnected;
  }

  /** Called with every step of the world. */
  tick(): void {
    if (this.#mustBeSilent()) return;
    const now = this.#clock.now() + (this.#fault("wrongClock")?.offsetMs ?? 0);
    const times = this.#fault("flood")?.perSecond ?? 1;
    for (let i = 0; i < Math.min(times, 250); i++) {
      for (const message of stateMessages(this.device, this.#profile, now)) {
        if (times > 1 || this.#isDue(message)) this.#publish(message);
      }
    }
  }

  announce(event: AccessEvent): void {
    if (this.#mustBeSilent()) return;
    const shift = this.#fault("wrongClock")?.offsetMs ?? 0;
    const message = eventMessage(this.#profile, event, event.time + shift);
    if (message) this.#publish(message);
  }

  async close(): Promise<void> {
    this.#say(availabilityMessage(this.#profile, false));
    await this.#client.close();
  }

  #fault<Kind extends FaultKind>(kind: Kind): FaultOf<Kind> | undefined {
    const fault = this.device.faults().find((f: Fault) => f.kind === kind);
    return fault as FaultOf<Kind> | undefined;
  }

  /** Dead devices and broken links are off the broker; a silent one is on it and says nothing. */
  #mustBeSilent(): boolean {
    const flapping = this.#fault("flapping");
    const down = flapping !== undefined && isDown(flapping, this.#clock.monotonic());
    const off = this.device.isDead || down || this.#fault("disconnect") !== undefined;
    if (off !== this.#suspended) {
      this.#suspended = off;
      if (off) this.#client.suspend();
      else this.#client.resume(RETRY_EVERY);
    }
    return off || this.#fault("silence") !== undefined || this.#fault("halfOpen") !== undefined;
  }

  #isDue({ topic, payload }: Message): boolean {
    const sensor = this.device.device.role.kind === "labSensor";
    const last = this.#lastSent.get(`${topic} ${shapeOf(payload)}`);
    if (last === undefined) return true;
    const age = elapsed(last.at, this.#clock.monotonic());
    // A little early is on time: steps and seconds do not meet exactly.
    if (sensor) return age >= milliseconds(SENSOR_EVERY - 60);
    return age >= PANEL_EVERY || last.body !== withoutTime(payload);
  }

  #publish({ topic, payload }: Message): void {
    const garbage = this.#fault("garbage");
    const damaged = garbage !== undefined && this.#roll() < garbage.share;
    const body = damaged ? payload.slice(0, Math.floor(payload.length / 2)) : payload;
    const retain = this.#fault("ghost") !== undefined;
    if (!this.#client.publish(this.#topic(topic), body, { retain })) return;
    this.#lastSent.set(`${topic} ${shapeOf(payload)}`, {
      body: withoutTime(payload),
      at: this.#clock.monotonic(),
    });
  }

  #connected(): void {
    this.#lastSent = new Map();
    this.#say(availabilityMessage(this.#profile, true));
    const commands = this.#profile.points.flatMap(({ write }) =>
      write ? [this.#topic(write.topic)] : [],
    );
    if (commands.length > 0) this.#client.subscribe([...new Set(commands)]);
  }

  #say(message: Message | undefined): void {
    if (message === undefined) return;
    this.#client.publish(this.#topic(message.topic), message.payload, { retain: true });
  }

  #commanded(topic: string, payload: string): void {
    for (const point of this.#profile.points) {
      if (point.write === undefined || this.#topic(point.write.topic) !== topic) continue;
      const value = commandedValue(point, payload);
      if (value !== undefined) this.device.write(point, value);
    }
  }

  #topic(topic: string): string {
    return topicOnTheWire(this.#profile, this.#base, topic);
  }
}

/** Tells messages of different contents on one topic apart: the names in the document. */
const shapeOf = (payload: string): string => (payload.match(/"[^"]+":/g) ?? []).join("");

/** For "did anything change": the document without its time of day. */
const withoutTime = (payload: string): string =>
  payload.replace(/"\d{4}-\d\d-\d\dT[0-9:.]+Z"/, '""');
