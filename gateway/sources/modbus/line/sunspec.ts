/**
 * Where a SunSpec device keeps its models, pure: the marker "SunS" is looked for at each base, then
 * the chain of models is walked, one read of two registers a step, so that a search never holds the
 * line. SunSpec Device Information Model Specification 1.1 §6.
 */
import type { ModbusProfile } from "../../../../device-profiles/profile.ts";

/** "SunS" in two registers. */
const MARKER = [0x5375, 0x6e53];
const END_MODEL = 0xffff;
/** A chain that is longer goes in a circle. */
const MODELS_MAX = 64;

export type Search =
  | { readonly kind: "marker"; readonly base: number }
  | {
      readonly kind: "model";
      readonly address: number;
      /** Model id → address of its first register. */
      readonly found: ReadonlyMap<number, number>;
    }
  | { readonly kind: "found"; readonly start: number; readonly found: ReadonlyMap<number, number> }
  | { readonly kind: "notFound"; readonly why: string };

type Sunspec = NonNullable<ModbusProfile["sunspec"]>;

export const BEGIN: Search = { kind: "marker", base: 0 };

/** The two registers to read next; undefined when the search is over. */
export function nextAddress(search: Search, sunspec: Sunspec): number | undefined {
  if (search.kind === "marker") return sunspec.bases[search.base];
  return search.kind === "model" ? search.address : undefined;
}

/** One step; `words` is undefined when the device called the address illegal. */
export function afterStep(
  search: Search,
  sunspec: Sunspec,
  words: readonly number[] | undefined,
): Search {
  if (search.kind === "marker") return afterMarker(search.base, sunspec, words);
  if (search.kind !== "model") return search;
  const [id, length] = words ?? [];
  const found = new Map(search.found);
  const isEnd = id === undefined || id === END_MODEL || length === undefined || length === 0;
  if (!isEnd && !found.has(id)) found.set(id, search.address);
  if (!isEnd && found.size < MODELS_MAX && search.address + 2 + length < 0xffff) {
    return { kind: "model", address: search.address + 2 + length, found };
  }
  return chosen(found, sunspec);
}

function afterMarker(base: number, sunspec: Sunspec, words: readonly number[] | undefined): Search {
  const address = sunspec.bases[base] ?? 0;
  if (words !== undefined && MARKER.every((word, i) => words[i] === word)) {
    return { kind: "model", address: address + 2, found: new Map() };
  }
  if (base + 1 < sunspec.bases.length) return { kind: "marker", base: base + 1 };
  return { kind: "notFound", why: `no "SunS" at ${sunspec.bases.join(", ")}` };
}

function chosen(found: ReadonlyMap<number, number>, sunspec: Sunspec): Search {
  for (const model of sunspec.models) {
    const start = found.get(model);
    if (start !== undefined) return { kind: "found", start, found };
  }
  const there = [...found.keys()].join(", ") || "none";
  const why = `none of the models ${sunspec.models.join(", ")}; there are: ${there}`;
  return { kind: "notFound", why };
}
