/**
 * Events and alarms of a server → samples of event points: the fields of the profile as JSON, at the time
 * the server gave. Pure. The acknowledgement of an alarm is a field like any other: `AckedState / Id`.
 */
import { pointId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { Instant } from "../../../core/time.ts";
import { convert } from "../convert.ts";
import { atArrival, believe } from "../device-time.ts";
import type { PersonalHash } from "../personal.ts";
import type { SourceValue } from "../source.ts";
import type { BrowseStep, OpcuaEvent } from "./asking.ts";
import { type Item, namespaceOf, type OpcuaDevice } from "./plan.ts";

/** Of each event, before the profile's own fields: who, when, and which it is. */
export const EVENT_FIELDS = ["EventId", "Time", "SourceNode"] as const;

export const eventItemsOf = (devices: readonly OpcuaDevice[]): readonly Item[] =>
  devices.flatMap((device) =>
    device.profile.points
      .filter((point) => point.eventType !== undefined)
      .map((point) => ({ device, point })),
  );

export interface EventPlan {
  readonly type: BrowseStep;
  readonly fields: readonly (readonly BrowseStep[])[];
}

/** What to ask the server for; standard names need no namespace of their own in the profile. */
export function eventPlanOf(
  { device, point }: Item,
  namespaces: readonly string[],
): Outcome<EventPlan, string> {
  const steps = (path: readonly string[]): Outcome<readonly BrowseStep[], string> => {
    const found: BrowseStep[] = [];
    for (const text of path) {
      const at = text.indexOf(":");
      const uri = device.profile.namespaces[text.slice(0, at)] ?? "";
      const namespace = namespaceOf(uri, namespaces);
      if (namespace === undefined) return failure(`the server has no namespace "${uri}"`);
      found.push({ namespace, name: text.slice(at + 1) });
    }
    return success(found);
  };
  const type = steps([point.eventType ?? ""]);
  if (!type.ok) return type;
  const fields: (readonly BrowseStep[])[] = [];
  for (const { path } of Object.values(point.fields ?? {})) {
    const field = steps(path);
    if (!field.ok) return field;
    fields.push(field.value);
  }
  const [first] = type.value;
  return first === undefined ? failure("no event type") : success({ type: first, fields });
}

export function decodeEvent(
  { device, point }: Item,
  event: OpcuaEvent,
  { arrival, hash }: { readonly arrival: Instant; readonly hash: PersonalHash },
): SourceValue {
  const when = event.time === undefined ? atArrival(arrival) : believe(event.time, arrival);
  const { time, timeSource, doubt } = when;
  const base = { point: pointId(device.id, point.name), time, timeSource };
  const fields: Record<string, string | number | boolean> = {};
  for (const [i, [name, { personal }]] of Object.entries(point.fields ?? {}).entries()) {
    const raw = event.fields[i];
    if (typeof raw !== "string" && typeof raw !== "number" && typeof raw !== "boolean") continue;
    fields[name] = personal ? hash(String(raw)) : raw;
  }
  const value = convert(point, JSON.stringify(fields), undefined);
  if (!value.ok) return { ...base, quality: "bad", ...value.error };
  if (doubt !== undefined) return { ...base, quality: "uncertain", value: value.value, doubt };
  return { ...base, quality: "good", value: value.value };
}
