/** Entries of the log taken apart by series. Pure. */
import {
  type Columns,
  columnsOf,
  copySample,
  type MutableColumns,
  ordered,
  sliceOf,
} from "../columns.ts";
import type { LogColumns } from "../log/log-codec.ts";
import { giveBack } from "../threads/worker-call.ts";

export interface SeriesColumns {
  readonly series: number;
  /** In order, each identity once: of two, the one stored last. */
  readonly columns: Columns;
}

/** `entries` in the order in which they were stored; columns hold until the next ones are asked for. */
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
  const room = new Room(total);
  try {
    for (let series = 0; series < ends.length; series++) {
      const start = ends[series - 1] ?? 0;
      const count = (ends[series] ?? 0) - start;
      if (count === 0) continue;
      const columns = room.columns(start, count);
      for (let i = 0; i < count; i++) {
        const entry = entries[entryOf[start + i] ?? 0];
        if (entry !== undefined) copySample(entry, indexOf[start + i] ?? 0, columns, i);
      }
      yield { series, columns: ordered(columns) };
    }
  } finally {
    room.giveBack();
  }
}

/** All series share one piece of memory, which is given back at once when the last one is done. */
class Room {
  readonly #all: Columns;

  constructor(total: number) {
    this.#all = columnsOf(total);
  }

  columns(start: number, count: number): MutableColumns {
    return { ...sliceOf(this.#all, start, start + count), texts: new Map(), details: new Map() };
  }

  giveBack(): void {
    const { times, values, sequences, marks, flags } = this.#all;
    for (const { buffer } of [times, values, sequences, marks, flags]) giveBack(buffer);
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
