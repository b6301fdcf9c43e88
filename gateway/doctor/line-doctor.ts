/**
 * The round of the bus doctor: looks at every line in turn and offers its figures and findings as
 * samples, like any device's. The looks are spread, so that many lines are never judged all at once.
 */
import type { Clock } from "../../core/clock.ts";
import { type DeviceId, pointId } from "../../core/ids.ts";
import { FINDINGS_POINT, LINE_FIGURES } from "../../core/line.ts";
import { writeFindings } from "../../core/line-findings.ts";
import {
  type Duration,
  type Monotonic,
  milliseconds,
  monotonic,
  seconds,
} from "../../core/time.ts";
import type { BusReport } from "../sources/modbus/doctor.ts";
import type { SampleSink, Source, SourceValue } from "../sources/source.ts";
import { type Figures, LineFigures } from "./figures.ts";
import { findingsOf } from "./findings.ts";

/** Every line is looked at this often. */
export const LOOK_EVERY = seconds(10);
/** Findings are written anew after this, changed sentences or not. */
const FINDINGS_EVERY = seconds(60);

export interface WatchedLine {
  readonly device: DeviceId;
  report(): BusReport;
}

/** The announced lines with the sources that can tell of them. */
export function watchedLines(
  lines: readonly { readonly device: DeviceId; readonly connection: string }[],
  sources: ReadonlyMap<string, Source>,
): readonly WatchedLine[] {
  return lines.flatMap(({ device, connection }) => {
    const source = sources.get(connection);
    const report = source?.report?.bind(source);
    return report === undefined ? [] : [{ device, report }];
  });
}

export class LineDoctor {
  readonly #clock: Clock;
  readonly #sink: Pick<SampleSink, "offer">;
  readonly #patients: readonly Patient[];

  constructor(clock: Clock, sink: Pick<SampleSink, "offer">, lines: readonly WatchedLine[]) {
    this.#clock = clock;
    this.#sink = sink;
    this.#patients = lines.map((line) => ({
      line,
      figures: new LineFigures(clock.monotonic()),
      sentences: "",
      writtenAt: monotonic(Number.NEGATIVE_INFINITY),
    }));
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#patients.length === 0) return;
    const pause: Duration = milliseconds(LOOK_EVERY / this.#patients.length);
    while (!signal.aborted) {
      for (const patient of this.#patients) {
        await this.#clock.sleep(pause, signal);
        if (signal.aborted) return;
        this.#look(patient);
      }
    }
  }

  #look(patient: Patient): void {
    const { line, figures } = patient;
    const now = this.#clock.monotonic();
    const report = line.report();
    const values = figures.look(report, now);
    for (const value of this.#samples(line.device, report, values)) this.#sink.offer(value);
    const sentences = report.sentences.map((sentence) => sentence.en).join("\n");
    if (sentences === patient.sentences && now - patient.writtenAt < FINDINGS_EVERY) return;
    patient.sentences = sentences;
    patient.writtenAt = now;
    this.#sink.offer({
      ...this.#stamp(line.device, FINDINGS_POINT.name),
      quality: "good",
      value: writeFindings(findingsOf(report)),
    });
  }

  /** A connection that is down has no figures, and says so. */
  #samples(device: DeviceId, report: BusReport, values: Figures): readonly SourceValue[] {
    return LINE_FIGURES.flatMap(({ name }): readonly SourceValue[] => {
      const stamp = this.#stamp(device, name);
      if (report.state === "lost") return [{ ...stamp, quality: "bad", reason: "connectionLost" }];
      const value = values[name];
      return value === undefined ? [] : [{ ...stamp, quality: "good", value }];
    });
  }

  #stamp(device: DeviceId, name: string) {
    const time = this.#clock.now();
    return { point: pointId(device, name), time, timeSource: "gateway" } as const;
  }
}

interface Patient {
  readonly line: WatchedLine;
  readonly figures: LineFigures;
  /** Of the findings written last, and when. */
  sentences: string;
  writtenAt: Monotonic;
}
