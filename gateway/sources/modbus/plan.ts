/**
 * What to ask one device, pure: the fewest reads that carry every point at its pace, under the
 * device's limits, merged across gaps where that saves time and the gap has been proven. What was
 * learned on the wire (`Knowledge`) goes in, so planning again after an illegal address is one
 * call.
 *
 *   points   ▇▇ ▇▇▇▇    ▇▇        ▇▇▇▇▇▇▇
 *   reads    [───────]  [──]      [─────]      first: only what touches
 *   proof    [──────────────]                  asked once beside them; answered: the gap is proven
 *   reads    [──────────────]     [─────]      from then on
 */

import { type Duration, milliseconds } from "../../../core/time.ts";
import { POLL_PERIODS } from "../../../device-profiles/poll-classes.ts";
import type {
  ModbusAddress,
  ModbusPoint,
  ModbusProfile,
  ModbusRange,
  ModbusTable,
  PollClass,
} from "../../../device-profiles/profile.ts";
import { widthOf } from "./decode.ts";

/** A transaction predicted to take longer is split, so that a command never waits long. */
export const TRANSACTION_MAX = milliseconds(100);
/** Limits of the protocol, whatever a profile says (V1.1b3 §6.1, §6.3). */
const REGISTERS_MAX = 125;
const BITS_MAX = 2_000;

/** What one transaction costs on a line. */
export interface LineTiming {
  /** One byte on the wire; 0 where it does not matter. */
  readonly byteMs: number;
  /** From the end of a request to the first byte of its answer. */
  readonly turnaroundMs: number;
  /** Address, checksum or header of request and answer together. */
  readonly frameBytes: number;
}

/** What the wire has taught about a device. */
export interface Knowledge {
  /** Reads must not reach across these addresses: `<table>:<address>` begins a new read. */
  readonly cuts: ReadonlySet<string>;
  /** Gaps that were read along once without complaint: `<table>:<from>-<through>`. */
  readonly proven: ReadonlySet<string>;
  /** Gaps that the device refused. */
  readonly refused: ReadonlySet<string>;
  /** Names of points whose address is illegal. */
  readonly setAside: ReadonlySet<string>;
}

export const NOTHING_KNOWN: Knowledge = {
  cuts: new Set(),
  proven: new Set(),
  refused: new Set(),
  setAside: new Set(),
};

export interface PlannedRead {
  /** `<period>:<table>:<address>+<count>`, unique in a device. */
  readonly key: string;
  readonly poll: PollClass;
  readonly period: Duration;
  readonly table: ModbusTable;
  readonly address: number;
  readonly count: number;
  readonly points: readonly ModbusPoint[];
  /** First addresses of the merged spans after the first: where it can be cut in two. */
  readonly seams: readonly number[];
  readonly gaps: readonly ModbusRange[];
  readonly predicted: Duration;
}

export interface DevicePlan {
  readonly reads: readonly PlannedRead[];
  /** Reads that would be possible if their gaps were proven; each is to be tried once. */
  readonly proofs: readonly PlannedRead[];
}

interface Span {
  readonly table: ModbusTable;
  readonly from: number;
  through: number;
  readonly points: Set<ModbusPoint>;
  readonly alone: boolean;
}

export function planDevice(
  profile: ModbusProfile,
  line: LineTiming,
  knowledge: Knowledge,
  periods: Readonly<Record<PollClass, Duration>> = POLL_PERIODS,
): DevicePlan {
  const reads: PlannedRead[] = [];
  const proofs: PlannedRead[] = [];
  for (const group of pollGroups(profile, knowledge, periods)) {
    const spans = spansOf(group.points, profile);
    for (const table of new Set(spans.map((span) => span.table))) {
      const ofTable = spans.filter((span) => span.table === table);
      const merger = { profile, line, knowledge, group };
      const sure = merge(ofTable, merger, "proven");
      reads.push(...sure);
      const hopeful = merge(ofTable, merger, "unproven");
      if (hopeful.length >= sure.length) continue;
      for (const read of hopeful) proofs.push(...proofsOf(read, ofTable, merger));
    }
  }
  return { reads, proofs };
}

interface PollGroup {
  readonly poll: PollClass;
  readonly period: Duration;
  readonly points: readonly ModbusPoint[];
}

