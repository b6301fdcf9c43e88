/**
 * Raw registers → what they probably mean. Every byte order, word order, type, scale and off-by-
 * one is tried, and those are ranked that give a plausible value: about 230 V, about 50 Hz, a
 * counter that rises between two reads, or near to what the device's own display shows. Pure.
 */
import type { ModbusOrder, ModbusType } from "./profile.ts";

export const GUESS_WORDS_MAX = 125;
export const GUESSES_SHOWN_MAX = 12;
/** Below this a candidate is not worth a line. */
const SCORE_MIN = 0.02;

export const GUESS_QUANTITIES = [
  "voltage",
  "frequency",
  "energy",
  "power",
  "current",
  "powerFactor",
  "temperature",
  "humidity",
] as const;
export type GuessQuantity = (typeof GUESS_QUANTITIES)[number];

export interface GuessQuestion {
  readonly words: readonly number[];
  /** The same registers, read some time later: a counter has risen. */
  readonly later?: readonly number[];
  /** What it should be; all are tried when absent. */
  readonly quantity?: GuessQuantity;
  /** What the device's own display shows. */
  readonly near?: number;
}

export interface Guess {
  /** Index of the first register: 1 means the address is one too low. */
  readonly start: number;
  readonly type: ModbusType;
  readonly order: ModbusOrder;
  readonly scale: number;
  readonly value: number;
  readonly quantity?: GuessQuantity;
  /** 0 to 1, only to compare guesses with one another. */
  readonly score: number;
}

export function guess(question: GuessQuestion): readonly Guess[] {
  const candidates = allCandidates(question.words.length);
  const found = candidates.flatMap((candidate) => {
    const value = valueAs(question.words, candidate);
    if (value === undefined) return [];
    const later = question.later && valueAs(question.later, candidate);
    const judged = judge(question, value, later);
    const score = judged.likelihood * simplicity(candidate);
    if (score < SCORE_MIN) return [];
    const { quantity } = judged;
    return [{ ...candidate, value, score, ...(quantity && { quantity }) }];
  });
  return withoutEchoes(found.sort((a, b) => b.score - a.score)).slice(0, GUESSES_SHOWN_MAX);
}

interface Candidate extends Pick<Guess, "start" | "order" | "scale"> {
  readonly type: GuessedType;
}

const WIDTHS = {
  uint16: 1,
  int16: 1,
  bcd16: 1,
  uint32: 2,
  int32: 2,
  float32: 2,
  bcd32: 2,
  uint64: 4,
  int64: 4,
  float64: 4,
} as const;
type GuessedType = keyof typeof WIDTHS;
const TYPES = Object.keys(WIDTHS) as GuessedType[];
const SCALES = [1, 0.1, 0.01, 0.001, 10, 100, 1_000];
const ORDERS = ["big", "little"] as const;

function allCandidates(count: number): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const type of TYPES) {
    for (let start = 0; start + WIDTHS[type] <= count; start++) {
      for (const words of WIDTHS[type] === 1 ? (["big"] as const) : ORDERS) {
        for (const bytes of ORDERS) {
          for (const scale of SCALES)
            candidates.push({ start, type, order: { words, bytes }, scale });
        }
      }
    }
  }
  return candidates;
}

const scratch = new DataView(new ArrayBuffer(8));

function valueAs(words: readonly number[], candidate: Candidate): number | undefined {
  const { type } = candidate;
  const part = words.slice(candidate.start, candidate.start + WIDTHS[type]);
  if (part.length < WIDTHS[type]) return undefined;
  const ordered = candidate.order.words === "little" ? part.toReversed() : part;
  ordered.forEach((word, i) => {
    const swapped = ((word & 0xff) << 8) | (word >>> 8);
    scratch.setUint16(2 * i, candidate.order.bytes === "little" ? swapped : word);
  });
  const raw = rawOf(type);
  if (raw === undefined || !Number.isFinite(raw)) return undefined;
  return candidate.scale < 1 ? raw / Math.round(1 / candidate.scale) : raw * candidate.scale;
}

function rawOf(type: GuessedType): number | undefined {
  switch (type) {
    case "int16":
      return scratch.getInt16(0);
    case "uint16":
      return scratch.getUint16(0);
    case "int32":
      return scratch.getInt32(0);
    case "uint32":
      return scratch.getUint32(0);
    case "int64":
      return Number(scratch.getBigInt64(0));
    case "uint64":
      return Number(scratch.getBigUint64(0));
    case "float32":
      return scratch.getFloat32(0);
    case "float64":
      return scratch.getFloat64(0);
    default:
      return decimalDigits(WIDTHS[type]);
  }
}

