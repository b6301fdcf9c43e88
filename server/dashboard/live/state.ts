/** Everything the page knows about the campus, as one immutable value. */
import type {
  AlarmView,
  CommandView,
  DeviceView,
  GatewayView,
  LatestView,
  PointView,
  SpaceView,
} from "../../api/contract.ts";
import type { Trail } from "./trail.ts";

export interface LiveState {
  readonly spaces: ReadonlyMap<string, SpaceView>;
  readonly devices: ReadonlyMap<string, DeviceView>;
  readonly points: ReadonlyMap<string, PointView>;
  readonly latest: ReadonlyMap<string, LatestView>;
  readonly gateways: ReadonlyMap<string, GatewayView>;
  /** The active ones, and those that closed while the page was open. */
  readonly alarms: ReadonlyMap<string, AlarmView>;
  readonly commands: ReadonlyMap<string, CommandView>;
  /** The last minutes of hazard points, from which a trend is said in words. */
  readonly trails: ReadonlyMap<string, Trail>;
}

export const EMPTY_STATE: LiveState = {
  spaces: new Map(),
  devices: new Map(),
  points: new Map(),
  latest: new Map(),
  gateways: new Map(),
  alarms: new Map(),
  commands: new Map(),
  trails: new Map(),
};

/** What a fresh load brings; lists that are absent stay as they are. */
export interface Snapshot {
  readonly spaces?: readonly SpaceView[];
  readonly devices?: readonly DeviceView[];
  readonly points?: readonly PointView[];
  readonly latest?: readonly LatestView[];
  readonly gateways?: readonly GatewayView[];
  readonly activeAlarms?: readonly AlarmView[];
  readonly commands?: readonly CommandView[];
}

export type LiveEvent =
  | { readonly kind: "loaded"; readonly snapshot: Snapshot }
  | { readonly kind: "samples"; readonly items: readonly LatestView[] }
  | { readonly kind: "alarm"; readonly alarm: AlarmView }
  | { readonly kind: "command"; readonly command: CommandView }
  | { readonly kind: "gateway"; readonly gateway: GatewayView }
  | { readonly kind: "space"; readonly space: SpaceView };
