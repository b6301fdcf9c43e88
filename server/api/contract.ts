/**
 * The HTTP contract: the schemas that check requests, describe answers and become OpenAPI 3.1. The
 * dashboard imports only the types below. Times are ISO 8601 with `Z`; lists are `{items, next?}`.
 */
import { z } from "zod";
import { ENERGY_CATEGORIES, FALLBACK_PLACES, HAZARD_KINDS } from "../../core/catalogue.ts";
import { COMMAND_STATES, COMMAND_WHYS, PRIORITIES } from "../../core/command.ts";
import { BAD_REASONS, DOUBTS, POINT_KINDS } from "../../core/sample.ts";

export const label = z.object({ zh: z.string(), en: z.string() });
const time = z.string().describe("ISO 8601, UTC");

// ── Problem details (RFC 9457) ─────────────────────────────────────────────────────────────────────

export const problemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  /** Values for a text in the reader's language. */
  fields: z.record(z.string(), z.unknown()).optional(),
});

// ── Sign-in ────────────────────────────────────────────────────────────────────────────────────────

export const ROLES = ["administrator", "facilities", "security", "laboratory", "viewer"] as const;

export const signIn = z.object({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
});
export const signInByLink = z.object({ link: z.string().min(16).max(256) });
/** A new user's link sets the password; the demo's link signs in at once. */
export const setPassword = z.object({
  link: z.string().min(16).max(256),
  password: z.string().min(12).max(256),
});
export const session = z.object({
  user: z.string(),
  role: z.enum(ROLES),
  expires: time,
});
/** What a link is for, shown before anything happens. */
export const linkPurpose = z.object({ kind: z.enum(["signIn", "setPassword"]), user: z.string() });

// ── Health ─────────────────────────────────────────────────────────────────────────────────────────

export const health = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  uptimeS: z.number(),
  components: z.record(
    z.string(),
    z.object({ status: z.enum(["ok", "degraded"]), detail: z.string().optional() }),
  ),
});

// ── Site, spaces, devices, points ──────────────────────────────────────────────────────────────────

export const SPACE_KINDS = ["site", "building", "floor", "room", "outdoor"] as const;
export const ROOM_USES = [
  "classroom",
  "laboratory",
  "workshop",
  "office",
  "corridor",
  "stairs",
  "dormitory",
  "kitchen",
  "dining",
  "plant",
  "server",
  "storage",
  "other",
] as const;

export const site = z.object({
  id: z.string(),
  name: label,
  zone: z.string(),
  /** True for the simulated campus, so that every page can say so. */
  demo: z.boolean(),
});

export const space = z.object({
  id: z.string(),
  parent: z.string().optional(),
  kind: z.enum(SPACE_KINDS),
  use: z.enum(ROOM_USES).optional(),
  name: label,
  areaM2: z.number().optional(),
  /** Why switching in this space is frozen now. */
  frozen: z.object({ since: time, alarm: z.string() }).optional(),
});

export const device = z.object({
  id: z.string(),
  name: label,
  space: z.string(),
  gateway: z.string(),
  profile: z.string(),
  state: z.enum(["online", "offline", "unknown"]),
  lastSeen: time.optional(),
});

export const point = z.object({
  point: z.string(),
  device: z.string(),
  space: z.string(),
  kind: z.enum(POINT_KINDS),
  unit: z.string().describe("UCUM code"),
  symbol: z.string().describe("the unit as people write it"),
  quantity: z.string(),
  name: label,
  category: z.enum(ENERGY_CATEGORIES).optional(),
  hazard: z.enum(HAZARD_KINDS).optional(),
  labels: z.record(z.string(), label).optional(),
  expectEveryMs: z.number(),
  command: z
    .object({
      min: z.number().optional(),
      max: z.number().optional(),
      step: z.number().optional(),
      values: z.array(z.number()).optional(),
      fallback: z.object({ value: z.number(), place: z.enum(FALLBACK_PLACES) }).optional(),
    })
    .optional(),
});

export const spacesQuery = z.object({
  space: z.string().optional(),
  kind: z.enum(SPACE_KINDS).optional(),
});
export const devicesQuery = z.object({
  space: z.string().optional(),
  gateway: z.string().optional(),
});
export const pointsQuery = z.object({
  space: z.string().optional(),
  device: z.string().optional(),
  kind: z.enum(POINT_KINDS).optional(),
});

export const gateway = z.object({
  id: z.string(),
  state: z.enum(["online", "offline"]),
  since: time,
  version: z.string().optional(),
  devices: z.number(),
  points: z.number(),
  /** Gateway clock minus server clock at birth. */
  clockOffsetMs: z.number().optional(),
});

// ── Latest and series ──────────────────────────────────────────────────────────────────────────────

export const QUALITIES = ["good", "uncertain", "bad"] as const;

export const latestItem = z.object({
  point: z.string(),
  time,
  quality: z.enum(QUALITIES),
  value: z.union([z.number(), z.string()]).optional(),
  reason: z.enum([...BAD_REASONS, ...DOUBTS]).optional(),
  detail: z.string().optional(),
  timeSource: z.enum(["device", "gateway"]),
  unit: z.string(),
  /** Older than the point's poll class expects. */
  stale: z.boolean(),
});

const oneOrMany = z.preprocess(
  (v) => (v === undefined || Array.isArray(v) ? v : [v]),
  z.array(z.string()).max(1_000).optional(),
);
export const latestQuery = z.object({ point: oneOrMany, space: z.string().optional() });

export const seriesQuery = z.object({
  point: oneOrMany,
  from: z.string(),
  to: z.string().optional(),
  bucket: z.string().optional().describe("15m, 1h, day, month; raw samples when left out"),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  after: z.string().optional(),
});

