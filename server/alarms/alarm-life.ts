/**
 * The life of an alarm, pure: (alarm, event) → the alarm with one more line of history, or why not.
 * Every arrow of the ISA-18.2 diagram that we use is here and nowhere else.
 */
import type { HazardKind } from "../../core/catalogue.ts";
import { failure, type Outcome, success } from "../../core/outcome.ts";
import {
  type Duration,
  formatDuration,
  hours,
  type Instant,
  later,
  toIso,
} from "../../core/time.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { AlarmPriority } from "../api/contract.ts";
import type { Alarm, AlarmCourse, AlarmFacts, AlarmLife, AlarmStep } from "./alarm.ts";

/** Nobody may put an alarm aside for longer than a shift. */
export const SHELF_MAX = hours(8);
const NEVER_SHELVED: ReadonlySet<HazardKind> = new Set<HazardKind>(["panic", "fire", "smoke"]);

/** Of a longer history the first lines and the last are held and shown; the database keeps them all. */
export const HISTORY_FIRST_STEPS = 50;
export const HISTORY_LAST_STEPS = 150;

interface Seen {
  readonly at: Instant;
  readonly value?: number;
}

export type PlantEvent =
  | (Seen & {
      readonly kind: "raised";
      readonly priority: AlarmPriority;
      readonly limit?: number;
      readonly detail?: string;
    })
  | (Seen & {
      readonly kind: "levelRose" | "levelFell";
      readonly priority: AlarmPriority;
      readonly limit?: number;
    })
  | (Seen & { readonly kind: "returned"; readonly detail?: string })
  | (Seen & { readonly kind: "overRange" | "fellBack" });

export type DeskEvent =
  | {
      readonly kind: "acknowledge";
      readonly at: Instant;
      readonly by: string;
      readonly comment?: string;
    }
  | { readonly kind: "close"; readonly at: Instant; readonly by: string; readonly reason: string }
  | {
      readonly kind: "shelve";
      readonly at: Instant;
      readonly by: string;
      readonly for: Duration;
      readonly reason: string;
    }
  /** By a person, or by nobody when its time is over. */
  | { readonly kind: "unshelve"; readonly at: Instant; readonly by?: string };

export type AlarmEvent = PlantEvent | DeskEvent;

/** The first line of a life. */
export function born(
  facts: AlarmFacts,
  event: Extract<PlantEvent, { readonly kind: "raised" }>,
): Alarm {
  const { at, priority, limit, value, detail } = event;
  const what = facts.foundLate ? "foundLate" : "raised";
  const course: AlarmCourse = {
    priority,
    ...(limit === undefined ? {} : { limit }),
    ...(value === undefined ? {} : { value }),
    overRange: false,
    fellBack: false,
    changedAt: at,
    stepCount: 1,
    history: [step({ at, what, priority, value, detail })],
  };
  const life: AlarmLife = facts.foundLate
    ? { state: "returnedUnacknowledged", returnedAt: at }
    : { state: "unacknowledged" };
  return { ...facts, ...course, ...life };
}

export function alarmAfter(alarm: Alarm, event: AlarmEvent): Outcome<Alarm, string> {
  if (alarm.state === "closed") return failure("it is closed");
  switch (event.kind) {
    case "raised":
      return success(raisedAgain(alarm, event));
    case "levelRose":
    case "levelFell":
      return success(levelChanged(alarm, event));
    case "returned":
      return returned(alarm, event);
    case "overRange":
      return success({
        ...alarm,
        ...(event.value === undefined ? {} : { value: event.value }),
        overRange: true,
        fellBack: false,
        ...written(alarm, { ...event, what: "levelRose", detail: "overRange" }),
      });
    case "fellBack":
      return success({
        ...alarm,
        fellBack: true,
        ...written(alarm, { ...event, what: "levelFell", detail: "overRangeNotRecovered" }),
      });
    case "acknowledge":
      return acknowledged(alarm, event);
    case "close":
      return closed(alarm, event);
    case "shelve":
      return shelve(alarm, event);
    case "unshelve":
      if (alarm.shelved === undefined) return failure("it is not shelved");
      return success(unshelved(alarm, event));
    default:
      return unreachable(event);
  }
}

/** A line about notifications: it changes no state. */
export function noted(alarm: Alarm, line: AlarmStep): Alarm {
  return { ...alarm, ...written(alarm, line), changedAt: alarm.changedAt };
}

type Open = Exclude<Alarm, { readonly state: "closed" }>;

/** The alarm without what belongs to its present state. */
function withoutLife(alarm: Open): AlarmFacts & AlarmCourse {
  const { state: _, ...rest } = alarm;
  const { acknowledgedBy: _by, returnedAt: _at, ...kept } = { ...ABSENT, ...rest };
  return kept;
}

const ABSENT = { acknowledgedBy: undefined, returnedAt: undefined };

function raisedAgain(alarm: Open, event: Extract<PlantEvent, { readonly kind: "raised" }>): Alarm {
  const { priority, limit, detail } = event;
  return {
    ...withoutLife(alarm),
    ...shown(event),
    priority,
    ...(limit === undefined ? {} : { limit }),
    overRange: false,
    fellBack: false,
    state: "unacknowledged",
    ...written(alarm, { ...event, what: "raisedAgain", priority, detail }),
  };
}

/** Up: the acknowledgement was for less than this, so it is asked for again. Down: only a line. */
function levelChanged(
  alarm: Open,
  event: Extract<PlantEvent, { readonly kind: "levelRose" | "levelFell" }>,
): Alarm {
  const { kind: what, priority, limit } = event;
  const line = written(alarm, { ...event, what, priority });
  if (what === "levelFell") return { ...alarm, ...shown(event), ...line };
  if (alarm.shelved !== undefined) return levelChanged(unshelved(alarm, { at: event.at }), event);
  const course = { ...shown(event), priority, ...(limit === undefined ? {} : { limit }) };
  if (alarm.foundLate) return { ...alarm, ...course, ...line };
  return { ...withoutLife(alarm), ...course, state: "unacknowledged", ...line };
}

