/** The newest sample by time and sequence of every series, over columns taken in the order stored. */
import type { Columns } from "../columns.ts";
import type { LogColumns } from "./log-codec.ts";

interface Place {
  readonly series: number;
  readonly columns: Columns;
  readonly index: number;
}

export class NewestSamples {
  readonly #places = new Map<number, Place>();

  take(columns: LogColumns): void {
    for (let i = 0; i < columns.count; i++) {
      const series = columns.series[i] ?? 0;
      const known = this.#places.get(series);
      if (known === undefined || isNewer(columns, i, known)) {
        this.#places.set(series, { series, columns, index: i });
      }
    }
  }

  all(): readonly Place[] {
    return [...this.#places.values()];
  }
}

function isNewer(columns: Columns, i: number, than: Place): boolean {
  const time = columns.times[i] ?? 0;
  const thanTime = than.columns.times[than.index] ?? 0;
  if (time !== thanTime) return time > thanTime;
  return (columns.sequences[i] ?? 0) >= (than.columns.sequences[than.index] ?? 0);
}
