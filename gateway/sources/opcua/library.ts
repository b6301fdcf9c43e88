/**
 * The one place that imports `node-opcua`, and only when a connection needs it: it takes a second and
 * 60 MB, which a gateway without OPC UA does not pay. It likes to write to the console; here it may not.
 */
import type * as NodeOpcua from "node-opcua";
import type { Log } from "../../../platform/log.ts";

export type {
  ClientMonitoredItemBase,
  ClientSession,
  ClientSubscription,
  DataValue,
  OPCUACertificateManager,
  OPCUAClient,
  ReferenceDescription,
} from "node-opcua";

export type Library = typeof NodeOpcua;

/** Characters of its own words that are worth a line. */
const WORDS_MAX = 300;

export async function loadLibrary(log: Log): Promise<Library> {
  const library = await import("node-opcua");
  const quiet = (...words: unknown[]): void => {
    log.debug("node-opcua says", { words: words.map(String).join(" ").slice(0, WORDS_MAX) });
  };
  library.setDebugLogger(quiet);
  library.setWarningLogger(quiet);
  library.setErrorLogger(quiet);
  return library;
}