/** Points that are asked for together: of one period, hazards always on their own. */
function pollGroups(
  profile: ModbusProfile,
  knowledge: Knowledge,
  periods: Readonly<Record<PollClass, Duration>>,
): readonly PollGroup[] {
  const pace = paceOf(profile, periods);
  const groups = new Map<string, { poll: PollClass; period: Duration; points: ModbusPoint[] }>();
  for (const point of profile.points) {
    if (knowledge.setAside.has(point.name) || !isPolled(point)) continue;
    const poll = pace.get(point.name) ?? point.poll;
    const period = periods[poll];
    const key = poll === "hazard" ? poll : String(period);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { poll, period, points: [point] });
    else group.points.push(point);
  }
  return [...groups.values()].sort((a, b) => a.period - b.period);
}

const isPolled = (point: ModbusPoint): boolean =>
  point.handshake === undefined && point.writeOnly !== true;

/** Hazards have their own pace, and what they depend on is asked for as often as they are. */
function paceOf(
  profile: ModbusProfile,
  periods: Readonly<Record<PollClass, Duration>>,
): ReadonlyMap<string, PollClass> {
  const pace = new Map<string, PollClass>();
  for (const point of profile.points) {
    pace.set(point.name, point.hazard === undefined ? point.poll : "hazard");
  }
  const hurry = (name: string | undefined, poll: PollClass): void => {
    const own = name === undefined ? undefined : pace.get(name);
    if (name !== undefined && own !== undefined && periods[poll] < periods[own]) {
      pace.set(name, poll);
    }
  };
  for (const point of profile.points) hurry(point.gate?.point, pace.get(point.name) ?? point.poll);
  const hasHazard = [...pace.values()].includes("hazard");
  if (hasHazard) hurry(profile.liveness?.point, "hazard");
  return pace;
}

/** Everything a point needs, joined where it must come in one request, in order of address. */
function spansOf(points: readonly ModbusPoint[], profile: ModbusProfile): Span[] {
  const spans: Span[] = [];
  for (const point of points) {
    const parts = (point.plus ?? []).map((part) => part.read);
    spans.push(spanOf(point, [point.read, ...parts], profile));
    const others = [...(point.multiplyFrom ?? []).map((factor) => factor.read)];
    if (point.exponentFrom !== undefined) others.push(point.exponentFrom);
    for (const other of others) spans.push(spanOf(point, [other], profile));
  }
  spans.sort((a, b) => a.from - b.from || b.through - a.through);
  return joinOverlapping(spans);
}

function spanOf(
  point: ModbusPoint,
  addresses: readonly ModbusAddress[],
  profile: ModbusProfile,
): Span {
  const [first] = addresses;
  const table = first?.table ?? point.read.table;
  const from = Math.min(...addresses.map((at) => at.address));
  const through = Math.max(...addresses.map((at) => at.address + widthOf(at) - 1));
  const range = { table, from, through };
  const alone =
    point.alone === true || profile.limits.readAlone.some((other) => overlaps(other, range));
  return { table, from, through, points: new Set([point]), alone };
}

function joinOverlapping(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const into = joined.find(
      (other) =>
        overlaps(other, span) &&
        other.alone === span.alone &&
        (!span.alone || (other.from === span.from && other.through === span.through)),
    );
    if (into === undefined) {
      joined.push(span);
      continue;
    }
    into.through = Math.max(into.through, span.through);
    for (const point of span.points) into.points.add(point);
  }
  return joined;
}

const overlaps = (a: ModbusRange, b: ModbusRange): boolean =>
  a.table === b.table && a.from <= b.through && b.from <= a.through;

interface Merger {
  readonly profile: ModbusProfile;
  readonly line: LineTiming;
  readonly knowledge: Knowledge;
  readonly group: PollGroup;
}

/** Left to right, each read as long as it may be: that gives the fewest reads. */
function merge(spans: readonly Span[], merger: Merger, gaps: "proven" | "unproven"): PlannedRead[] {
  const reads: PlannedRead[] = [];
  let open: Span[] = [];
  for (const span of spans) {
    if (open.length > 0 && !fits(open, span, merger, gaps)) {
      reads.push(readOf(open, merger));
      open = [];
    }
    open.push(span);
  }
  if (open.length > 0) reads.push(readOf(open, merger));
  return reads;
}