function decimalDigits(width: number): number | undefined {
  const digits = Array.from({ length: width }, (_, i) =>
    scratch
      .getUint16(2 * i)
      .toString(16)
      .padStart(4, "0"),
  ).join("");
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}

interface Judged {
  readonly likelihood: number;
  readonly quantity?: GuessQuantity;
}

function judge(question: GuessQuestion, value: number, later: number | undefined): Judged {
  const { near, quantity } = question;
  const closeness = near === undefined ? 1 : nearness(value, near);
  const asked = quantity === undefined ? GUESS_QUANTITIES : [quantity];
  let best: Judged = near === undefined ? { likelihood: 0 } : { likelihood: closeness * 0.9 };
  for (const candidate of asked) {
    const likelihood = plausibility(candidate, value, later) * closeness;
    // When nothing was asked for, only what can hardly be a coincidence speaks for itself.
    const weight = quantity === undefined && near === undefined ? SURPRISE[candidate] : 1;
    if (likelihood * weight > best.likelihood) {
      best = { likelihood: likelihood * weight, quantity: candidate };
    }
  }
  return best;
}

const SURPRISE: Readonly<Record<GuessQuantity, number>> = {
  voltage: 1,
  frequency: 1,
  energy: 0.3,
  power: 0.1,
  current: 0.1,
  powerFactor: 0.3,
  temperature: 0.2,
  humidity: 0.1,
};

function plausibility(quantity: GuessQuantity, value: number, later: number | undefined): number {
  switch (quantity) {
    case "voltage":
      return Math.max(...[230, 220, 400, 380, 120].map((n) => bell(value, n, n * 0.06)));
    case "frequency":
      return Math.max(bell(value, 50, 0.4), bell(value, 60, 0.4));
    case "energy":
      return counterPlausibility(value, later);
    case "power":
      return Math.abs(value) >= 0.1 && Math.abs(value) < 1e6 ? 0.6 : 0;
    case "current":
      return Math.abs(value) >= 0.001 && Math.abs(value) < 5_000 ? 0.6 : 0;
    case "powerFactor":
      return Math.abs(value) > 0.2 && Math.abs(value) <= 1 ? 0.8 : 0;
    case "temperature":
      return value !== 0 ? bell(value, 21, 12) : 0;
    case "humidity":
      return value > 0 && value <= 100 ? bell(value, 50, 35) : 0;
  }
}

/**
 * A meter that stood at 1 kWh or at a million, and rose by less than an hour of a large
 * building.
 */
function counterPlausibility(value: number, later: number | undefined): number {
  if (value < 0.01 || value > 1e8) return 0;
  if (later === undefined) return value < 1e6 ? 0.5 : 0.2;
  const risen = later - value;
  if (risen < 0) return 0;
  if (risen === 0) return 0.2;
  return risen <= Math.max(value * 0.01, 10) ? 1 : 0.1;
}

/** The display rounds and the load moves: within 2 % is likely, within 0.1 % almost sure. */
function nearness(value: number, near: number): number {
  const width = Math.max(Math.abs(near), 0.5);
  return 0.4 * bell(value, near, width * 0.02) + 0.6 * bell(value, near, width * 0.001);
}

const bell = (value: number, centre: number, width: number): number =>
  Math.exp(-(((value - centre) / width) ** 2));

/**
 * Common encodings first: what the specification suggests, no shift, a scale that fits the type.
 */
function simplicity({ start, type, order, scale }: Candidate): number {
  const isFloat = type === "float32" || type === "float64";
  const ofType = type.startsWith("bcd") ? 0.6 : type.endsWith("64") ? 0.85 : 1;
  const ofWords = order.words === "big" ? 1 : 0.9;
  const ofBytes = order.bytes === "big" ? 1 : 0.6;
  const ofScale = scale === 1 ? 1 : isFloat ? 0.6 : scale < 1 ? 0.95 : 0.5;
  return ofType * ofWords * ofBytes * ofScale * 0.85 ** start;
}

/** Signed and unsigned, 32 and 64 bits often say the same: the likeliest is enough. */
function withoutEchoes(guesses: readonly Guess[]): readonly Guess[] {
  const seen = new Set<string>();
  return guesses.filter(({ start, order, scale, value, type }) => {
    const family = type.startsWith("float") ? type : type.replace(/^u/, "");
    const key = [start, order.words, order.bytes, scale, value, family].join(" ");
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
