/** `lamplighter browse <endpoint>`: what a server offers, and a draft of a profile and its devices. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { LamplighterError, wordsOf } from "../../../core/errors.ts";
import { systemClock } from "../../../platform/clock.ts";
import { type Command, EXIT_DONE, parseOptions } from "../../../platform/command-line.ts";
import { createLog } from "../../../platform/log.ts";
import type { OpcuaConnection } from "../../configuration.ts";
import { browsedLines, browseServer, draftOf } from "./browse.ts";
import { openOpcua } from "./client.ts";
import { DEFAULT_PKI_FOLDER } from "./trust-command.ts";

const POLICIES = [
  "None",
  "Basic256Sha256",
  "Aes128_Sha256_RsaOaep",
  "Aes256_Sha256_RsaPss",
] as const;
const MODES = ["Sign", "SignAndEncrypt"] as const;

export const browseCommand: Command = {
  name: "browse",
  summary: "shows what an OPC UA server offers and drafts a profile",
  usage: [
    "usage: lamplighter browse <opc.tcp://host:port/path> [options]",
    "",
    `  --security       ${POLICIES.join(", ")} (default Basic256Sha256)`,
    `  --mode           ${MODES.join(", ")} (default SignAndEncrypt)`,
    "  --username       name of a user of the server",
    "  --password-file  file with the password in its first line",
    `  --pki            folder of own and trusted certificates (default ${DEFAULT_PKI_FOLDER})`,
    "  --draft          file to write a draft of profile and devices to",
  ].join("\n"),
  run: async ({ args, print }) => {
    const { values, positionals } = parseOptions(args, {
      security: { type: "string", default: "Basic256Sha256" },
      mode: { type: "string", default: "SignAndEncrypt" },
      username: { type: "string" },
      "password-file": { type: "string" },
      pki: { type: "string", default: DEFAULT_PKI_FOLDER },
      draft: { type: "string" },
    });
    const [endpoint] = positionals;
    if (endpoint === undefined || !endpoint.startsWith("opc.tcp://")) {
      throw new LamplighterError("USAGE", "give the address of one server: opc.tcp://host:port/");
    }
    const { username } = values;
    const file = values["password-file"];
    const connection: OpcuaConnection = {
      id: "browse",
      protocol: "opcua",
      endpoint,
      security: oneOf(POLICIES, values.security, "--security"),
      mode: oneOf(MODES, values.mode, "--mode"),
      ...(username === undefined ? {} : { username }),
    };
    const session = await openOpcua({
      connection,
      ...(file === undefined ? {} : { password: firstLine(file) }),
      pkiFolder: values.pki,
      clock: systemClock,
      log: createLog({ name: "browse", level: "warn" }),
    });
    try {
      const browsed = await browseServer(session);
      for (const line of browsedLines(browsed)) print(line);
      if (values.draft !== undefined) {
        await writeFile(values.draft, draftOf(browsed, { endpoint }));
        print(`Draft written to ${values.draft}.`);
      }
    } finally {
      await session.close();
    }
    return EXIT_DONE;
  },
};

function oneOf<const T extends string>(known: readonly T[], given: string, option: string): T {
  const found = known.find((word) => word === given);
  if (found !== undefined) return found;
  throw new LamplighterError("USAGE", `${option} ${given}: known are ${known.join(", ")}`);
}

function firstLine(file: string): string {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (error) {
    throw new LamplighterError("USAGE", `cannot read ${file}: ${wordsOf(error)}`, { cause: error });
  }
}
