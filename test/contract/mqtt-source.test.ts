import {
  attachToBroker,
  deviceUsers,
  startDeviceBroker,
} from "../../gateway/sources/mqtt/attachment.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { startBroker } from "../../platform/mqtt-broker.ts";
import { connectMqtt } from "../../platform/mqtt-client.ts";
import { mqttSourceSuite, type PlantUnderTest } from "./mqtt-source-suite.ts";

const users = deviceUsers({ plant: { password: "secret", topics: ["#"] } });
const [clock, log] = [systemClock, silentLog];

mqttSourceSuite("the gateway's own broker", async () => {
  const device = await startDeviceBroker({ host: "127.0.0.1", port: 0, users, clock, log });
  const url = `mqtt://127.0.0.1:${device.broker.port}`;
  return { url, attachment: device.attach(), stop: () => device.broker.close() };
});

const elsewhere = async (): Promise<PlantUnderTest> => {
  const broker = await startBroker({ port: 0, users, clock, log });
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const access = { url, username: "plant", password: "secret", clientId: "gateway" };
  const client = connectMqtt({ ...access, clock, log });
  return {
    url,
    attachment: attachToBroker(client),
    stop: async () => {
      await client.close();
      await broker.close();
    },
  };
};
mqttSourceSuite("a broker elsewhere that keeps no sessions", elsewhere, false);
