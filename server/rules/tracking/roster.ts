/** Which rules watch which points: one tracker for each pair, and what is still waited for. Pure. */
import type { PointId, RuleId } from "../../../core/ids.ts";
import type { Outcome } from "../../../core/outcome.ts";
import type { PlantPoint, Spaces } from "../../plant.ts";
import type { AlarmRule } from "../rule.ts";
import { missing, type PointIndex, select } from "../selection.ts";
import type { Tracker } from "./tracker.ts";
import { stateKey } from "./tracker-table.ts";

/** A rule that finds less than it asks for, for the page of rules. */
export interface WaitingRule {
  readonly rule: AlarmRule;
  readonly why: "noPoint" | "unit";
  /** Names that no announced point answers to, or points of another dimension. */
  readonly points: readonly string[];
}

export class Roster {
  readonly waiting: readonly WaitingRule[];
  readonly #byKey = new Map<string, Tracker>();
  readonly #byPoint = new Map<PointId, Tracker[]>();

  constructor(
    rules: readonly AlarmRule[],
    plant: { readonly index: PointIndex; readonly spaces: Spaces },
    track: (rule: AlarmRule, point: PlantPoint) => Outcome<Tracker, string>,
  ) {
    const waiting: WaitingRule[] = [];
    for (const rule of rules) {
      const misfits: string[] = [];
      const points = select(rule.applies, plant.index, plant.spaces).filter(isWatchable);
      for (const point of points) {
        const tracker = track(rule, point);
        if (tracker.ok) this.#add(tracker.value);
        else misfits.push(`${point.point}: ${tracker.error}`);
      }
      if (misfits.length > 0) waiting.push({ rule, why: "unit", points: misfits });
      const absent = missing(rule.applies, plant.index);
      if (absent.length > 0 || points.length === 0) {
        waiting.push({ rule, why: "noPoint", points: absent });
      }
    }
    this.waiting = waiting;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** How many points a rule watches. */
  countOf(rule: RuleId): number {
    let count = 0;
    for (const tracker of this.#byKey.values()) if (tracker.rule.id === rule) count += 1;
    return count;
  }

  all(): Iterable<Tracker> {
    return this.#byKey.values();
  }

  get(rule: string, point: string): Tracker | undefined {
    return this.#byKey.get(stateKey(rule, point));
  }

  of(point: PointId): readonly Tracker[] | undefined {
    return this.#byPoint.get(point);
  }

  #add(tracker: Tracker): void {
    const { point } = tracker.point;
    this.#byKey.set(stateKey(tracker.rule.id, point), tracker);
    const list = this.#byPoint.get(point);
    if (list === undefined) this.#byPoint.set(point, [tracker]);
    else list.push(tracker);
  }
}

/** Texts and momentary events have no value that could stay beyond a limit or fall silent. */
const isWatchable = ({ kind }: PlantPoint): boolean => kind !== "text" && kind !== "event";
