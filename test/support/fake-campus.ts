/** A small campus for the page's tests: two buildings, a laboratory, switches, meters. */
import type {
  AlarmView,
  DeviceView,
  GatewayView,
  LabelView,
  PointView,
  SiteView,
  SpaceView,
} from "../../server/api/contract.ts";

const label = (zh: string, en: string): LabelView => ({ zh, en });

export const SITE: SiteView = {
  id: "campus",
  name: label("晨光职业技术学院", "Chenguang College"),
  zone: "Asia/Shanghai",
  demo: true,
};

function rooms(building: string, letter: string, floors: number, perFloor: number): SpaceView[] {
  const made: SpaceView[] = [];
  for (let floor = 1; floor <= floors; floor++) {
    const id = `${building}-${floor}f`;
    made.push({
      id,
      parent: building,
      kind: "floor",
      name: label(`${floor} 层`, `Floor ${floor}`),
    });
    for (let room = 1; room <= perFloor; room++) {
      const number = `${letter}${floor}${String(room).padStart(2, "0")}`;
      const name = label(`${number} 教室`, `Classroom ${number}`);
      const isSpecial = number === "A103" || number === "B104";
      if (isSpecial) continue;
      made.push({
        id: number.toLowerCase(),
        parent: id,
        kind: "room",
        use: "classroom",
        name,
        areaM2: 84,
      });
    }
  }
  return made;
}

export const SPACES: readonly SpaceView[] = [
  { id: "campus", kind: "site", name: SITE.name },
  { id: "a", parent: "campus", kind: "building", name: label("A 教学楼", "Teaching building A") },
  ...rooms("a", "A", 3, 6),
  { id: "b", parent: "campus", kind: "building", name: label("化学楼", "Chemistry building") },
  ...rooms("b", "B", 2, 4),
  {
    id: "b104",
    parent: "b-1f",
    kind: "room",
    use: "laboratory",
    name: label("B104 化学实验室", "Chemistry lab B104"),
    areaM2: 96,
  },
  { id: "d", parent: "campus", kind: "building", name: label("1 号宿舍", "Dormitory 1") },
  ...rooms("d", "D", 2, 6),
  { id: "yard", parent: "campus", kind: "outdoor", name: label("中心广场", "Central yard") },
];

const device = (id: string, space: string, name: LabelView): DeviceView => ({
  id,
  name,
  space,
  gateway: "gw-1",
  profile: "eastron/sdm630",
  state: "online",
});

export const DEVICES: readonly DeviceView[] = [
  device("main-meter", "campus", label("校区总表", "Main meter")),
  device("a-main", "a", label("A 楼总表", "Building A meter")),
  device("b-main", "b", label("化学楼总表", "Chemistry meter")),
  device("d-main", "d", label("1 号宿舍总表", "Dormitory meter")),
  device("a101-relay", "a101", label("A101 继电器", "A101 relay board")),
  device("b104-gas", "b104", label("B104 气体探测器", "B104 gas detector")),
  device("b104-relay", "b104", label("B104 继电器", "B104 relay board")),
];

const OFF_ON = { "0": label("关", "Off"), "1": label("开", "On") };

const power = (deviceId: string, space: string): PointView => ({
  point: `${deviceId}/power_active`,
  device: deviceId,
  space,
  kind: "gauge",
  unit: "kW",
  symbol: "kW",
  quantity: "activePower",
  name: label("有功功率", "Active power"),
  category: "electricity",
  expectEveryMs: 30_000,
});

const light = (deviceId: string, space: string, number: number): PointView => ({
  point: `${deviceId}/light_${number}`,
  device: deviceId,
  space,
  kind: "state",
  unit: "1",
  symbol: "",
  quantity: "lightSwitch",
  name: label(`照明 ${number}`, `Light ${number}`),
  labels: OFF_ON,
  expectEveryMs: 60_000,
  command: { values: [0, 1], fallback: { value: 0, place: "gateway" } },
});

export const POINTS: readonly PointView[] = [
  power("main-meter", "campus"),
  power("a-main", "a"),
  power("b-main", "b"),
  power("d-main", "d"),
  {
    ...power("a-main", "a"),
    point: "a-main/energy_import",
    kind: "counter",
    unit: "kW.h",
    symbol: "kWh",
    quantity: "activeEnergy",
    name: label("有功电能", "Energy"),
  },
  light("a101-relay", "a101", 1),
  light("a101-relay", "a101", 2),
  light("b104-relay", "b104", 1),
  {
    point: "a101-relay/temperature",
    device: "a101-relay",
    space: "a101",
    kind: "gauge",
    unit: "Cel",
    symbol: "°C",
    quantity: "temperature",
    name: label("室温", "Room temperature"),
    expectEveryMs: 60_000,
  },
  {
    point: "b104-gas/gas_lel",
    device: "b104-gas",
    space: "b104",
    kind: "gauge",
    unit: "%{LEL}",
    symbol: "%LEL",
    quantity: "combustibleGas",
    name: label("可燃气体浓度", "Combustible gas"),
    hazard: "combustibleGas",
    expectEveryMs: 5_000,
  },
];

export const VALUES: Readonly<Record<string, number>> = {
  "main-meter/power_active": 612.37,
  "a-main/power_active": 143.52,
  "b-main/power_active": 88.1,
  "d-main/power_active": 201.6,
  "a-main/energy_import": 482_134.6,
  "a101-relay/light_1": 1,
  "a101-relay/light_2": 0,
  "b104-relay/light_1": 1,
  "a101-relay/temperature": 23.46,
  "b104-gas/gas_lel": 2.1,
};

export const gatewayAt = (since: string): GatewayView => ({
  id: "gw-1",
  state: "online",
  since,
  version: "0.1.0",
  devices: DEVICES.length,
  points: POINTS.length,
});

export function gasAlarm(
  id: string,
  at: string,
  level: { readonly value: number; readonly priority: AlarmView["priority"] },
): AlarmView {
  const { value, priority } = level;
  return {
    id,
    rule: "lab-gas",
    name: label("可燃气体浓度高", "Combustible gas is high"),
    point: "b104-gas/gas_lel",
    device: "b104-gas",
    space: "b104",
    priority,
    state: "unacknowledged",
    kind: "condition",
    hazard: "combustibleGas",
    value,
    limit: priority === "emergency" ? 50 : 25,
    unit: "%{LEL}",
    symbol: "%LEL",
    raisedAt: at,
    changedAt: at,
    foundLate: false,
    response: label(
      "疏散实验室，不要碰任何开关，在室外关闭燃气总阀，拨打保卫处 6110。",
      "Clear the laboratory, touch no switch, close the main gas valve outside, call security 6110.",
    ),
    history: [
      { at, what: "raised", value, priority },
      { at, what: "notified", channel: "webhook" },
    ],
  };
}
