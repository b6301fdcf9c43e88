/**
 * Pure: what the numbers of the lanes become when the server says, after connecting, how far it has
 * stored each. Three things can have happened to either side: nothing, a server restored from an older
 * backup (it wants old batches again), or a gateway whose disk was restored (it would give numbers to
 * new samples that the server has already seen on others, and drop them as replays).
 */
import { LANES, type Lane } from "../../core/batch.ts";

/** Holes up to this are filled with empty batches; beyond, a new epoch is quicker for everyone. */
export const EMPTY_BATCHES_MAX = 1_000;

/** All numbers are those of rows; on the wire a number is less by `base`. */
export interface LaneAccount {
  last: number;
  stored: number;
  base: number;
  bytes: number;
  waitingBytes: number;
  waitingSamples: number;
}

export interface LanePosition {
  readonly base: number;
  readonly stored: number;
}

export interface RebaseInput {
  readonly account: Readonly<LaneAccount>;
  /** The server's word, as on the wire. */
  readonly storedThrough: number;
  /** Lowest row still kept, stored or not. */
  readonly oldest: number | undefined;
  /** The highest number when the file was opened; only known to matter at the first contact since. */
  readonly lastAtOpen: number | undefined;
}

export type Rebase =
  | { readonly kind: "agreed"; readonly why: string; readonly positions: Positions }
  | { readonly kind: "rewound" | "renewed"; readonly why: string; readonly positions: Positions };

type Positions = Readonly<Record<Lane, LanePosition>>;

export function rebase(lanes: Readonly<Record<Lane, RebaseInput>>): Rebase {
  const reasons = LANES.map((lane) => ({ lane, why: whyRenew(lanes[lane]) }));
  const reason = reasons.find((r) => r.why !== undefined);
  if (reason !== undefined) {
    const positions = record((lane) => renewed(lanes[lane]));
    return { kind: "renewed", why: `${reason.lane}: ${reason.why}`, positions };
  }
  const positions = record((lane) => ({
    base: lanes[lane].account.base,
    stored: lanes[lane].storedThrough + lanes[lane].account.base,
  }));
  const back = LANES.find((lane) => positions[lane].stored < lanes[lane].account.stored);
  if (back === undefined) return { kind: "agreed", why: "", positions };
  const { account } = lanes[back];
  const why = `${back}: server has stored ${positions[back].stored - account.base}, said ${account.stored - account.base} before`;
  return { kind: "rewound", why, positions };
}

function whyRenew(lane: RebaseInput): string | undefined {
  const stored = lane.storedThrough + lane.account.base;
  if (stored > (lane.lastAtOpen ?? lane.account.last)) {
    return `server has stored ${stored} batches, this buffer made ${lane.lastAtOpen ?? lane.account.last}: it is an older copy`;
  }
  const missing = firstRow(lane) - stored - 1;
  if (missing > EMPTY_BATCHES_MAX) return `${missing} batches that the server lacks are gone here`;
  return undefined;
}

function renewed(lane: RebaseInput): LanePosition {
  const stored = Math.min(
    lane.storedThrough + lane.account.base,
    lane.lastAtOpen ?? lane.account.last,
  );
  const base = Math.min(Math.max(stored, firstRow(lane) - 1), lane.account.last);
  return { base, stored: base };
}

const firstRow = (lane: RebaseInput): number => lane.oldest ?? lane.account.last + 1;

const record = <T>(make: (lane: Lane) => T): Record<Lane, T> => ({
  hazard: make("hazard"),
  live: make("live"),
  backfill: make("backfill"),
});
