/** Entries of the log taken apart by series. Pure. */
import { type Columns, columnsOf, copySample, ordered } from "../columns.ts";
import type { LogColumns } from "../log/log-codec.ts";

export interface SeriesColumns {
  readonly series: number;
  /** In order, each identity once: of two, the one stored last. */
  readonly columns: Columns;
}

/** `entries` in the order in which they were stored. */
export function* bySeries(entries: readonly LogColumns[]): Generator<SeriesColumns> {
  const { ends, total } = countedBySeries(entries);
  const entryOf = new Uint32Array(total);
  const indexOf = new Uint32Array(total);
  const next = new Uint32Array(ends.length);
  for (let series = 1; series < ends.length; series++) next[series] = ends[series - 1] ?? 0;
  entries.forEach((entry, e) => {
    for (let i = 0; i < entry.count; i++) {
      const series = entry.series[i] ?? 0;
      const place = next[series] ?? 0;
      next[series] = place + 1;
      entryOf[place] = e;
      indexOf[place] = i;
    }
  });
  for (let series = 0; series < ends.length; series++) {
    const start = ends[series - 1] ?? 0;
    const count = (ends[series] ?? 0) - start;
    if (count === 0) continue;
    const columns = columnsOf(count);
    for (let i = 0; i < count; i++) {
      const entry = entries[entryOf[start + i] ?? 0];
      if (entry !== undefined) copySample(entry, indexOf[start + i] ?? 0, columns, i);
    }
    yield { series, columns: ordered(columns) };
  }
}

/** Where each series ends when samples lie one series after the other. */
function countedBySeries(entries: readonly LogColumns[]): {
  readonly ends: Uint32Array;
  readonly total: number;
} {
  let last = 0;
  for (const { series } of entries) for (const id of series) if (id > last) last = id;
  const ends = new Uint32Array(last + 1);
  for (const { series } of entries) for (const id of series) ends[id] = (ends[id] ?? 0) + 1;
  let total = 0;
  for (let series = 0; series < ends.length; series++) {
    total += ends[series] ?? 0;
    ends[series] = total;
  }
  return { ends, total };
}
