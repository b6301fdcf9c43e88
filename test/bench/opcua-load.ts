/** A server for the OPC UA bench, in a process of its own: N variables, each changing once a second. */
import { systemClock } from "../../platform/clock.ts";
import { startTestServer } from "../support/opcua-server.ts";

const [variables = "2000"] = process.argv.slice(2);
const PER_OBJECT = 3;
const NAMESPACE = "urn:lamplighter:lighting-controller";
const objects = Object.fromEntries(
  Array.from({ length: Math.ceil(Number(variables) / PER_OBJECT) }, (_, i) => [
    `lights-${i}`,
    { light_on: "Boolean", light_level: "Double", power_active: "Double" } as const,
  ]),
);
const server = await startTestServer({
  namespace: NAMESPACE,
  objects,
  // The server counts all its monitored items; its own default is lower than the bench.
  extra: {
    serverCapabilities: { maxMonitoredItems: 100_000, maxMonitoredItemsPerSubscription: 100_000 },
  },
});
process.send?.({ port: server.port });

let round = 0;
process.on("message", (rounds) => {
  void (async () => {
    const due = performance.now();
    for (let i = 1; i <= Number(rounds); i++) {
      round++;
      for (const name of Object.keys(objects)) {
        server.set(`${name}/light_on`, round % 2 === 1);
        server.set(`${name}/light_level`, round % 100);
        server.set(`${name}/power_active`, round);
      }
      await systemClock.sleep(Math.max(1, due + i * 1_000 - performance.now()) as never);
    }
    process.send?.({ round });
  })();
});
