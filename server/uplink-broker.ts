/** The broker that gateways and server meet at: our own, or somebody else's with the access to it. */
import { randomBytes } from "node:crypto";
import { BATCH_BYTES_MAX } from "../core/batch.ts";
import type { Clock } from "../core/clock.ts";
import { siteId } from "../core/ids.ts";
import type { Log } from "../platform/log.ts";
import { startBroker } from "../platform/mqtt-broker.ts";
import { readPassword, readTextFile, type ServerFolder } from "./configuration-folder.ts";
import { BIRTH_BYTES_MAX } from "./ingest/ingest.ts";
import { gatewayUser, SERVER_USER, serverUser } from "./uplink-users.ts";

/** Room for topic and header beside a payload. */
const TOPIC_BYTES = 1_024;
/** The server's own client reads for all gateways at once: a busy moment must not look like a dead reader. */
const WAITING_BYTES_MAX = 32 * 1024 * 1024;

/** How the server's own client reaches the broker. */
export interface UplinkAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
}

export interface UplinkBroker {
  readonly access: UplinkAccess;
  close(): Promise<void>;
}

/** Throws PORT_IN_USE, or CONFIG_INVALID for a password or certificate that cannot be read. */
export async function openUplinkBroker(
  folder: ServerFolder,
  clock: Clock,
  log: Log,
): Promise<UplinkBroker> {
  const { broker } = folder.server;
  if (broker.kind === "embedded") return openEmbedded(folder, broker, clock, log);
  const { url, username, passwordFile, caFile } = broker;
  const access = {
    url,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: readPassword(folder.path, passwordFile) }),
    ...(caFile === undefined ? {} : { ca: readTextFile(folder.path, caFile) }),
  };
  return { access, close: async () => {} };
}

async function openEmbedded(
  folder: ServerFolder,
  { host, port }: { readonly host: string; readonly port: number },
  clock: Clock,
  log: Log,
): Promise<UplinkBroker> {
  const site = siteId(folder.site.site.id);
  // Made anew at each start and told to nobody: only this process is the server.
  const password = randomBytes(32).toString("base64url");
  const users = new Map([[SERVER_USER, serverUser(site, password)]]);
  for (const { id, passwordFile } of folder.server.gateways) {
    users.set(id, gatewayUser(site, id, readPassword(folder.path, passwordFile)));
  }
  const broker = await startBroker({
    host,
    port,
    users,
    limits: {
      packetBytesMax: Math.max(BATCH_BYTES_MAX, BIRTH_BYTES_MAX) + TOPIC_BYTES,
      writeBytesMax: WAITING_BYTES_MAX,
    },
    clock,
    log,
  });
  const access = { url: `mqtt://${ownHost(host)}:${broker.port}`, username: SERVER_USER, password };
  return { access, close: () => broker.close() };
}

/** Where this process itself reaches what it listens on. */
export function ownHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
