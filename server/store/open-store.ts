/** The store that the configuration names. */
import type { StoreConfiguration } from "../configuration.ts";
import { type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded-store.ts";
import { openInfluxStore } from "./influx-store.ts";
import type { SampleStore } from "./store.ts";

export interface OpenStoreOptions extends EmbeddedStoreOptions {
  /** The secret in the first line of a file that the configuration names. */
  readonly readSecret: (file: string) => string;
  /** 0 ≤ random() < 1 */
  readonly random: () => number;
}

export function openStore(
  configuration: StoreConfiguration,
  { readSecret, random, ...options }: OpenStoreOptions,
): Promise<SampleStore> {
  if (configuration.kind === "embedded") return openEmbeddedStore(options);
  const { url, database, username, passwordFile, tokenFile } = configuration;
  const influx = {
    url,
    database,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: readSecret(passwordFile) }),
    ...(tokenFile === undefined ? {} : { token: readSecret(tokenFile) }),
  };
  return openInfluxStore({ ...options, random, influx });
}
