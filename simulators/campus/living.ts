/** Where people live and eat, and the paths between: dormitory, canteen, outdoor lights, the gate. */
import type { Room } from "../world/campus.ts";
import { type CampusBuilder, label } from "./builder.ts";

const LIVING: Pick<Room, "heightM" | "lightHabit"> = { heightM: 3.2, lightHabit: "people" };

export function addDormitory(builder: CampusBuilder): void {
  const id = "dorm";
  const name = label("学生公寓", "Dormitory");
  builder.space({ id, parent: "campus", kind: "building", name, areaM2: 3_900 });
  builder.line(id);
  builder.feeder({
    id,
    parent: "site",
    building: id,
    baseW: 2_900,
    lossShare: 0.012,
    energyAtStartKwh: 120_400,
  });
  builder.electricityMeter({
    id: "dorm-main",
    name: label("学生公寓总电表", "Dormitory, main meter"),
    feeder: id,
    space: id,
    line: id,
    profile: "eastron/sdm630",
    poweredBy: id,
  });
  builder.waterMeter(id, id, 61_300);
  builder.heatMeter(id, id, 6_800, "aquametro/calec-st");
  for (const floor of [1, 2, 3]) addDormitoryFloor(builder, floor);
  builder.doorPanel(
    { id: "dorm-entrance", space: id, serves: id, locked: true, passagesPerHour: 110 },
    label("学生公寓门禁", "Dormitory, entrance"),
  );
}

function addDormitoryFloor(builder: CampusBuilder, floor: number): void {
  const id = `dorm-f${floor}`;
  const rooms = `${id}-rooms`;
  builder.space({
    id,
    parent: "dorm",
    kind: "floor",
    name: label(`${floor}层`, `Floor ${floor}`),
    areaM2: 1_250,
  });
  builder.space({
    id: rooms,
    parent: id,
    kind: "room",
    use: "dormitory",
    name: label(`${floor}层寝室`, `Rooms of floor ${floor}`),
    areaM2: 980,
  });
  builder.feeder({
    id,
    parent: "dorm",
    building: "dorm",
    baseW: 900,
    lossShare: 0.015,
    energyAtStartKwh: 37_000 + floor * 410,
  });
  builder.electricityMeter({
    id: `${id}-meter`,
    name: label(`${floor}层分电表`, `Floor ${floor} meter`),
    feeder: id,
    space: id,
    line: "dorm",
    profile: "chint/dtsu666",
    poweredBy: "dorm",
  });
  builder.room({
    ...LIVING,
    id: rooms,
    use: "dormitory",
    building: "dorm",
    feeder: id,
    areaM2: 980,
    seats: 168,
    lightW: 980 * 4,
    socketBaseW: 800,
    socketPerPersonW: 28,
    coolingW: 21_000,
    waterLPerPersonH: 4.2,
  });
}

export function addCanteen(builder: CampusBuilder): void {
  const id = "canteen";
  const hall = "canteen-hall";
  builder.space({
    id,
    parent: "campus",
    kind: "building",
    name: label("学生食堂", "Canteen"),
    areaM2: 1_150,
  });
  builder.space({
    id: hall,
    parent: id,
    kind: "room",
    use: "dining",
    name: label("就餐大厅", "Dining hall"),
    areaM2: 720,
  });
  // An older converter that passes RTU frames through.
  builder.line(id, "rtu-over-tcp");
  builder.feeder({
    id,
    parent: "site",
    building: id,
    baseW: 6_200,
    lossShare: 0.012,
    energyAtStartKwh: 73_480,
  });
  builder.electricityMeter({
    id: "canteen-main",
    name: label("食堂总电表", "Canteen, main meter"),
    feeder: id,
    space: id,
    line: id,
    profile: "eastron/sdm630",
    poweredBy: id,
  });
  builder.waterMeter(id, id, 33_950);
  builder.heatMeter(id, id, 1_900, "kamstrup/multical-hc003-67");
  builder.room({
    ...LIVING,
    id: hall,
    use: "dining",
    building: id,
    feeder: id,
    areaM2: 720,
    seats: 520,
    lightW: 720 * 8,
    socketBaseW: 2_100,
    socketPerPersonW: 55,
    coolingW: 26_000,
    waterLPerPersonH: 7,
  });
  const name = label("食堂大厅灯光控制器", "Dining hall lighting controller");
  builder.lightingController("canteen-hall-light", name, hall, id);
}

const PATHS = [
  { id: "path-east", zh: "东区道路照明", en: "Path lights, east", lamps: 34 },
  { id: "path-west", zh: "西区道路照明", en: "Path lights, west", lamps: 28 },
  { id: "plaza", zh: "中心广场照明", en: "Plaza lights", lamps: 18 },
] as const;

export function addOutdoors(builder: CampusBuilder): void {
  const id = "outdoor";
  builder.space({
    id,
    parent: "campus",
    kind: "outdoor",
    name: label("室外公共区域", "Grounds"),
    areaM2: 52_000,
  });
  builder.feeder({
    id,
    parent: "site",
    building: id,
    baseW: 180,
    lossShare: 0.025,
    energyAtStartKwh: 15_190,
  });
  builder.electricityMeter({
    id: "outdoor-main",
    name: label("室外照明电表", "Outdoor lighting meter"),
    feeder: id,
    space: id,
    line: "central",
    profile: "eastron/sdm630",
    poweredBy: id,
  });
  for (const { id: path, zh, en, lamps } of PATHS) {
    builder.space({ id: path, parent: id, kind: "outdoor", name: label(zh, en), areaM2: 6_000 });
    builder.room({
      id: path,
      use: "outdoor",
      building: id,
      feeder: id,
      areaM2: 6_000,
      heightM: 10,
      seats: 0,
      lightW: lamps * 80,
      lightHabit: "dusk",
      socketBaseW: 0,
      socketPerPersonW: 0,
      coolingW: 0,
      waterLPerPersonH: 0,
    });
    const name = label(`${zh}控制器`, `${en}, controller`);
    builder.lightingController(`${path}-light`, name, path, id);
  }
  builder.doorPanel(
    { id: "gate-south", space: id, serves: "campus", locked: false, passagesPerHour: 150 },
    label("南校门", "South gate"),
  );
}
