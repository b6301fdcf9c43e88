/** `lamplighter profiles read <profile> --connection <address>`: every point of a real device, live. */
import { isatty } from "node:tty";
import { formatProblems, nearest } from "../../core/document.ts";
import { LamplighterError } from "../../core/errors.ts";
import { type Duration, parseDuration, seconds } from "../../core/time.ts";
import { LIBRARY_FOLDER, profileFiles } from "../../device-profiles/library.ts";
import type { Profile } from "../../device-profiles/profile.ts";
import { systemClock } from "../../platform/clock.ts";
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseOptions,
} from "../../platform/command-line.ts";
import { readProfiles } from "../read-profiles.ts";
import { DEFAULT_PKI_FOLDER } from "../sources/opcua/trust-command.ts";
import { ADDRESS_FORMS, parseConnectionAddress } from "./connection-address.ts";
import { MODES, openReader, POLICIES } from "./open-reader.ts";
import { summaryOf, tableLines } from "./read-table.ts";
import type { Reader } from "./reader.ts";

/** Back to the first place of a terminal, and everything below it gone. */
const CLEAR = "\u001b[H\u001b[J";
const STANDARD_OUTPUT = 1;

export const readCommand: Command = {
  name: "profiles read",
  summary: "every point of a real device in the field, live",
  usage: [
    "usage: lamplighter profiles read <vendor>/<model> --connection <address> [options]",
    "",
    `  --connection     ${ADDRESS_FORMS.split(", ").join("\n                   ")}`,
    "  --once           one table, then done; 1 when no point has a value",
    "  --every          time between two looks (default 1s)",
    "  --wait           with --once: longest wait for devices that talk by themselves (default 10s)",
    "  --folder         profiles of your own instead of the library's",
    "Modbus:",
    "  --unit           unit id (default: the profile's factory setting, else 1)",
    "  --set            a setting of the profile, as in --set ct=40; may be given again",
    "OPC UA:",
    "  --object         browse name of the device's object, <namespace URI>#<name>; again for each",
    `  --security       ${POLICIES.join(", ")} (default Basic256Sha256)`,
    `  --mode           ${MODES.join(", ")} (default SignAndEncrypt)`,
    `  --pki            folder of own and trusted certificates (default ${DEFAULT_PKI_FOLDER})`,
    "MQTT:",
    "  --topic          base topic of the device",
    "  --serial         of a device that shares its topic with others",
    "  --zone           time zone of devices that do not say theirs (default Asia/Shanghai)",
    "OPC UA and MQTT:",
    "  --username, --password-file   the password is the file's first line",
    "",
    "It only reads. Personal values are not shown.",
  ].join("\n"),
  run: async (context) => {
    const options = optionsOf(context.args);
    const profile = await profileOf(options.profile, options.values.folder);
    const address = parseConnectionAddress(options.connection);
    if (!address.ok) throw usage(`--connection ${address.error}`);
    const reader = await openReader(profile, address.value, options.values, context.signal);
    try {
      return await show(reader, options, context);
    } finally {
      await reader.close();
    }
  },
};

const usage = (message: string): LamplighterError => new LamplighterError("USAGE", message);

function parsed(args: readonly string[]) {
  return parseOptions(args, {
    connection: { type: "string" },
    once: { type: "boolean", default: false },
    every: { type: "string", default: "1s" },
    wait: { type: "string", default: "10s" },
    folder: { type: "string", default: LIBRARY_FOLDER },
    unit: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    object: { type: "string", multiple: true, default: [] },
    security: { type: "string", default: "Basic256Sha256" },
    mode: { type: "string", default: "SignAndEncrypt" },
    pki: { type: "string", default: DEFAULT_PKI_FOLDER },
    topic: { type: "string" },
    serial: { type: "string" },
    zone: { type: "string", default: "Asia/Shanghai" },
    username: { type: "string" },
    "password-file": { type: "string" },
  });
}
type Values = ReturnType<typeof parsed>["values"];

interface ReadOptions {
  readonly profile: string;
  readonly connection: string;
  readonly every: Duration;
  readonly wait: Duration;
  readonly values: Values;
}

function optionsOf(args: readonly string[]): ReadOptions {
  const { values, positionals } = parsed(args);
  const [profile, ...more] = positionals;
  if (profile === undefined || more.length > 0) {
    throw usage("give one profile, as in eastron/sdm630");
  }
  const { connection } = values;
  if (connection === undefined) throw usage("give --connection, as in tcp://10.0.0.7:502");
  const every = durationOf(values.every, "--every");
  return { profile, connection, every, wait: durationOf(values.wait, "--wait"), values };
}

function durationOf(text: string, option: string): Duration {
  const duration = parseDuration(text);
  if (!duration.ok) throw usage(`${option}: ${duration.error}`);
  return duration.value;
}

async function profileOf(id: string, folder: string): Promise<Profile> {
  const known = await readProfiles(new Set([id]), folder);
  if (!known.ok) throw new LamplighterError("CONFIG_INVALID", formatProblems(known.error));
  const profile = known.value.profiles.get(id);
  if (profile !== undefined) return profile;
  const files = await profileFiles(folder);
  const near = files.ok
    ? nearest(
        id,
        files.value.map((file) => file.id),
      )
    : undefined;
  throw usage(`no profile "${id}"${near === undefined ? "" : ` (did you mean "${near}"?)`}`);
}

async function show(
  reader: Reader,
  { every, wait, values }: ReadOptions,
  { print, signal }: CommandContext,
): Promise<number> {
  const isLive = !values.once && isatty(STANDARD_OUTPUT);
  for (;;) {
    await reader.refresh(values.once ? wait : seconds(0));
    const seen = reader.seen();
    const title = `${reader.title}: ${summaryOf(seen)}`;
    print([`${isLive ? CLEAR : ""}${title}`, "", ...tableLines(seen)].join("\n"));
    if (values.once) return seen.some(({ value }) => value !== undefined) ? EXIT_DONE : EXIT_FAILED;
    await systemClock.sleep(every, signal);
    if (signal.aborted) return EXIT_DONE;
  }
}
