/** Follows the points of one OPC UA or MQTT device through the gateway's own source. */
import type { Clock } from "../../core/clock.ts";
import { deviceId, pointId } from "../../core/ids.ts";
import { type Duration, elapsed, type Monotonic, milliseconds } from "../../core/time.ts";
import type { MqttProfile, OpcuaProfile, Profile } from "../../device-profiles/profile.ts";
import { createLog } from "../../platform/log.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import type { OpcuaConnection } from "../configuration.ts";
import { attachToBroker } from "../sources/mqtt/attachment.ts";
import { createMqttSource } from "../sources/mqtt/source.ts";
import type { DeviceStatus, SampleSink, Source, SourceValue } from "../sources/source.ts";
import type { SeenPoint } from "./read-table.ts";
import { HIDDEN, type Reader } from "./reader.ts";

const DEVICE = deviceId("field");
/** While nothing has been heard of some point, we look this often. */
const LOOK_EVERY = milliseconds(100);

interface Common {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface OpcuaReaderOptions extends Common {
  readonly profile: OpcuaProfile;
  readonly connection: OpcuaConnection;
  readonly password?: string;
  readonly pkiFolder: string;
  readonly object: readonly string[];
}

export async function openOpcuaReader(options: OpcuaReaderOptions): Promise<Reader> {
  const { profile, connection, password, pkiFolder, object } = options;
  // Its package is large: only those who speak it pay for it.
  const { createOpcuaSource } = await import("../sources/opcua/source.ts");
  return new SourceReader(`${profile.id} on ${connection.endpoint}`, options, (parts) =>
    createOpcuaSource({
      ...parts,
      connection,
      ...(password === undefined ? {} : { password }),
      pkiFolder,
      devices: [{ id: DEVICE, profile, object }],
    }),
  );
}

export interface MqttReaderOptions extends Common {
  readonly profile: MqttProfile;
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly clientId: string;
  readonly topic: string;
  readonly serial?: string;
  readonly zone: string;
}

export function openMqttReader(options: MqttReaderOptions): Reader {
  const { profile, url, username, password, clientId, topic, serial, zone, clock } = options;
  const client = connectMqtt({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clientId,
    clean: true,
    clock,
    log: createLog({ name: "read", level: "warn" }),
  });
  const devices = [{ id: DEVICE, profile, topic, ...(serial === undefined ? {} : { serial }) }];
  const title = `${profile.id}, topic ${topic} on ${url}`;
  const attachment = attachToBroker(client);
  return new SourceReader(
    title,
    options,
    (parts) => createMqttSource({ ...parts, attachment, devices, zone }),
    () => client.close(),
  );
}

interface SourceParts {
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: ReturnType<typeof createLog>;
  readonly onStatus: (status: DeviceStatus) => void;
  readonly hash: (text: string) => string;
}

interface Arrived {
  readonly sample: SourceValue;
  readonly at: Monotonic;
}

class SourceReader implements Reader {
  readonly title: string;
  readonly #profile: Profile;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #arrived = new Map<string, Arrived>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #closeRest: () => Promise<void>;
  #offline: string | undefined;

  constructor(
    title: string,
    { profile, clock, signal }: Common & { readonly profile: Profile },
    makeSource: (parts: SourceParts) => Source,
    closeRest: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.title = title;
    this.#profile = profile;
    this.#clock = clock;
    this.#signal = signal;
    this.#closeRest = closeRest;
    const note = (sample: SourceValue): void => {
      this.#arrived.set(sample.point, { sample, at: clock.monotonic() });
    };
    const source = makeSource({
      sink: {
        offer: note,
        keep: async (values) => {
          for (const value of values) note(value);
        },
      },
      clock,
      log: createLog({ name: "read", level: "warn" }),
      onStatus: ({ state, detail }) => {
        this.#offline = state === "offline" ? (detail ?? "the device is offline") : undefined;
      },
      hash: () => HIDDEN,
    });
    this.#running = source.run(this.#stop.signal);
  }

  async refresh(patience: Duration): Promise<void> {
    const start = this.#clock.monotonic();
    while (!this.#signal.aborted && elapsed(start, this.#clock.monotonic()) < patience) {
      if (this.#arrived.size >= this.#profile.points.length) return;
      await this.#clock.sleep(LOOK_EVERY, this.#signal);
    }
  }

  seen(): readonly SeenPoint[] {
    return this.#profile.points.map((point) => {
      const arrived = this.#arrived.get(pointId(DEVICE, point.name));
      if (arrived === undefined) return { point, problem: this.#offline ?? "nothing heard yet" };
      const { sample, at } = arrived;
      if (sample.quality === "bad") {
        const detail = sample.detail === undefined ? "" : `: ${sample.detail}`;
        return { point, problem: `${sample.reason}${detail}` };
      }
      const ageMs = elapsed(at, this.#clock.monotonic());
      const doubt = sample.quality === "uncertain" ? { problem: sample.doubt } : {};
      return { point, value: sample.value, ageMs, ...doubt };
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#closeRest();
  }
}
