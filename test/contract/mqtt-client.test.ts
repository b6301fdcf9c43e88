import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type BrokerUser, startBroker } from "../../platform/mqtt-broker.ts";
import { type BrokerUnderTest, mqttClientSuite } from "./mqtt-client-suite.ts";

const users = new Map<string, BrokerUser>([
  ["plant", { password: "secret", publish: ["#"], subscribe: ["#"] }],
  ["door", { password: "secret", publish: ["door/#"], subscribe: ["door/#"] }],
]);

mqttClientSuite("the embedded broker", async (): Promise<BrokerUnderTest> => {
  const start = (port: number) => startBroker({ port, users, clock: systemClock, log: silentLog });
  let broker = await start(0);
  const { port } = broker;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    restart: async () => {
      await broker.close();
      broker = await start(port);
    },
    stop: () => broker.close(),
  };
});
