/** How much of a kind a server takes in one request. */
import type { ClientSession, Library } from "./library.ts";

/** Where the server names no limit of its own. */
const BATCH_DEFAULT = 100;

export interface Limits {
  readonly read: number;
  readonly monitor: number;
  readonly translate: number;
  readonly browse: number;
  readonly history: number;
}

/** Server_ServerCapabilities_OperationLimits, OPC UA Part 5 §6.3.11; 0 or absent: no limit named. */
const LIMIT_NODES = {
  read: "ns=0;i=11705",
  monitor: "ns=0;i=11714",
  translate: "ns=0;i=11712",
  browse: "ns=0;i=11710",
  history: "ns=0;i=12165",
} as const;

export async function readLimits(library: Library, session: ClientSession): Promise<Limits> {
  const limit = async (nodeId: string): Promise<number> => {
    const { value } = await session.read({ nodeId, attributeId: library.AttributeIds.Value });
    const named: unknown = value?.value;
    const isNamed = typeof named === "number" && named > 0;
    return isNamed ? Math.min(named, BATCH_DEFAULT) : BATCH_DEFAULT;
  };
  return {
    read: await limit(LIMIT_NODES.read),
    monitor: await limit(LIMIT_NODES.monitor),
    translate: await limit(LIMIT_NODES.translate),
    browse: await limit(LIMIT_NODES.browse),
    history: await limit(LIMIT_NODES.history),
  };
}
