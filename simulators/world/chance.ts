/**
 * Randomness without state: the same seed, key and index always give the same number, in whatever order
 * they are asked for. That is what makes a simulated year repeatable byte for byte and evaluable at any
 * time without walking there.
 */

/** FNV-1a over UTF-16 units: a number for a name. */
export function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** 0 ≤ chance < 1. The finaliser is MurmurHash3's. */
export function chance(seed: number, key: number, index: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(key, 0xc2b2ae35);
  h = Math.imul(h ^ Math.floor(index), 0x27d4eb2f) ^ Math.floor(index / 0x1_0000_0000);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 0) / 0x1_0000_0000;
}

/** A smooth curve through random values at whole `x`, between -1 and 1. */
export function wander(seed: number, key: number, x: number): number {
  const left = Math.floor(x);
  const a = chance(seed, key, left);
  const b = chance(seed, key, left + 1);
  const t = x - left;
  const eased = t * t * (3 - 2 * t);
  return (a + (b - a) * eased) * 2 - 1;
}
