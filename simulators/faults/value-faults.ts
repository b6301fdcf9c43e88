/** Applies the faults that falsify values: a stuck sensor, a drifting one, a register that started again. */
import type { ProfilePoint } from "../../device-profiles/profile.ts";
import { chance, keyOf } from "../world/chance.ts";
import { type Fault, VALUE_FAULTS } from "./fault.ts";

/** `raw` bypasses scaling: sentinels and not-a-number are what the device puts into its registers. */
export type Falsified =
  | { readonly kind: "value"; readonly value: number | string }
  | { readonly kind: "raw"; readonly raw: number };

/** What stuck and drifting points need to remember of when it began; one per device. */
export class ValueFaults {
  readonly #since = new Map<string, { readonly value: number | string; readonly time: number }>();

  apply(
    faults: readonly Fault[],
    point: ProfilePoint,
    value: number | string,
    time: number,
  ): Falsified {
    let now: Falsified = { kind: "value", value };
    for (const fault of faults) {
      if (!VALUE_FAULTS.has(fault.kind)) continue;
      if ("point" in fault && fault.point !== undefined && fault.point !== point.name) continue;
      if (now.kind === "value") now = this.#one(fault, point, now.value, time);
    }
    return now;
  }

  /** Forgets what held before, once no value fault is left. */
  forget(): void {
    this.#since.clear();
  }

  #one(fault: Fault, point: ProfilePoint, value: number | string, time: number): Falsified {
    const whole = (changed: number | string): Falsified => ({ kind: "value", value: changed });
    if (fault.kind === "stuck") return whole(this.#begin(fault, point, value, time).value);
    if (typeof value === "string") return whole(value);
    switch (fault.kind) {
      case "drift": {
        const { time: from } = this.#begin(fault, point, value, time);
        return whole(value + (fault.perHour * (time - from)) / 3_600_000);
      }
      case "noise":
        return whole(value + fault.amplitude * (2 * chance(1, keyOf(point.name), time) - 1));
      case "notANumber":
        return { kind: "raw", raw: Number.NaN };
      case "sentinel": {
        const [sentinel] = point.sentinels;
        return sentinel === undefined ? whole(value) : { kind: "raw", raw: sentinel };
      }
      case "counterReset": {
        if (point.kind !== "counter") return whole(value);
        const begun = this.#begin(fault, point, value, time).value;
        return whole(typeof begun === "number" ? value - begun : value);
      }
      case "rollover":
        return whole(point.kind === "counter" ? value % fault.at : value);
      case "fixed":
        return whole(fault.value);
      default:
        return whole(value);
    }
  }

  #begin(fault: Fault, point: ProfilePoint, value: number | string, time: number) {
    const key = `${fault.kind} ${point.name}`;
    const known = this.#since.get(key);
    if (known) return known;
    const begun = { value, time };
    this.#since.set(key, begun);
    return begun;
  }
}
