/** Why a session could not be opened, in words that say what to do about it. */
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import type { OpcuaConnection } from "../../configuration.ts";
import { listCertificates } from "./trust.ts";

export async function explainRefusal(
  error: unknown,
  { connection, pkiFolder }: { readonly connection: OpcuaConnection; readonly pkiFolder: string },
): Promise<LamplighterError> {
  if (error instanceof LamplighterError) return error;
  const words = wordsOf(error);
  const server = `OPC UA server ${connection.endpoint}`;
  if (/BadCertificateUntrusted|Certificate verification failed/i.test(words)) {
    return untrusted(server, words, pkiFolder);
  }
  const advice = ADVICE.find(([pattern]) => pattern.test(words))?.[1];
  return new LamplighterError(
    "CONNECTION_FAILED",
    `${server}: ${advice ?? "no connection"} (${firstLine(words)}).`,
    { cause: error, fields: { connection: connection.id } },
  );
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "nothing listens there; check address and port, and whether the server runs"],
  [/ENOTFOUND|EAI_AGAIN/, "there is no host of that name"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "the host does not answer"],
  [/BadUserAccessDenied|BadIdentityToken/, "wrong user name or password"],
  [/BadTooManySessions|BadTcpServerTooBusy/, "the server has no session left for us"],
  [
    /BadSecurityChecksFailed|BadCertificateUseNotAllowed|BadSecureChannelClosed|BadCertificateUriInvalid/,
    "the server does not trust our certificate; accept it there",
  ],
  [
    /endpoint|SecurityPolicy|BadSecurityPolicyRejected/i,
    "it does not offer the configured security",
  ],
];

async function untrusted(
  server: string,
  words: string,
  pkiFolder: string,
): Promise<LamplighterError> {
  const refused = (await listCertificates(pkiFolder)).filter(({ state }) => state === "refused");
  const newest = refused.at(-1);
  const thumbprint = newest?.thumbprint ?? "";
  const command = `lamplighter trust accept ${thumbprint.slice(0, 12)} --pki ${pkiFolder}`;
  return new LamplighterError(
    "CERTIFICATE_UNTRUSTED",
    `${server}: its certificate is not trusted yet. Compare ${thumbprint} with the thumbprint that the server shows, then run: ${command} (${newest?.subject ?? firstLine(words)})`,
    { fields: { thumbprint } },
  );
}

const firstLine = (words: string): string => words.split("\n")[0]?.slice(0, 200) ?? "";
