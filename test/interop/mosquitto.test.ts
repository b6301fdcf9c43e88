/** Our client and our source against a broker that we did not write, and a device that is not ours. */
import { execFile } from "node:child_process";
import { expect, it, onTestFinished } from "vitest";
import { deviceId } from "../../core/ids.ts";
import {
  attachToBroker,
  deviceUsers,
  startDeviceBroker,
} from "../../gateway/sources/mqtt/attachment.ts";
import { createMqttSource } from "../../gateway/sources/mqtt/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import { mqttClientSuite } from "../contract/mqtt-client-suite.ts";
import { mqttSourceSuite, type PlantUnderTest } from "../contract/mqtt-source-suite.ts";
import { MOSQUITTO, startMosquitto } from "../support/mosquitto.ts";
import { libraryProfile } from "../support/profiles.ts";
import { RecordingSink } from "../support/source-sink.ts";

const [clock, log] = [systemClock, silentLog];

const program = MOSQUITTO;
if (program !== undefined) {
  mqttClientSuite("Mosquitto", () => startMosquitto(program));
  mqttSourceSuite("Mosquitto", () => throughMosquitto(program));
  it("mosquitto_pub is a device like any other on the gateway's own broker", strangersDevice);
} else if (process.env.LAMPLIGHTER_RINGS === "all") {
  it("finds Mosquitto", () => expect.fail("Mosquitto is not installed: apt-get install mosquitto"));
} else {
  it.skip("Mosquitto is not installed (apt-get install mosquitto), so this ring is left out", () => {});
}

async function throughMosquitto(installed: string): Promise<PlantUnderTest> {
  const broker = await startMosquitto(installed);
  const access = { url: broker.url, username: "plant", password: "secret", clientId: "gateway" };
  const client = connectMqtt({ ...access, clean: false, clock, log });
  return {
    url: broker.url,
    attachment: attachToBroker(client),
    stop: async () => {
      await client.close();
      await broker.stop();
    },
  };
}

async function strangersDevice(): Promise<void> {
  const users = deviceUsers({ door: { password: "secret", topics: ["doors/1/#"] } });
  const device = await startDeviceBroker({ host: "127.0.0.1", port: 0, users, clock, log });
  const sink = new RecordingSink();
  const id = deviceId("door-1");
  const profile = await libraryProfile("mqtt", "lamplighter/door-panel");
  const source = createMqttSource({
    devices: [{ id, profile, topic: "doors/1" }],
    attachment: device.attach(),
    sink,
    clock,
    log,
    onStatus: () => {},
    hash: createPersonalHash(Buffer.alloc(32)),
    zone: "Asia/Shanghai",
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
    await device.broker.close();
  });
  const publish = (topic: string, message: string, password = "secret"): Promise<void> => {
    const words = ["-h", "127.0.0.1", "-p", `${device.broker.port}`, "-u", "door", "-P", password];
    return new Promise((resolve, reject) => {
      execFile("mosquitto_pub", [...words, "-q", "1", "-t", topic, "-m", message], (error) =>
        error ? reject(error) : resolve(),
      );
    });
  };
  const time = new Date().toISOString();
  await publish("doors/1/event", JSON.stringify({ time, what: "granted", card: "04A2247F" }));
  expect(sink.last("door-1/access_event")).toMatchObject({ quality: "good", timeSource: "device" });
  expect(JSON.stringify(sink.values)).not.toContain("04A2247F");
  await expect(publish("doors/1/event", "{}", "guess")).rejects.toThrow(/not authorised|refused/i);
  await publish("doors/2/event", JSON.stringify({ time, what: "forced" })).catch(() => {});
  expect(sink.of("door-1/access_event")).toHaveLength(1);
  expect(device.broker.statistics()).toMatchObject({ signInsRefused: 1, notPermitted: 1 });
}
