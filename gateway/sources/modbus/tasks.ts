/**
 * The jobs of one line with what they read: polls that return at their period, proofs of gaps and
 * retrials of points that were set aside, which are done once. Planning a device again keeps the beats of
 * the reads that stay.
 */
import {
  type Duration,
  type Monotonic,
  milliseconds,
  minutes,
  monotonic,
  seconds,
} from "../../../core/time.ts";
import type { PollClass } from "../../../device-profiles/profile.ts";
import type { DeviceState } from "./device.ts";
import { type LineTiming, type PlannedRead, planDevice, planPoint } from "./plan.ts";
import { firstDue, type Job, type Urgency } from "./schedule.ts";

/** Gaps are proven after the first round of everything, one after the other. */
const PROOF_AFTER = seconds(3);
const PROOF_DISTANCE = milliseconds(500);
/** A point that was set aside is tried again after this, then at doubled distances. */
const RETRIAL_FIRST = seconds(10);
const RETRIAL_MAX = minutes(60);

export const ROLES = ["poll", "proof", "retrial"] as const;
export type Role = (typeof ROLES)[number];

export interface Task extends Job {
  readonly role: Role;
  readonly read: PlannedRead;
  due: Monotonic;
  /** Consecutive polls without a usable answer. */
  failures: number;
}

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
  const { now, before, line } = options;
  const isStart = before.length === 0;
  const known = new Map(before.map((task) => [task.key, task]));
  const plan = planDevice(device.profile, line, device.knowledge, options.periods);
  const polls = plan.reads.map((read, i): Task => {
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
  const proofs = plan.proofs.map((read, i): Task => {
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
): Task[] {
  const tasks: Task[] = [];
  for (const point of device.profile.points) {
    if (!device.knowledge.setAside.has(point.name)) continue;
    const [read] = planPoint(point, device.profile, options.line);
    if (read === undefined) continue;
    const key = `retrial:${point.name}`;
    const due = monotonic(options.now + RETRIAL_FIRST);
    tasks.push(options.known.get(key) ?? { ...once(key, index, read), role: "retrial", due });
  }
  return tasks;
}

const once = (key: string, device: number, read: PlannedRead): Omit<Task, "role" | "due"> => ({
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