function returned(
  alarm: Open,
  event: Extract<PlantEvent, { readonly kind: "returned" }>,
): Outcome<Alarm, string> {
  if (alarm.state !== "unacknowledged" && alarm.state !== "acknowledged") {
    return failure("it has returned already");
  }
  const line = written(alarm, { ...event, what: "returned" });
  const course = { ...withoutLife(alarm), ...shown(event), ...line };
  const returnedAt = event.at;
  if (alarm.state === "unacknowledged") {
    return success({ ...course, state: "returnedUnacknowledged", returnedAt });
  }
  const { acknowledgedBy } = alarm;
  return success(
    settled({ ...course, state: "returnedAcknowledged", returnedAt, acknowledgedBy }, event.at),
  );
}

function acknowledged(
  alarm: Open,
  event: Extract<DeskEvent, { readonly kind: "acknowledge" }>,
): Outcome<Alarm, string> {
  const { at, by, comment } = event;
  if (alarm.state === "acknowledged" || alarm.state === "returnedAcknowledged") {
    return failure(`it was acknowledged already by ${alarm.acknowledgedBy}`);
  }
  const line = written(alarm, { at, what: "acknowledged", by, comment });
  const course = { ...withoutLife(alarm), ...line };
  if (alarm.state === "unacknowledged") {
    return success({ ...course, state: "acknowledged", acknowledgedBy: by });
  }
  const { returnedAt } = alarm;
  return success(
    settled({ ...course, state: "returnedAcknowledged", returnedAt, acknowledgedBy: by }, at),
  );
}

/** Returned and acknowledged is the end, except where only the desk may end it. */
function settled(alarm: Open, at: Instant): Alarm {
  if (alarm.closedBy === "desk") return alarm;
  const line = written(alarm, { at, what: "closed" });
  return { ...withoutLife(alarm), ...line, state: "closed", closedAt: at };
}

function closed(
  alarm: Open,
  event: Extract<DeskEvent, { readonly kind: "close" }>,
): Outcome<Alarm, string> {
  const { at, by, reason } = event;
  const latched = alarm.state === "acknowledged" && alarm.overRange && alarm.fellBack;
  if (alarm.state !== "returnedAcknowledged" && !latched) return failure(whyNotClosed(alarm));
  const line = written(alarm, { at, what: "closed", by, comment: reason });
  return success({ ...withoutLife(alarm), ...line, state: "closed", closedAt: at });
}

function whyNotClosed(alarm: Open): string {
  if (alarm.state === "unacknowledged" || alarm.state === "returnedUnacknowledged") {
    return "nobody has acknowledged it yet; acknowledge it first";
  }
  return "its condition still holds; it can be closed once the value has returned";
}

/** Real emergencies are not put aside (ISA-18.2 calls them highly managed). */
function shelve(
  alarm: Open,
  event: Extract<DeskEvent, { readonly kind: "shelve" }>,
): Outcome<Alarm, string> {
  const { at, by, reason } = event;
  const isManaged = alarm.hazard !== undefined && NEVER_SHELVED.has(alarm.hazard);
  if (isManaged) return failure("panic, fire and smoke alarms are never shelved");
  if (alarm.priority === "emergency") return failure("an emergency is never shelved");
  if (!(event.for > 0 && event.for <= SHELF_MAX)) {
    return failure(`it can be shelved for at most ${formatDuration(SHELF_MAX)}`);
  }
  const until = later(at, event.for);
  const line = written(alarm, { at, what: "shelved", by, comment: reason, detail: toIso(until) });
  return success({ ...alarm, ...line, shelved: { until, by, reason } });
}

function unshelved(alarm: Open, event: { readonly at: Instant; readonly by?: string }): Open {
  const { shelved: _, ...rest } = alarm;
  return { ...rest, ...written(alarm, { ...event, what: "unshelved" }) };
}

const shown = (event: Seen): { readonly value?: number } =>
  event.value === undefined ? {} : { value: event.value };

interface Line {
  readonly at: Instant;
  readonly what: AlarmStep["what"];
  readonly by?: string | undefined;
  readonly comment?: string | undefined;
  readonly value?: number | undefined;
  readonly priority?: AlarmPriority | undefined;
  readonly channel?: string | undefined;
  readonly detail?: string | undefined;
}

function step(line: Line): AlarmStep {
  const { at, what, by, comment, value, priority, channel, detail } = line;
  return {
    at,
    what,
    ...(by === undefined ? {} : { by }),
    ...(comment === undefined ? {} : { comment }),
    ...(value === undefined ? {} : { value }),
    ...(priority === undefined ? {} : { priority }),
    ...(channel === undefined ? {} : { channel }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function written(
  alarm: Alarm,
  line: Line,
): Pick<AlarmCourse, "changedAt" | "stepCount" | "history"> {
  const history = foldedHistory([...alarm.history, step(line)]);
  return { changedAt: line.at, stepCount: alarm.stepCount + 1, history };
}

/** The beginning and the end of a long history; `stepCount` tells how much lies between. */
export function foldedHistory(history: readonly AlarmStep[]): readonly AlarmStep[] {
  if (history.length <= HISTORY_FIRST_STEPS + HISTORY_LAST_STEPS) return history;
  return [...history.slice(0, HISTORY_FIRST_STEPS), ...history.slice(-HISTORY_LAST_STEPS)];
}
