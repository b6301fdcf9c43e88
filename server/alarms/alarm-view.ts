/** An alarm as the API shows it. */
import { symbolOf } from "../../core/quantity.ts";
import { toIso } from "../../core/time.ts";
import type { AlarmStepView, AlarmView } from "../api/contract.ts";
import type { Alarm, AlarmStep } from "./alarm.ts";

export function alarmView(alarm: Alarm): AlarmView {
  const { hazard, value, limit, response, shelved } = alarm;
  return {
    id: alarm.id,
    rule: alarm.rule,
    name: alarm.name,
    point: alarm.point,
    device: alarm.device,
    space: alarm.space,
    priority: alarm.priority,
    state: alarm.state,
    kind: alarm.kind,
    ...(hazard === undefined ? {} : { hazard }),
    ...(value === undefined ? {} : { value }),
    ...(limit === undefined ? {} : { limit }),
    unit: alarm.unit,
    symbol: symbolOf(alarm.unit),
    raisedAt: toIso(alarm.raisedAt),
    changedAt: toIso(alarm.changedAt),
    foundLate: alarm.foundLate,
    ...(shelved === undefined ? {} : { shelved: { ...shelved, until: toIso(shelved.until) } }),
    ...(response === undefined ? {} : { response }),
    history: alarm.history.map(alarmStepView),
  };
}

export const alarmStepView = (step: AlarmStep): AlarmStepView => ({ ...step, at: toIso(step.at) });
