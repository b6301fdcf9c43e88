/** `lamplighter trust`: which OPC UA servers the gateway trusts; accept and revoke by thumbprint. */
import { LamplighterError } from "../../../core/errors.ts";
import { type Command, EXIT_DONE, parseOptions } from "../../../platform/command-line.ts";
import {
  acceptCertificate,
  findCertificate,
  type KnownCertificate,
  listCertificates,
  revokeCertificate,
} from "./trust.ts";

export const DEFAULT_PKI_FOLDER = "data/gateway/pki";

export const trustCommand: Command = {
  name: "trust",
  summary: "certificates of OPC UA servers: list, show, accept, revoke",
  usage: [
    "usage: lamplighter trust list | show <thumbprint> | accept <thumbprint> | revoke <thumbprint>",
    "",
    `  --pki   folder of own and trusted certificates (default ${DEFAULT_PKI_FOLDER})`,
    "",
    "A thumbprint may be cut short to its first 6 or more characters. A server that was refused appears",
    "in the list after its first attempt; compare its thumbprint with the server's own display.",
  ].join("\n"),
  run: async ({ args, print }) => {
    const { values, positionals } = parseOptions(args, {
      pki: { type: "string", default: DEFAULT_PKI_FOLDER },
    });
    const [action, name = ""] = positionals;
    switch (action) {
      case "list": {
        const all = await listCertificates(values.pki);
        for (const each of all) print(summary(each));
        if (all.length === 0) print(`No server has shown its certificate yet (${values.pki}).`);
        return EXIT_DONE;
      }
      case "show":
        for (const line of details(await findCertificate(values.pki, name))) print(line);
        return EXIT_DONE;
      case "accept":
        print(summary(await acceptCertificate(values.pki, name)));
        print("A running gateway uses it at its next attempt.");
        return EXIT_DONE;
      case "revoke":
        print(summary(await revokeCertificate(values.pki, name)));
        print("Connections that stand are not ended; restart the gateway to end them now.");
        return EXIT_DONE;
      default:
        throw new LamplighterError(
          "USAGE",
          `"${action ?? ""}" is none of list, show, accept, revoke`,
        );
    }
  },
};

const summary = ({ state, thumbprint, subject, validTo }: KnownCertificate): string =>
  `${state.padEnd(8)} ${thumbprint}  ${subject}  until ${validTo.slice(0, 10)}`;

const details = (certificate: KnownCertificate): readonly string[] => [
  `state            ${certificate.state}`,
  `thumbprint       ${certificate.thumbprint} (SHA-1)`,
  `fingerprint      ${certificate.fingerprint256} (SHA-256)`,
  `subject          ${certificate.subject}`,
  `application URI  ${certificate.applicationUri ?? "none"}`,
  `valid            ${certificate.validFrom} to ${certificate.validTo}`,
  `file             ${certificate.file}`,
];
