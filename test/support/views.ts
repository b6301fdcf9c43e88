/** Views of the API for tests of the page: each says only what its test is about. */
import type {
  AlarmView,
  CommandView,
  LatestView,
  PointView,
  SpaceView,
} from "../../server/api/contract.ts";

/** Seconds after a fixed moment, as the API writes times. */
export const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 10, 23, 8, 0, 0) + seconds * 1_000).toISOString();

export const pointView = (changes: Partial<PointView> = {}): PointView => ({
  point: "lab-gas/gas_lel",
  device: "lab-gas",
  space: "b214",
  kind: "gauge",
  unit: "%{LEL}",
  symbol: "%LEL",
  quantity: "gasConcentration",
  name: { zh: "可燃气体浓度", en: "Combustible gas" },
  expectEveryMs: 15_000,
  ...changes,
});

export const latestView = (changes: Partial<LatestView> = {}): LatestView => ({
  point: "lab-gas/gas_lel",
  time: at(0),
  quality: "good",
  value: 12,
  timeSource: "gateway",
  unit: "%{LEL}",
  stale: false,
  ...changes,
});

export const alarmView = (changes: Partial<AlarmView> = {}): AlarmView => ({
  id: "a1",
  rule: "combustible-gas",
  name: { zh: "可燃气体", en: "Combustible gas" },
  point: "lab-gas/gas_lel",
  device: "lab-gas",
  space: "b214",
  priority: "high",
  state: "unacknowledged",
  kind: "condition",
  value: 27,
  limit: 25,
  unit: "%{LEL}",
  symbol: "%LEL",
  raisedAt: at(0),
  changedAt: at(0),
  foundLate: false,
  history: [{ at: at(0), what: "raised", value: 27 }],
  ...changes,
});

export const commandView = (
  steps: CommandView["steps"],
  changes: Partial<CommandView> = {},
): CommandView => ({
  id: "c1",
  point: "a101-lights/relay_1",
  space: "a101",
  value: 1,
  priority: "manualOverride",
  reason: "by hand",
  by: "wang",
  state: steps.at(-1)?.state ?? "queued",
  steps,
  ...changes,
});

const space = (id: string, kind: SpaceView["kind"], parent?: string): SpaceView => ({
  id,
  kind,
  name: { zh: `${id} 室`, en: `Room ${id}` },
  ...(parent === undefined ? {} : { parent }),
});

/** campus › b › b-2f › b214, b215, and the yard beside the building. */
export const SPACES: ReadonlyMap<string, SpaceView> = new Map(
  [
    space("campus", "site"),
    space("b", "building", "campus"),
    space("b-2f", "floor", "b"),
    space("b214", "room", "b-2f"),
    space("b215", "room", "b-2f"),
    space("yard", "outdoor", "campus"),
  ].map((each) => [each.id, each]),
);
