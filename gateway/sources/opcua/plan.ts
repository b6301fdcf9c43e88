/** What is asked of a server, from the devices' profiles. Pure. */
import type { DeviceId } from "../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../core/outcome.ts";
import type { OpcuaPoint, OpcuaProfile, PollClass } from "../../../device-profiles/profile.ts";
import type { BrowseStep } from "./asking.ts";

export interface OpcuaDevice {
  readonly id: DeviceId;
  readonly profile: OpcuaProfile;
  /** Below Objects, `<namespace URI>#<name>` each. */
  readonly object: readonly string[];
}

/** One variable that is watched. */
export interface Item {
  readonly device: OpcuaDevice;
  readonly point: OpcuaPoint;
}

/** Everything of a class is sampled at this and delivered at that; two subscriptions cover all classes. */
interface Pace {
  readonly samplingMs: number;
  readonly publishingMs: number;
}

const PACES: Readonly<Record<PollClass, Pace>> = {
  hazard: { samplingMs: 100, publishingMs: 250 },
  fast: { samplingMs: 250, publishingMs: 1_000 },
  power: { samplingMs: 250, publishingMs: 1_000 },
  energy: { samplingMs: 1_000, publishingMs: 1_000 },
  slow: { samplingMs: 1_000, publishingMs: 1_000 },
  configuration: { samplingMs: 5_000, publishingMs: 1_000 },
};

/** What the server keeps for us while the line is cut, per item. */
const QUEUE_MS = 20_000;
const QUEUE_MAX = 100;

export const paceOf = (point: OpcuaPoint): Pace & { readonly queueSize: number } => {
  const pace = PACES[point.poll];
  return { ...pace, queueSize: Math.min(QUEUE_MAX, Math.ceil(QUEUE_MS / pace.samplingMs)) };
};

export const itemsOf = (devices: readonly OpcuaDevice[]): readonly Item[] =>
  devices.flatMap((device) =>
    device.profile.points
      .filter((point) => point.eventType === undefined)
      .map((point) => ({ device, point })),
  );

/** Namespace URIs → this server's numbers, which may be others after its next start. */
export function objectPathOf(
  device: OpcuaDevice,
  namespaces: readonly string[],
): Outcome<readonly BrowseStep[], string> {
  const steps: BrowseStep[] = [];
  for (const text of device.object) {
    const at = text.lastIndexOf("#");
    const step = stepOf(text.slice(0, Math.max(at, 0)), text.slice(at + 1), namespaces);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  return success(steps);
}

export function pathOf(
  { device, point }: Item,
  namespaces: readonly string[],
): Outcome<readonly BrowseStep[], string> {
  const object = objectPathOf(device, namespaces);
  if (!object.ok) return object;
  const steps = [...object.value];
  for (const text of point.path) {
    const at = text.indexOf(":");
    const uri = device.profile.namespaces[text.slice(0, at)] ?? "";
    const step = stepOf(uri, text.slice(at + 1), namespaces);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  return success(steps);
}

const STANDARD_NAMESPACE = "http://opcfoundation.org/UA/";

function stepOf(
  uri: string,
  name: string,
  namespaces: readonly string[],
): Outcome<BrowseStep, string> {
  const namespace = namespaceOf(uri, namespaces);
  if (namespace !== undefined) return success({ namespace, name });
  return failure(`the server has no namespace "${uri}"`);
}

/** This server's number of a namespace; the standard's own is always 0. */
export function namespaceOf(uri: string, namespaces: readonly string[]): number | undefined {
  if (uri === "" || uri === STANDARD_NAMESPACE) return 0;
  const found = namespaces.indexOf(uri);
  return found < 0 ? undefined : found;
}

export const pathText = ({ device, point }: Item): string =>
  [...device.object, ...point.path].join(" / ");
