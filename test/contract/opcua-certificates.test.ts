/** The gateway's own OPC UA certificate: made once, kept, renewed in time under the same name. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Clock } from "../../core/clock.ts";
import { days, instant } from "../../core/time.ts";
import {
  openCertificates,
  ownCertificateFile,
  uriOf,
} from "../../gateway/sources/opcua/certificates.ts";
import { loadLibrary } from "../../gateway/sources/opcua/library.ts";
import { systemClock } from "../../platform/clock.ts";
import { type Log, silentLog } from "../../platform/log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const later = (by: number): Clock => ({
  ...systemClock,
  now: () => instant(systemClock.now() + by),
});

async function open(pkiFolder: string, clock: Clock, said: string[]): Promise<string> {
  const log: Log = { ...silentLog, info: (message) => void said.push(message) };
  const library = await loadLibrary(log);
  const own = await openCertificates(library, { pkiFolder, clock, log });
  await own.manager.dispose();
  return own.applicationUri;
}

it("is made once, however many connections start together, and renewed before it ends", async () => {
  const folder = temporaryFolder();
  const said: string[] = [];
  const uris = await Promise.all([1, 2, 3].map(() => open(folder, systemClock, said)));
  expect(said).toEqual(["own certificate made"]);
  expect(new Set(uris).size).toBe(1);
  const read = (): X509Certificate => new X509Certificate(readFileSync(ownCertificateFile(folder)));
  const first = read();
  expect(uriOf(first)).toBe(uris[0]);
  expect(first.subject).toContain("Lamplighter gateway");
  await open(folder, later(days(5 * 365 - 70)), said);
  expect(read().fingerprint256).toBe(first.fingerprint256);
  await open(folder, later(days(5 * 365 - 30)), said);
  expect(said).toEqual(["own certificate made", "own certificate renewed"]);
  const second = read();
  expect(second.fingerprint256).not.toBe(first.fingerprint256);
  expect(uriOf(second)).toBe(uris[0]);
  expect(Date.parse(second.validTo)).toBeGreaterThan(Date.parse(first.validTo));
}, 60_000);
