/** A bus doctor's real report of a line with one healthy and one silent unit. */
import { deviceId } from "../../core/ids.ts";
import { instant, milliseconds, monotonic } from "../../core/time.ts";
import { Doctor, type TransactionOutcome } from "../../gateway/sources/modbus/doctor.ts";

const START = instant(Date.UTC(2026, 10, 23, 14, 0, 0));

export class LineBench {
  readonly doctor = new Doctor(
    "bus a",
    [
      { device: deviceId("m1"), unit: 1 },
      { device: deviceId("m2"), unit: 2 },
    ],
    monotonic(0),
  );

  constructor() {
    this.doctor.lineIs("open");
  }

  /** `times` transactions of one unit, 20 ms each. */
  ask(index: number, outcome: TransactionOutcome, times = 1): void {
    for (let i = 0; i < times; i++) {
      const lag = milliseconds(3);
      this.doctor.record({ index, outcome, took: milliseconds(20), lag, time: START });
    }
  }
}
