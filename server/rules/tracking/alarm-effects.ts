/** What a transition of a condition does to the alarms of its rule and point. */
import type { LevelsTransition } from "../../../core/condition-levels.ts";
import type { ProofTransition } from "../../../core/condition-proof.ts";
import type { Instant } from "../../../core/time.ts";
import { unreachable } from "../../../core/unreachable.ts";
import { type AlarmFacts, alarmIdOf, isReturned } from "../../alarms/alarm.ts";
import type { AlarmDraft } from "../../alarms/alarm-draft.ts";
import type { PlantEvent } from "../../alarms/alarm-life.ts";
import type { AlarmPriority } from "../../api/contract.ts";
import type { AlarmRule } from "../rule.ts";
import type { Tracker, TrackerTransition } from "./tracker.ts";

export function affect(draft: AlarmDraft, tracker: Tracker, change: TrackerTransition): void {
  if (change.of === "levels") affectByLevels(draft, tracker, change.transition);
  else affectByProof(draft, tracker, change.transition);
}

function affectByLevels(draft: AlarmDraft, tracker: Tracker, transition: LevelsTransition): void {
  const { rule, point } = tracker;
  const { at, began } = transition;
  const seen = transition.value === undefined ? { at } : { at, value: transition.value };
  switch (transition.kind) {
    case "raised":
      raise(draft, tracker, { ...seen, ...tracker.level(transition.level) }, began);
      return;
    case "levelRose":
    case "levelFell": {
      const open = draft.open(rule.id, point.point);
      const level = tracker.level(transition.level);
      if (open !== undefined) draft.apply(open.id, { kind: transition.kind, ...seen, ...level });
      return;
    }
    case "returned": {
      const open = draft.open(rule.id, point.point);
      const { flaps } = transition;
      const detail = flaps === undefined ? {} : { detail: `chattered ${flaps}×` };
      if (open !== undefined) draft.apply(open.id, { kind: "returned", ...seen, ...detail });
      return;
    }
    case "overRange":
    case "fellBack": {
      const open = draft.open(rule.id, point.point);
      if (open !== undefined) draft.apply(open.id, { kind: transition.kind, ...seen });
      return;
    }
    case "foundLate":
      findLate(draft, tracker, { ...seen, ...tracker.level(transition.level) }, began);
      return;
    default:
      unreachable(transition);
  }
}

function affectByProof(draft: AlarmDraft, tracker: Tracker, transition: ProofTransition): void {
  const { rule, point } = tracker;
  const { kind, at, reason, began } = transition;
  if (kind === "proven") {
    const open = draft.open(rule.id, point.point);
    if (open !== undefined) draft.apply(open.id, { kind: "returned", at });
    return;
  }
  // A second loss without a sample between them is another one: the time it was noticed tells it apart.
  const identity = began === 0 ? at : began;
  raise(draft, tracker, { at, ...tracker.level(1), detail: reason }, identity);
}

interface Raise {
  readonly at: Instant;
  readonly value?: number;
  readonly priority: AlarmPriority;
  readonly limit?: number;
  readonly detail?: string;
}

function raise(draft: AlarmDraft, tracker: Tracker, what: Raise, began: Instant): void {
  const event: PlantEvent = { kind: "raised", ...what };
  const open = draft.open(tracker.rule.id, tracker.point.point);
  if (open === undefined) draft.raise(factsOf(tracker, what.at, began, false), event);
  else if (isReturned(open)) draft.apply(open.id, event);
}

function findLate(draft: AlarmDraft, tracker: Tracker, what: Raise, began: Instant): void {
  const facts = factsOf(tracker, what.at, began, true);
  const known = draft.get(facts.id);
  if (known === undefined) draft.raise(facts, { kind: "raised", ...what });
  else if (known.priority !== what.priority) draft.apply(known.id, { kind: "levelRose", ...what });
}

const isCount = ({ when }: AlarmRule): boolean =>
  when.kind === "levels" && when.of?.what === "changesIn";

function factsOf(
  { rule, point }: Tracker,
  raisedAt: Instant,
  began: Instant,
  foundLate: boolean,
): AlarmFacts {
  return {
    id: alarmIdOf({ rule: rule.id, point: point.point, began, late: foundLate }),
    rule: rule.id,
    ruleVersion: rule.version,
    name: rule.name,
    kind: rule.about === "sensor" ? "noData" : "condition",
    point: point.point,
    device: point.device,
    space: point.space,
    ...(point.hazard === undefined ? {} : { hazard: point.hazard }),
    unit: isCount(rule) ? "1" : point.unit,
    raisedAt,
    foundLate,
    freezes: rule.freezes,
    closedBy: rule.closedBy,
    ...(rule.response === undefined ? {} : { response: rule.response }),
  };
}
