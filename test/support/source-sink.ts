/** A sink that remembers what sources gave it, and can refuse to keep it or take its time. */
import type { SampleSink, SourceValue } from "../../gateway/sources/source.ts";

export class RecordingSink implements SampleSink {
  readonly values: SourceValue[] = [];
  /** What the next `keep` waits for; rejects to make it fail. */
  durable: () => Promise<void> = () => Promise.resolve();

  offer(value: SourceValue): void {
    this.values.push(value);
  }

  keep(values: readonly SourceValue[]): Promise<void> {
    this.values.push(...values);
    return this.durable();
  }

  of(point: string): readonly SourceValue[] {
    return this.values.filter((value) => value.point === point);
  }

  last(point: string): SourceValue | undefined {
    return this.of(point).at(-1);
  }
}