function fits(
  open: readonly Span[],
  next: Span,
  { profile, line, knowledge }: Merger,
  gaps: "proven" | "unproven",
): boolean {
  const [first] = open;
  if (first === undefined || next.alone || open.some((span) => span.alone)) return false;
  if (knowledge.cuts.has(`${next.table}:${next.from}`)) return false;
  const through = Math.max(...open.map((span) => span.through));
  const count = Math.max(next.through, through) - first.from + 1;
  const isBits = next.table === "coil" || next.table === "discrete";
  const max = isBits
    ? Math.min(profile.limits.coilsMax, BITS_MAX)
    : Math.min(profile.limits.registersMax, REGISTERS_MAX);
  if (count > max) return false;
  if (predict(next.table, count, line) > TRANSACTION_MAX) return false;
  const gap = { table: next.table, from: through + 1, through: next.from - 1 };
  if (gap.from > gap.through) return true;
  return gapAllowed(gap, { profile, line, knowledge }, gaps);
}

function gapAllowed(
  gap: ModbusRange,
  { profile, line, knowledge }: Pick<Merger, "profile" | "line" | "knowledge">,
  gaps: "proven" | "unproven",
): boolean {
  const length = gap.through - gap.from + 1;
  const { gapMax, prohibited, readAlone } = profile.limits;
  const key = gapKey(gap);
  if (length > gapMax || knowledge.refused.has(key)) return false;
  if ([...prohibited, ...readAlone].some((range) => overlaps(range, gap))) return false;
  const bytes = gap.table === "coil" || gap.table === "discrete" ? length / 8 : length * 2;
  if (bytes * line.byteMs >= predict(gap.table, 0, line)) return false;
  return gaps === "unproven" || knowledge.proven.has(key);
}

export const gapKey = (gap: ModbusRange): string => `${gap.table}:${gap.from}-${gap.through}`;

/** One read per unproven gap, with the spans on both its sides: each is proven by itself. */
function proofsOf(read: PlannedRead, spans: readonly Span[], merger: Merger): PlannedRead[] {
  return read.gaps
    .filter((gap) => !merger.knowledge.proven.has(gapKey(gap)))
    .map((gap) => {
      const sides = spans.filter(
        (span) => span.through === gap.from - 1 || span.from === gap.through + 1,
      );
      return readOf(sides, merger);
    });
}

function readOf(spans: readonly Span[], { line, group }: Merger): PlannedRead {
  const [first] = spans;
  if (first === undefined) throw new Error("a read needs at least one span");
  const gaps: ModbusRange[] = [];
  let through = first.through;
  for (const span of spans.slice(1)) {
    if (span.from > through + 1) {
      gaps.push({ table: span.table, from: through + 1, through: span.from - 1 });
    }
    through = Math.max(through, span.through);
  }
  const count = through - first.from + 1;
  const { table } = first;
  return {
    // Hazards have reads of their own even where another class shares period and registers.
    key: `${group.poll}:${group.period}:${table}:${first.from}+${count}`,
    poll: group.poll,
    period: group.period,
    table,
    address: first.from,
    count,
    points: [...new Set(spans.flatMap((span) => [...span.points]))],
    seams: spans.slice(1).map((span) => span.from),
    gaps,
    predicted: predict(table, count, line),
  };
}

/**
 * Every register of one point in reads of their own, for reading it on demand or trying it again.
 */
export function planPoint(
  point: ModbusPoint,
  profile: ModbusProfile,
  line: LineTiming,
): readonly PlannedRead[] {
  const group = { poll: point.poll, period: milliseconds(0), points: [point] };
  const merger = { profile, line, knowledge: NOTHING_KNOWN, group };
  return spansOf([point], profile).map((span) => readOf([span], merger));
}

export function predict(table: ModbusTable, count: number, line: LineTiming): Duration {
  const dataBytes = table === "coil" || table === "discrete" ? Math.ceil(count / 8) : 2 * count;
  // Request: function, address, count. Answer: function, byte count, data.
  const bytes = line.frameBytes + 5 + 2 + dataBytes;
  return milliseconds(line.turnaroundMs + bytes * line.byteMs);
}
