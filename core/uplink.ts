/**
 * Topics and small messages of the uplink (docs/uplink.md); batches are in `batch.ts`, birth messages in
 * `catalogue.ts`. Every parser takes what came from the wire and leaves nothing unchecked.
 */
import { z } from "zod";
import { LANES, type Lane } from "./batch.ts";
import {
  COMMAND_STATES,
  COMMAND_WHYS,
  type CommandMessage,
  type CommandReply,
  PRIORITIES,
} from "./command.ts";
import type { GatewayId, SiteId } from "./ids.ts";
import { gatewayId, parseGatewayId, parsePointId, siteId } from "./ids.ts";
import { failure, type Outcome, success } from "./outcome.ts";
import type { Instant } from "./time.ts";

export const UPLINK_VERSION = 1;

export interface GatewayAddress {
  readonly site: SiteId;
  readonly gateway: GatewayId;
}

export type UplinkChannel =
  | "birth"
  | "state"
  | `data/${Lane}`
  | "ack"
  | "command"
  | "reply"
  | "config";

export const uplinkTopic = (address: GatewayAddress, channel: UplinkChannel): string =>
  `lamplighter/${UPLINK_VERSION}/${address.site}/${address.gateway}/${channel}`;

/** What the server subscribes to: everything that gateways of its site send. */
export const uplinkFilters = (site: SiteId): readonly string[] =>
  ["birth", "state", "data/+", "reply"].map((c) => `lamplighter/${UPLINK_VERSION}/${site}/+/${c}`);

export interface UplinkTopic extends GatewayAddress {
  readonly channel: UplinkChannel;
}

export function parseUplinkTopic(topic: string): Outcome<UplinkTopic, string> {
  const [root, version, site, gateway, ...rest] = topic.split("/");
  const channel = rest.join("/");
  if (root !== "lamplighter" || version !== String(UPLINK_VERSION) || !site || !gateway) {
    return failure(`"${topic}" is no topic of uplink version ${UPLINK_VERSION}`);
  }
  if (!parseGatewayId(gateway).ok || !isChannel(channel)) {
    return failure(`"${topic}" names no gateway or channel`);
  }
  return success({ site: siteId(site), gateway: gatewayId(gateway), channel });
}

const CHANNELS = ["birth", "state", "ack", "command", "reply", "config"];
const isChannel = (text: string): text is UplinkChannel =>
  CHANNELS.includes(text) || LANES.some((lane) => text === `data/${lane}`);

/** Retained on `state`; the last will says `offline` without the rest. */
export interface GatewayState {
  readonly state: "online" | "offline";
  readonly epoch?: string;
  /** The gateway's clock at sending, from which the server measures its offset. */
  readonly timeMs?: Instant;
  readonly version?: string;
  /** Tells two processes with one gateway id apart. */
  readonly instance?: string;
  /** Version of the catalogue in force; the server asks for a birth when it knows another. */
  readonly catalogue?: string;
}

/** The server's word, per lane: everything up to `storedThrough` is durable; a lower one rewinds. */
export interface Acknowledgement {
  readonly epoch: string;
  readonly lane: Lane;
  readonly storedThrough: number;
  readonly refused: readonly {
    readonly number: number;
    readonly samples: number;
    readonly why: string;
  }[];
}

/** Another message on `ack`: the server lacks the catalogue. */
export interface Request {
  readonly ask: "birth";
}

/** Another message on `ack`: this gateway's id belongs to a process that is online; `refuse` names the
 * instance that must be silent, all others go on. */
export interface Refusal {
  readonly refuse: string;
  readonly why: string;
}

const stateSchema = z.object({
  state: z.enum(["online", "offline"]),
  epoch: z.string().min(1).max(64).optional(),
  timeMs: z.number().optional(),
  version: z.string().max(64).optional(),
  instance: z.string().max(64).optional(),
  catalogue: z.string().max(128).optional(),
});

const acknowledgementSchema = z.object({
  epoch: z.string().min(1).max(64),
  lane: z.enum(LANES),
  storedThrough: z.number().int().min(0),
  refused: z
    .array(z.object({ number: z.number().int(), samples: z.number().int(), why: z.string() }))
    .max(1_000),
});

const requestSchema = z.object({ ask: z.literal("birth") });
const refusalSchema = z.object({ refuse: z.string().max(64), why: z.string().max(500) });

const point = z.string().refine((text) => parsePointId(text).ok, "is not a point");

const commandSchema = z.object({
  id: z.string().min(1).max(64),
  point,
  value: z.number(),
  priority: z.enum(PRIORITIES),
  leaseMs: z.number().positive().optional(),
  ttlMs: z.number().positive(),
  reason: z.string().max(500),
});

const replySchema = z.object({
  id: z.string().min(1).max(64),
  state: z.enum(COMMAND_STATES).exclude(["queued", "sent"]),
  timeMs: z.number(),
  shown: z.number().optional(),
  why: z.enum(COMMAND_WHYS).optional(),
  detail: z.string().max(500).optional(),
});

function parser<T>(schema: z.ZodType): (text: string) => Outcome<T, string> {
  return (text) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      return failure(`not JSON: ${(error as Error).message}`);
    }
    const parsed = schema.safeParse(json);
    // The schemas above are the interfaces of this file and of command.ts without their brands.
    if (parsed.success) return success(parsed.data as T);
    return failure(parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "));
  };
}

export const parseGatewayState = parser<GatewayState>(stateSchema);
export const parseAck = parser<Acknowledgement | Request | Refusal>(
  z.union([requestSchema, refusalSchema, acknowledgementSchema]),
);
export const parseCommandMessage = parser<CommandMessage>(commandSchema);
export const parseCommandReply = parser<CommandReply>(replySchema);
