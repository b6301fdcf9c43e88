/**
 * The gateway's own key and certificate for OPC UA, and the store of those it trusts, in the data folder.
 * Made at the first start, renewed before it expires; the application URI never changes, because servers
 * know us by it.
 */
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rm, rmdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../core/clock.ts";
import { days, type Instant, milliseconds } from "../../../core/time.ts";
import type { Log } from "../../../platform/log.ts";
import type { Library, OPCUACertificateManager } from "./library.ts";

const VALID_DAYS = 5 * 365;
/** Servers must be told of the new one, so people need time. */
const RENEW_BEFORE = days(60);
/** While another connection makes the certificate; after all these its process must have died. */
const WAIT = milliseconds(200);
const WAITS_MAX = 50;
const APPLICATION_NAME = "Lamplighter gateway";

export interface OwnCertificate {
  readonly manager: OPCUACertificateManager;
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  readonly applicationUri: string;
  readonly applicationName: string;
}

export const ownCertificateFile = (pkiFolder: string): string =>
  join(pkiFolder, "own", "certs", "gateway.pem");

export interface CertificateOptions {
  readonly pkiFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openCertificates(
  library: Library,
  options: CertificateOptions,
): Promise<OwnCertificate> {
  const { pkiFolder } = options;
  await mkdir(pkiFolder, { recursive: true, mode: 0o700 });
  const manager = new library.OPCUACertificateManager({
    rootFolder: pkiFolder,
    automaticallyAcceptUnknownCertificate: false,
    // The store is read anew at every connection; watching it would keep the process alive.
    disableFileWatchers: true,
  });
  await manager.initialize();
  const certificateFile = ownCertificateFile(pkiFolder);
  const current = await renewed(manager, certificateFile, options);
  return {
    manager,
    certificateFile,
    privateKeyFile: manager.privateKey,
    applicationUri: uriOf(current) ?? "",
    applicationName: APPLICATION_NAME,
  };
}

/** Several connections start at once and share the folder: one of them makes the certificate. */
async function renewed(
  manager: OPCUACertificateManager,
  file: string,
  options: CertificateOptions,
): Promise<X509Certificate | undefined> {
  const { pkiFolder, clock, log } = options;
  const lock = join(pkiFolder, "making-certificate");
  for (let waited = 0; ; waited++) {
    const current = await certificateIn(file);
    const left = current === undefined ? 0 : Date.parse(current.validTo) - clock.now();
    if (left >= RENEW_BEFORE) return current;
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (!isOurs && waited < WAITS_MAX) {
      await clock.sleep(WAIT);
      continue;
    }
    try {
      await make(manager, file, { current, now: clock.now() });
    } finally {
      await rmdir(lock).catch(() => {});
    }
    const made = await certificateIn(file);
    log.info(current === undefined ? "own certificate made" : "own certificate renewed", {
      file,
      fingerprint: made?.fingerprint,
      todo: "servers with security must be told to trust it",
    });
    return made;
  }
}

async function make(
  manager: OPCUACertificateManager,
  outputFile: string,
  { current, now }: { readonly current: X509Certificate | undefined; readonly now: Instant },
): Promise<void> {
  await rm(outputFile, { force: true });
  await manager.createSelfSignedCertificate({
    applicationUri: uriOf(current) ?? `urn:${hostname()}:lamplighter:gateway`,
    subject: { commonName: APPLICATION_NAME, organization: "Lamplighter" },
    dns: [hostname()],
    startDate: new Date(now - days(1)),
    validity: VALID_DAYS,
    outputFile,
  });
}

async function certificateIn(file: string): Promise<X509Certificate | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return certificateOf(bytes);
}

/** DER or PEM; of a chain the first. */
export function certificateOf(bytes: Uint8Array | undefined): X509Certificate | undefined {
  try {
    return bytes === undefined ? undefined : new X509Certificate(firstOf(bytes));
  } catch {
    return undefined;
  }
}

/** A chain in DER is one certificate after the other; each says its length in its first four bytes. */
function firstOf(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x30 || bytes[1] !== 0x82) return bytes;
  return bytes.subarray(0, 4 + (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0));
}

/** OPC UA Part 6 §6.2.2: the application URI is in the certificate's alternative names. */
export const uriOf = (certificate: X509Certificate | undefined): string | undefined =>
  /URI:([^,]+)/.exec(certificate?.subjectAltName ?? "")?.[1]?.trim();
