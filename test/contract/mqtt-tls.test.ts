/** MQTT over TLS: the broker shows its certificate, the client trusts the authority it was given only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OPCUACertificateManager } from "node-opcua";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { type BrokerUser, startBroker } from "../../platform/mqtt-broker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { client, connected } from "./mqtt-client-suite.ts";

const users = new Map<string, BrokerUser>([
  ["plant", { password: "secret", publish: ["#"], subscribe: ["#"] }],
]);

/** Any maker of certificates would do; this one is already in the house. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const rootFolder = temporaryFolder();
  const manager = new OPCUACertificateManager({ rootFolder, disableFileWatchers: true });
  await manager.initialize();
  const outputFile = join(rootFolder, "broker.pem");
  await manager.createSelfSignedCertificate({
    applicationUri: "urn:test:broker",
    subject: { commonName: "broker" },
    dns: ["localhost"],
    startDate: new Date(Date.now() - 86_400_000),
    validity: 365,
    outputFile,
  });
  const pair = {
    key: readFileSync(manager.privateKey, "utf8"),
    cert: readFileSync(outputFile, "utf8"),
  };
  await manager.dispose();
  return pair;
}

it("connects with the right authority, and says why without it", async () => {
  const tls = await selfSigned();
  const broker = await startBroker({ port: 0, tls, users, clock: systemClock, log: silentLog });
  onTestFinished(() => broker.close());
  const url = `mqtts://localhost:${broker.port}`;
  const trusting = client(url, "trusting", { ca: tls.cert });
  await connected(trusting);
  await trusting.publish("a", "1", { qos: 1 });
  const wary = client(url, "wary");
  const why = await new Promise<string>((resolve) =>
    wary.onState((_state, words) => resolve(words ?? "")),
  );
  expect(why).toMatch(/self-signed certificate/);
  const plain = client(`mqtt://localhost:${broker.port}`, "plain");
  await new Promise<void>((resolve) => plain.onState(() => resolve()));
  expect(plain.connected).toBe(false);
});
