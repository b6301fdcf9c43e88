/** Our MQTT source on a real wire: devices publish to a broker, samples come out, acknowledged when kept. */
import { describe, expect, it, onTestFinished } from "vitest";
import { deviceId, pointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import type { MqttAttachment } from "../../gateway/sources/mqtt/attachment.ts";
import { createMqttSource } from "../../gateway/sources/mqtt/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { DeviceStatus, Source } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import { libraryProfile, profileOf } from "../support/profiles.ts";
import { RecordingSink } from "../support/source-sink.ts";
import { client, connected } from "./mqtt-client-suite.ts";

export interface PlantUnderTest {
  /** Where devices publish, as user `plant` with password `secret`. */
  readonly url: string;
  readonly attachment: MqttAttachment;
  stop(): Promise<void>;
}

const LAB = deviceId("lab");
const GAS = pointId(LAB, "gas_lel");

export function mqttSourceSuite(
  name: string,
  start: () => Promise<PlantUnderTest>,
  /** False: the broker forgets what a client did not acknowledge when it disconnects. */
  keepsSessions = true,
): void {
  interface Bench extends PlantUnderTest {
    readonly sink: RecordingSink;
    readonly statuses: DeviceStatus[];
    readonly source: Source;
  }

  async function bench(): Promise<Bench> {
    const plant = await start();
    const [sink, statuses] = [new RecordingSink(), [] as DeviceStatus[]];
    const relay = await profileOf(
      "mqtt",
      `silentAfter: 1h
points:
  light_on:
    topic: stat
    words: { "ON": 1, "OFF": 0 }
    write: { topic: cmnd, payload: "{value}" }
    command: { settle: 1s }
`,
    );
    const source = createMqttSource({
      devices: [
        {
          id: LAB,
          profile: await libraryProfile("mqtt", "lamplighter/lab-sensor"),
          topic: "p/lab",
        },
        { id: deviceId("relay"), profile: relay, topic: "p/relay" },
      ],
      attachment: plant.attachment,
      sink,
      clock: systemClock,
      log: silentLog,
      onStatus: (status) => statuses.push(status),
      hash: createPersonalHash(Buffer.alloc(32)),
      zone: "Asia/Shanghai",
    });
    const stop = new AbortController();
    const running = source.run(stop.signal);
    onTestFinished(async () => {
      stop.abort();
      await running;
      await plant.stop();
    });
    return { ...plant, sink, statuses, source };
  }

  const state = (gas: number): string =>
    JSON.stringify({
      time: new Date().toISOString(),
      gas_lel: gas,
      temperature: 20,
      humidity: 40,
      sensor_state: "normal",
    });

  describe(`MQTT source through ${name}`, () => {
    it("makes samples of what devices publish, and of their last will", async () => {
      const { url, sink, statuses } = await bench();
      const will = {
        topic: "p/lab/availability",
        payload: "offline",
        retain: true,
        qos: 1,
      } as const;
      const sensor = client(url, "sensor", { will });
      await connected(sensor);
      await eventually("a sample", async () => {
        await sensor.publish("p/lab/state", state(12), { qos: 1 });
        return sink.last(GAS) !== undefined;
      });
      expect(sink.last(GAS)).toMatchObject({ quality: "good", value: 12, timeSource: "device" });
      expect(statuses.map((s) => s.state)).toEqual(["online"]);
      // The same client id again makes the broker end the first connection as if it had died.
      await connected(client(url, "sensor"));
      await eventually("lost", () => statuses.some((s) => s.state === "offline"));
      expect(sink.last(GAS)).toMatchObject({ quality: "bad", reason: "deviceOffline" });
    });

    it.runIf(keepsSessions)(
      "keeps many messages at once and loses none when the buffer refuses for a while",
      async () => {
        const { url, sink } = await bench();
        const sensor = client(url, "sensor");
        await connected(sensor);
        await eventually("listening", async () => {
          await sensor.publish("p/lab/state", state(0), { qos: 1 });
          return sink.last(GAS) !== undefined;
        });
        let refusals = 20;
        sink.durable = async () => {
          await systemClock.sleep(seconds(0.005));
          if (refusals-- > 0) throw new Error("disk full");
        };
        const send = async (gas: number): Promise<void> => {
          for (;;) {
            try {
              await sensor.publish("p/lab/state", state(gas), { qos: 1 });
              return;
            } catch {
              await eventually("connected again", () => sensor.connected);
            }
          }
        };
        await Promise.all(Array.from({ length: 100 }, (_, i) => send(i)));
        const kept = (): ReadonlySet<unknown> =>
          new Set(sink.of(GAS).flatMap((s) => (s.quality === "good" ? [s.value] : [])));
        await eventually("all of them", () => kept().size >= 100, seconds(15));
      },
    );

    it("publishes commands, never retained, and reads back what the device shows", async () => {
      const { url, source } = await bench();
      const relay = client(url, "relay");
      const got: string[] = [];
      relay.onMessage((message) => {
        got.push(`${String(message.payload)} ${message.retained}`);
        relay.publish("p/relay/stat", message.payload, { qos: 1 }).catch(() => {});
      });
      await relay.subscribe(["p/relay/cmnd"], 1);
      await connected(relay);
      const point = pointId(deviceId("relay"), "light_on");
      await eventually("accepted", async () => {
        const answer = await source.write({ point, value: 1, timeout: seconds(2) });
        return answer.kind === "accepted";
      });
      const shown = source.read(point, seconds(5));
      await source.write({ point, value: 0, timeout: seconds(2) });
      await expect(shown).resolves.toMatchObject({ kind: "value" });
      await eventually("both", () => got.includes("OFF false") && got.includes("ON false"));
    });
  });
}
