/**
 * Summaries as bytes: 80 for each, so that a row of a day, or of a month of days, is read without parsing
 * and without decoding a chunk. `slot` says where in the row's stretch it belongs: the hour of the day, or
 * the day of the month; `span` how many of those it takes. Times are kept from the start of the slot.
 */
import type { Summary } from "./summary.ts";

const ENTRY_BYTES = 80;

export interface SummaryEntry {
  readonly slot: number;
  readonly span: number;
  readonly summary: Summary;
}

/** `entries` in order of their slots; `startMs` gives where a slot begins. */
export function packSummaries(
  entries: readonly SummaryEntry[],
  startMs: (slot: number) => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  entries.forEach(({ slot, span, summary }, i) => {
    const at = i * ENTRY_BYTES;
    const start = summary.count === 0 ? 0 : startMs(slot);
    view.setFloat64(at, summary.min, true);
    view.setFloat64(at + 8, summary.max, true);
    view.setFloat64(at + 16, summary.sum, true);
    view.setFloat64(at + 24, summary.first, true);
    view.setFloat64(at + 32, summary.last, true);
    view.setFloat64(at + 40, summary.increase, true);
    view.setFloat64(at + 48, summary.integral, true);
    view.setUint32(at + 56, summary.count, true);
    view.setUint32(at + 60, summary.bad, true);
    view.setUint32(at + 64, summary.firstAt - start, true);
    view.setUint32(at + 68, summary.lastAt - start, true);
    view.setUint32(at + 72, summary.gapMsMax, true);
    view.setUint8(at + 76, slot);
    view.setUint8(at + 77, span);
  });
  return bytes;
}

export function unpackSummaries(
  bytes: Uint8Array,
  startMs: (slot: number) => number,
): SummaryEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: SummaryEntry[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.byteLength; at += ENTRY_BYTES) {
    const slot = view.getUint8(at + 76);
    const count = view.getUint32(at + 56, true);
    const start = count === 0 ? 0 : startMs(slot);
    const summary = {
      count,
      bad: view.getUint32(at + 60, true),
      min: view.getFloat64(at, true),
      max: view.getFloat64(at + 8, true),
      sum: view.getFloat64(at + 16, true),
      first: view.getFloat64(at + 24, true),
      last: view.getFloat64(at + 32, true),
      firstAt: start + view.getUint32(at + 64, true),
      lastAt: start + view.getUint32(at + 68, true),
      increase: view.getFloat64(at + 40, true),
      gapMsMax: view.getUint32(at + 72, true),
      integral: view.getFloat64(at + 48, true),
    };
    entries.push({ slot, span: view.getUint8(at + 77), summary });
  }
  return entries;
}
