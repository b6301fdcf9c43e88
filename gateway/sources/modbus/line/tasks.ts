/**
 * The jobs of one line: polls that return at their period, proofs of gaps and retrials of points
 * that were set aside, which are done once, events to be taken over, signs of life, and searches.
 * Planning a device again keeps the beats of the reads that stay.
 */
import {
  type Duration,
  type Monotonic,
  milliseconds,
  minutes,
  monotonic,
  seconds,
} from "../../../../core/time.ts";
import type { PollClass } from "../../../../device-profiles/profile.ts";
import { type LineTiming, type PlannedRead, planDevice, planPoint } from "../plan.ts";
import { firstDue, type Job, type Urgency } from "../schedule.ts";
import type { DeviceState } from "./device.ts";

/** Gaps are proven after the first round of everything, one after the other. */
const PROOF_AFTER = seconds(3);
const PROOF_DISTANCE = milliseconds(500);
/** A point that was set aside is tried again after this, then at doubled distances. */
const RETRIAL_FIRST = seconds(10);
const RETRIAL_MAX = minutes(60);
/** A device without SunSpec models is searched again after this. */
const DISCOVER_AGAIN = minutes(1);

interface TaskBase extends Job {
  due: Monotonic;
  /** Consecutive turns without a usable answer. */
  failures: number;
}

/**
 * `poll` returns at its period; `proof` and `retrial` are done once; `handshake` asks whether the
 * device holds an event.
 */
export interface ReadTask extends TaskBase {
  readonly role: "poll" | "proof" | "retrial" | "handshake";
  readonly read: PlannedRead;
}

/** `keepAlive` writes a sign of life; `discover` is one step of the search for SunSpec models. */
export interface Errand extends TaskBase {
  readonly role: "keepAlive" | "discover";
}

export type Task = ReadTask | Errand;

export interface TaskOptions {
  readonly line: LineTiming;
  readonly periods: Readonly<Record<PollClass, Duration>>;
  readonly now: Monotonic;
  /** Where this device's first beats begin among all of them. */
  readonly place: number;
  /** The device's tasks as they are; none at start. */
  readonly before: readonly Task[];
}

const urgencyOf = (read: PlannedRead): Urgency => {
  if (read.poll === "hazard") return "hazard";
  return read.poll === "slow" || read.poll === "configuration" ? "background" : "timed";
};

export function tasksOf(device: DeviceState, index: number, options: TaskOptions): Task[] {
  if (!device.isLocated) return [errand("discover", index, { options, period: DISCOVER_AGAIN })];
  const { keepAlive } = device.profile;
  const period = keepAlive?.every;
  return [
    ...(period === undefined ? [] : [errand("keepAlive", index, { options, period })]),
    ...handshakesOf(device, index, options),
    ...readsOf(device, index, options),
  ];
}

function errand(
  role: Errand["role"],
  device: number,
  { options, period }: { readonly options: TaskOptions; readonly period: Duration },
): Errand {
  const same = options.before.find((task) => task.key === role);
  const due = same?.due ?? options.now;
  return { key: role, role, device, period, urgency: "timed", due, failures: same?.failures ?? 0 };
}

/** One job for each point that is handed over: it asks for the flag that says an event is there. */
function handshakesOf(device: DeviceState, index: number, options: TaskOptions): ReadTask[] {
  const tasks: ReadTask[] = [];
  for (const point of device.profile.points) {
    if (point.handshake === undefined || device.knowledge.setAside.has(point.name)) continue;
    const [read] = planPoint(
      { ...point, read: point.handshake.ready },
      device.profile,
      options.line,
    );
    if (read === undefined) continue;
    const key = `handshake:${point.name}`;
    const same = options.before.find((task) => task.key === key);
    const due = same?.due ?? options.now;
    const period = options.periods[point.poll];
    const urgency = point.poll === "hazard" ? "hazard" : "timed";
    const asked = { ...read, points: [point] };
    tasks.push({ ...once(key, index, asked), role: "handshake", period, urgency, due });
  }
  return tasks;
}

function readsOf(device: DeviceState, index: number, options: TaskOptions): ReadTask[] {
  const { now, before, line } = options;
  const isStart = before.length === 0;
  const known = new Map(before.map((task) => [task.key, task]));
  const plan = planDevice(device.profile, line, device.knowledge, options.periods);
  const polls = plan.reads.map((read, i): ReadTask => {
    const key = `poll:${read.key}`;
    const due = isStart ? firstDue(now, read.period, options.place + i * 7) : now;
    const same = known.get(key);
    return {
      key,
      device: index,
      role: "poll",
      read,
      period: read.period,
      urgency: urgencyOf(read),
      due: same?.due ?? due,
      failures: same?.failures ?? 0,
    };
  });
  const proofs = plan.proofs.map((read, i): ReadTask => {
    const key = `proof:${read.key}`;
    const due = monotonic(now + (isStart ? PROOF_AFTER : 0) + i * PROOF_DISTANCE);
    return { ...once(key, index, read), role: "proof", due: known.get(key)?.due ?? due };
  });
  return [...polls, ...proofs, ...retrialsOf(device, index, { now, line, known })];
}

function retrialsOf(
  device: DeviceState,
  index: number,
  options: {
    readonly now: Monotonic;
    readonly line: LineTiming;
    readonly known: ReadonlyMap<string, Task>;
  },
): ReadTask[] {
  const tasks: ReadTask[] = [];
  for (const point of device.profile.points) {
    if (!device.knowledge.setAside.has(point.name)) continue;
    const [read] = planPoint(point, device.profile, options.line);
    if (read === undefined) continue;
    const key = `retrial:${point.name}`;
    const due = monotonic(options.now + RETRIAL_FIRST);
    const same = options.known.get(key);
    tasks.push(
      same?.role === "retrial" ? same : { ...once(key, index, read), role: "retrial", due },
    );
  }
  return tasks;
}

const once = (key: string, device: number, read: PlannedRead): Omit<ReadTask, "role" | "due"> => ({
  key,
  device,
  read,
  period: milliseconds(0),
  urgency: "background",
  failures: 0,
});

/** When a retrial that was refused again is due next. */
export const retrialDue = (now: Monotonic, failures: number): Monotonic =>
  monotonic(now + Math.min(RETRIAL_FIRST * 2 ** Math.min(failures, 10), RETRIAL_MAX));
