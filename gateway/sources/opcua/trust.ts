/**
 * Which OPC UA servers this gateway trusts: files in its data folder, one certificate each. A server is
 * refused until somebody has looked at its fingerprint and accepted it; `lamplighter trust` shows these.
 */
import { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { LamplighterError } from "../../../core/errors.ts";
import { uriOf } from "./certificates.ts";

/** Files looked at; a folder with more was filled by somebody scanning us. */
const CERTIFICATES_MAX = 1_000;

export type TrustState = "trusted" | "refused";

export interface KnownCertificate {
  readonly state: TrustState;
  readonly file: string;
  /** SHA-1 as lower-case hex: how OPC UA names certificates (Part 6 §6.2.2). */
  readonly thumbprint: string;
  readonly fingerprint256: string;
  readonly subject: string;
  readonly applicationUri: string | undefined;
  readonly validFrom: string;
  readonly validTo: string;
}

const FOLDERS: Readonly<Record<TrustState, readonly string[]>> = {
  trusted: ["trusted", "certs"],
  refused: ["rejected"],
};

export async function listCertificates(pkiFolder: string): Promise<readonly KnownCertificate[]> {
  const trusted = await certificatesIn(pkiFolder, "trusted");
  return [...trusted, ...(await certificatesIn(pkiFolder, "refused"))];
}

/** `name`: the beginning of a thumbprint, at least 6 characters, that fits exactly one certificate. */
export async function findCertificate(pkiFolder: string, name: string): Promise<KnownCertificate> {
  const wanted = name.toLowerCase().replaceAll(":", "");
  const all = await listCertificates(pkiFolder);
  const found = all.filter(({ thumbprint }) => thumbprint.startsWith(wanted));
  const [only] = found;
  if (wanted.length >= 6 && only !== undefined && found.length === 1) return only;
  const known = all.map((each) => each.thumbprint.slice(0, 12)).join(", ") || "none";
  const why = found.length > 1 ? `fits ${found.length} certificates` : "fits no certificate";
  throw new LamplighterError(
    "NOT_FOUND",
    `"${name}" ${why} in ${pkiFolder} (known: ${known}). Give at least 6 characters of a thumbprint.`,
  );
}

export const acceptCertificate = (pkiFolder: string, name: string): Promise<KnownCertificate> =>
  move(pkiFolder, name, "trusted");

/** Takes effect at the next connection. */
export const revokeCertificate = (pkiFolder: string, name: string): Promise<KnownCertificate> =>
  move(pkiFolder, name, "refused");

async function move(pkiFolder: string, name: string, to: TrustState): Promise<KnownCertificate> {
  const certificate = await findCertificate(pkiFolder, name);
  if (certificate.state === to) return certificate;
  const folder = join(pkiFolder, ...FOLDERS[to]);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `server[${certificate.thumbprint}].pem`);
  await rename(certificate.file, file);
  return { ...certificate, state: to, file };
}

async function certificatesIn(
  pkiFolder: string,
  state: TrustState,
): Promise<readonly KnownCertificate[]> {
  const folder = join(pkiFolder, ...FOLDERS[state]);
  const names = await readdir(folder).catch(() => []);
  const known: KnownCertificate[] = [];
  for (const name of names.sort().slice(0, CERTIFICATES_MAX)) {
    const certificate = await readCertificate(join(folder, name));
    if (certificate !== undefined) known.push({ state, file: join(folder, name), ...certificate });
  }
  return known;
}

async function readCertificate(
  file: string,
): Promise<Omit<KnownCertificate, "state" | "file"> | undefined> {
  try {
    const certificate = new X509Certificate(await readFile(file));
    return {
      thumbprint: certificate.fingerprint.replaceAll(":", "").toLowerCase(),
      fingerprint256: certificate.fingerprint256,
      subject: certificate.subject.replaceAll("\n", ", "),
      applicationUri: uriOf(certificate),
      validFrom: new Date(certificate.validFrom).toISOString(),
      validTo: new Date(certificate.validTo).toISOString(),
    };
  } catch {
    return undefined;
  }
}
