/** Passwords and certificates named in the configuration, and the gateway's own key. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { LamplighterError, wordsOf } from "../core/errors.ts";
import type { BrokerClientConfiguration } from "./configuration.ts";

const KEY_BYTES = 32;

export interface BrokerAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
}

/** Files are named relative to the configuration file. */
export class SecretFiles {
  readonly #folder: string;

  constructor(configurationFile: string) {
    this.#folder = dirname(configurationFile);
  }

  /** The first line of a password file. */
  password(file: string): string {
    return this.#read(file, "password file").split(/\r?\n/)[0] ?? "";
  }

  access(broker: BrokerClientConfiguration): BrokerAccess {
    const { url, username, passwordFile, caFile } = broker;
    return {
      url,
      ...(username === undefined ? {} : { username }),
      ...(passwordFile === undefined ? {} : { password: this.password(passwordFile) }),
      ...(caFile === undefined ? {} : { ca: this.#read(caFile, "certificate") }),
    };
  }

  #read(file: string, what: string): string {
    const path = isAbsolute(file) ? file : join(this.#folder, file);
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw new LamplighterError(
        "CONFIG_INVALID",
        `Cannot read the ${what} ${path}: ${wordsOf(error)}. Create it, readable for this user only.`,
        { cause: error, fields: { path } },
      );
    }
  }
}

/** The key that hides personal data; made once and kept, so that one card keeps one word. */
export function personalKey(dataFolder: string): Uint8Array {
  const file = join(dataFolder, "personal.key");
  try {
    return readFileSync(file);
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "ENOENT") throw error;
    const key = randomBytes(KEY_BYTES);
    writeFileSync(file, key, { mode: 0o600, flag: "wx" });
    return key;
  }
}
