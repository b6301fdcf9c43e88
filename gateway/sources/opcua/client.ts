/**
 * Opens a session with a server: own certificate, the server's trusted or refused in words, user, and the
 * server's limits. Nothing here asks for values.
 */
import type { Clock } from "../../../core/clock.ts";
import { LamplighterError } from "../../../core/errors.ts";
import type { Log } from "../../../platform/log.ts";
import type { OpcuaConnection } from "../../configuration.ts";
import type { OpcuaSession } from "./asking.ts";
import { certificateOf, type OwnCertificate, openCertificates, uriOf } from "./certificates.ts";
import { type ClientSession, type Library, loadLibrary, type OPCUAClient } from "./library.ts";
import { readLimits } from "./limits.ts";
import { explainRefusal } from "./refusal.ts";
import { disconnect, Session } from "./session.ts";

/** For one request; a server that needs longer is not there. */
const REQUEST_MS_MAX = 10_000;
const SESSION_MS = 60_000;

export interface OpcuaSessionOptions {
  readonly connection: OpcuaConnection;
  readonly password?: string;
  readonly pkiFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rejects with CERTIFICATE_UNTRUSTED, CONFIG_INVALID or CONNECTION_FAILED, in words that say what to do. */
export async function openOpcua(options: OpcuaSessionOptions): Promise<OpcuaSession> {
  const { connection, password, log } = options;
  if (connection.security === "None" && connection.username !== undefined) {
    throw new LamplighterError(
      "CONFIG_INVALID",
      `OPC UA connection ${connection.id}: a password must not travel with security: None. Choose Basic256Sha256, or leave the username out.`,
    );
  }
  const library = await loadLibrary(log);
  const own = await openCertificates(library, options);
  const client = createClient(library, own, connection);
  try {
    await client.connect(connection.endpoint);
    const identity =
      connection.username === undefined
        ? ({ type: library.UserTokenType.Anonymous } as const)
        : ({
            type: library.UserTokenType.UserName,
            userName: connection.username,
            password: password ?? "",
          } as const);
    const session = await client.createSession(identity);
    checkApplicationUri(session, connection);
    const namespaces = await session.readNamespaceArray();
    const limits = await readLimits(library, session);
    return new Session({ library, client, session, namespaces, limits, own, clock: options.clock });
  } catch (error) {
    const refusal = await explainRefusal(error, { connection, pkiFolder: options.pkiFolder });
    await disconnect(client, own, options.clock);
    throw refusal;
  }
}

/** OPC UA Part 4 §6.1.3: a certificate that was made for another application must not pass for this one. */
function checkApplicationUri(session: ClientSession, connection: OpcuaConnection): void {
  if (connection.security === "None") return;
  const { server } = session.endpoint;
  const certified = uriOf(certificateOf(session.serverCertificate));
  if (certified === server.applicationUri) return;
  throw new LamplighterError(
    "CERTIFICATE_UNTRUSTED",
    `OPC UA server ${connection.endpoint}: its certificate was made for "${certified ?? "nobody"}", but it calls itself "${server.applicationUri}". Correct the server's certificate.`,
  );
}

function createClient(
  library: Library,
  own: OwnCertificate,
  connection: OpcuaConnection,
): OPCUAClient {
  const isOpen = connection.security === "None";
  return library.OPCUAClient.create({
    applicationName: own.applicationName,
    applicationUri: own.applicationUri,
    clientName: `Lamplighter ${connection.id}`,
    clientCertificateManager: own.manager,
    certificateFile: own.certificateFile,
    privateKeyFile: own.privateKeyFile,
    securityPolicy: library.SecurityPolicy[connection.security],
    securityMode: library.MessageSecurityMode[isOpen ? "None" : connection.mode],
    endpointMustExist: false,
    requestedSessionTimeout: SESSION_MS,
    defaultTransactionTimeout: REQUEST_MS_MAX,
    transportTimeout: REQUEST_MS_MAX,
    // One retry: with none the library would not repair a line that was cut either.
    connectionStrategy: {
      initialDelay: 500,
      maxDelay: 3_000,
      maxRetry: 1,
      randomisationFactor: 0.5,
    },
    keepSessionAlive: true,
  });
}