export const bucketRow = z.object({
  time,
  count: z.number(),
  min: z.number(),
  mean: z.number(),
  max: z.number(),
  last: z.number(),
});
export const rawRow = latestItem.omit({ point: true, unit: true, stale: true });
export const seriesItem = z.object({
  point: z.string(),
  unit: z.string(),
  bucket: z.string().optional(),
  rows: z.array(z.union([bucketRow, rawRow])),
  next: z.string().optional(),
});

// ── Alarms ─────────────────────────────────────────────────────────────────────────────────────────

export const ALARM_PRIORITIES = ["emergency", "high", "medium", "low"] as const;
/** A hazard alarm that has returned and was acknowledged waits in `returnedAcknowledged` for the desk. */
export const ALARM_STATES = [
  "unacknowledged",
  "acknowledged",
  "returnedUnacknowledged",
  "returnedAcknowledged",
  "closed",
] as const;
export const ALARM_STEPS = [
  "raised",
  "levelRose",
  "levelFell",
  "acknowledged",
  "returned",
  "raisedAgain",
  "closed",
  "foundLate",
  "shelved",
  "unshelved",
  "outOfService",
  "inService",
  "notified",
  "notificationFailed",
] as const;

export const alarmStep = z.object({
  at: time,
  what: z.enum(ALARM_STEPS),
  by: z.string().optional(),
  comment: z.string().optional(),
  value: z.number().optional(),
  priority: z.enum(ALARM_PRIORITIES).optional(),
  channel: z.string().optional(),
  detail: z.string().optional(),
});

export const alarm = z.object({
  id: z.string(),
  rule: z.string(),
  name: label,
  point: z.string(),
  device: z.string(),
  space: z.string(),
  priority: z.enum(ALARM_PRIORITIES),
  state: z.enum(ALARM_STATES),
  /** `condition`: a value crossed a limit; `noData`: the sensor cannot be trusted to see anything. */
  kind: z.enum(["condition", "noData"]),
  hazard: z.enum(HAZARD_KINDS).optional(),
  value: z.number().optional(),
  limit: z.number().optional(),
  unit: z.string(),
  symbol: z.string(),
  raisedAt: time,
  changedAt: time,
  /** Found in back-filled data: it happened then, and nobody was woken now. */
  foundLate: z.boolean(),
  /** Put aside for a while: still watched and recorded, told to nobody. */
  shelved: z.object({ until: time, by: z.string(), reason: z.string() }).optional(),
  /** What to do first. */
  response: label.optional(),
  history: z.array(alarmStep),
});

export const alarmsQuery = z.object({
  state: z.enum(["active", "all", ...ALARM_STATES]).optional(),
  space: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
  before: z.string().optional(),
});
export const acknowledgeBody = z.object({ comment: z.string().max(1_000).optional() });
export const shelveBody = z.object({
  forS: z.number().positive(),
  reason: z.string().min(3).max(1_000),
});
export const closeBody = z.object({ reason: z.string().min(3).max(1_000) });

// ── Commands ───────────────────────────────────────────────────────────────────────────────────────

export const commandBody = z.object({
  point: z.string(),
  value: z.union([z.number(), z.boolean()]),
  reason: z.string().min(1).max(500),
  leaseS: z
    .number()
    .positive()
    .max(86_400 * 7)
    .optional(),
});
export const commandStep = z.object({
  state: z.enum(COMMAND_STATES),
  at: time,
  by: z.string().optional(),
  shown: z.number().optional(),
  why: z.enum(COMMAND_WHYS).optional(),
  detail: z.string().optional(),
});
export const command = z.object({
  id: z.string(),
  point: z.string(),
  space: z.string(),
  value: z.number(),
  priority: z.enum(PRIORITIES),
  reason: z.string(),
  /** A user's name or `policy:<id>`. */
  by: z.string(),
  state: z.enum(COMMAND_STATES),
  leaseEnds: time.optional(),
  steps: z.array(commandStep),
});
export const commandAccepted = z.object({ id: z.string() });
export const commandsQuery = z.object({
  point: z.string().optional(),
  space: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

// ── Live stream: `event:` name and JSON of `data:` ─────────────────────────────────────────────────

export const liveEvents = {
  /** Batched every 100 ms. */
  samples: z.object({ items: z.array(latestItem) }),
  alarm,
  command,
  gateway,
  space,
  /** The client was away longer than the server remembers: ask for everything again. */
  reset: z.object({}),
} as const;

export type LabelView = z.infer<typeof label>;
export type ProblemDetails = z.infer<typeof problemDetails>;
export type SessionView = z.infer<typeof session>;
export type LinkPurposeView = z.infer<typeof linkPurpose>;
export type HealthView = z.infer<typeof health>;
export type SiteView = z.infer<typeof site>;
export type SpaceView = z.infer<typeof space>;
export type DeviceView = z.infer<typeof device>;
export type PointView = z.infer<typeof point>;
export type GatewayView = z.infer<typeof gateway>;
export type LatestView = z.infer<typeof latestItem>;
export type BucketRowView = z.infer<typeof bucketRow>;
export type SeriesView = z.infer<typeof seriesItem>;
export type AlarmView = z.infer<typeof alarm>;
export type AlarmStepView = z.infer<typeof alarmStep>;
export type AlarmPriority = (typeof ALARM_PRIORITIES)[number];
export type AlarmState = (typeof ALARM_STATES)[number];
export type RoomUse = (typeof ROOM_USES)[number];
export type Role = (typeof ROLES)[number];
export type CommandView = z.infer<typeof command>;
export type CommandBody = z.infer<typeof commandBody>;
export type Page<Item> = { readonly items: readonly Item[]; readonly next?: string };
