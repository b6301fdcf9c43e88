/** Writes the configuration of a simulated campus into a directory, passwords once and kept. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { Campus } from "../world/campus.ts";
import { type CampusPorts, campusConfiguration, secretNames } from "./configuration.ts";

const PASSWORD_BYTES = 24;

/** Resolves with the paths written. Configuration files are replaced whole, passwords never. */
export async function writeCampusConfiguration(
  campus: Campus,
  ports: CampusPorts,
  directory: string,
): Promise<readonly string[]> {
  try {
    const written: string[] = [];
    for (const [name, text] of Object.entries(campusConfiguration(campus, ports))) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      written.push(path);
    }
    await mkdir(join(directory, "secrets"), { recursive: true, mode: 0o700 });
    for (const name of secretNames(campus)) await writePassword(passwordPath(directory, name));
    return written;
  } catch (error) {
    throw new LamplighterError(
      "DATA_FOLDER_UNWRITABLE",
      `Cannot write the configuration to ${directory}: ${wordsOf(error)}. Choose another directory, or give this user the right to write there.`,
      { cause: error },
    );
  }
}

async function writePassword(path: string): Promise<void> {
  try {
    const password = randomBytes(PASSWORD_BYTES).toString("base64url");
    await writeFile(path, `${password}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "EEXIST") throw error;
  }
}

const passwordPath = (directory: string, name: string): string =>
  join(directory, "secrets", `${name}.password`);

/** Passwords of the campus's MQTT devices, by user; throws when the directory has none. */
export async function readPasswords(
  campus: Campus,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const passwords = new Map<string, string>();
  for (const name of secretNames(campus)) {
    const path = passwordPath(directory, name);
    try {
      passwords.set(name, (await readFile(path, "utf8")).split(/\r?\n/)[0] ?? "");
    } catch (error) {
      throw new LamplighterError(
        "CONFIG_INVALID",
        `Cannot read the password file ${path}: ${wordsOf(error)}. Make it with: lamplighter simulate configuration ${directory}`,
        { cause: error },
      );
    }
  }
  return passwords;
}
