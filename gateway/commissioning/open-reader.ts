/** The words of the command line → the reader of the profile's own protocol; what does not fit is told. */
import { readFileSync } from "node:fs";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { Profile } from "../../device-profiles/profile.ts";
import { systemClock } from "../../platform/clock.ts";
import type { ConnectionAddress } from "./connection-address.ts";
import { openModbusReader } from "./read-modbus.ts";
import { openMqttReader, openOpcuaReader } from "./read-source.ts";
import type { Reader } from "./reader.ts";

export const POLICIES = [
  "None",
  "Basic256Sha256",
  "Aes128_Sha256_RsaOaep",
  "Aes256_Sha256_RsaPss",
] as const;
export const MODES = ["Sign", "SignAndEncrypt"] as const;
const SETTINGS_MAX = 64;

/** As given on the command line. */
export interface ReaderValues {
  readonly unit?: string;
  readonly set: readonly string[];
  readonly object: readonly string[];
  readonly security: string;
  readonly mode: string;
  readonly pki: string;
  readonly topic?: string;
  readonly serial?: string;
  readonly zone: string;
  readonly username?: string;
  readonly "password-file"?: string;
}

const usage = (message: string): LamplighterError => new LamplighterError("USAGE", message);

export async function openReader(
  profile: Profile,
  address: ConnectionAddress,
  values: ReaderValues,
  signal: AbortSignal,
): Promise<Reader> {
  const common = { clock: systemClock, signal };
  if (profile.protocol === "modbus" && address.protocol === "modbus") {
    const unit = unitOf(values.unit, profile.factory?.unit ?? 1);
    const settings = settingsOf(values.set, profile);
    return openModbusReader({ ...common, ...address, profile, unit, settings });
  }
  if (profile.protocol === "opcua" && address.protocol === "opcua") {
    return opcuaReader({ ...common, profile, endpoint: address.endpoint }, values);
  }
  if (profile.protocol === "mqtt" && address.protocol === "mqtt") {
    const { topic, serial, zone } = values;
    if (topic === undefined) throw usage("an MQTT device needs --topic, its base topic");
    const own = { topic, zone, ...(serial === undefined ? {} : { serial }) };
    const clientId = `lamplighter-read-${process.pid}`;
    return openMqttReader({ ...common, ...access(values), ...own, ...address, profile, clientId });
  }
  throw usage(`${profile.id} speaks ${profile.protocol}, the connection ${address.protocol}`);
}

function opcuaReader(
  parts: Pick<Parameters<typeof openOpcuaReader>[0], "profile" | "clock" | "signal"> & {
    readonly endpoint: string;
  },
  values: ReaderValues,
): Promise<Reader> {
  const { endpoint, ...own } = parts;
  const { object, pki } = values;
  if (object.length === 0) throw usage("an OPC UA device needs --object, the browse name of it");
  const { username, ...password } = access(values);
  const connection = {
    id: "field",
    protocol: "opcua" as const,
    endpoint,
    security: oneOf(POLICIES, values.security, "--security"),
    mode: oneOf(MODES, values.mode, "--mode"),
    ...(username === undefined ? {} : { username }),
  };
  return openOpcuaReader({ ...own, ...password, connection, object, pkiFolder: pki });
}

function oneOf<const T extends string>(known: readonly T[], given: string, option: string): T {
  const found = known.find((word) => word === given);
  if (found !== undefined) return found;
  throw usage(`${option} ${given}: known are ${known.join(", ")}`);
}

function access(values: ReaderValues): { readonly username?: string; readonly password?: string } {
  const { username } = values;
  const file = values["password-file"];
  return {
    ...(username === undefined ? {} : { username }),
    ...(file === undefined ? {} : { password: firstLine(file) }),
  };
}

function firstLine(file: string): string {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (error) {
    throw usage(`cannot read ${file}: ${wordsOf(error)}`);
  }
}

function unitOf(given: string | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  const unit = Number(given);
  if (/^\d+$/.test(given) && unit <= 255) return unit;
  throw usage(`--unit ${given}: a unit id is 0 to 255`);
}

function settingsOf(given: readonly string[], profile: Profile): Readonly<Record<string, number>> {
  if (given.length > SETTINGS_MAX) throw usage(`--set: at most ${SETTINGS_MAX}`);
  const known = Object.keys(profile.settings);
  return Object.fromEntries(
    given.map((text) => {
      const [, name = "", number = ""] = /^(\w+)=(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
      if (name === "") throw usage(`--set ${text}: give it as name=number`);
      if (known.includes(name)) return [name, Number(number)];
      throw usage(`--set ${text}: ${profile.id} knows ${known.join(", ") || "no settings"}`);
    }),
  );
}
