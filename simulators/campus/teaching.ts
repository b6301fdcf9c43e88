/** A teaching building: floors of six classrooms and a corridor, a relay board or controllers for the lamps. */
import { type CampusBuilder, label } from "./builder.ts";

const ROOMS_PER_FLOOR = 6;
const CLASSROOM_M2 = 72;

export interface TeachingBuilding {
  readonly id: string;
  readonly number: number;
  readonly floors: number;
  /** How the lamps of each floor are switched. */
  readonly wiring: readonly ("relay" | "controller")[];
}

export function addTeachingBuilding(builder: CampusBuilder, building: TeachingBuilding): void {
  const { id, number } = building;
  const zh = `第${number}教学楼`;
  const en = `Teaching building ${number}`;
  builder.space({
    id,
    parent: "campus",
    kind: "building",
    name: label(zh, en),
    areaM2: building.floors * 680,
  });
  builder.line(id);
  builder.feeder({
    id,
    parent: "site",
    building: id,
    baseW: 1_800,
    lossShare: 0.012,
    energyAtStartKwh: 38_000 + number * 4_100,
  });
  builder.electricityMeter({
    id: `${id}-main`,
    name: label(`${zh}总电表`, `${en}, main meter`),
    feeder: id,
    space: id,
    line: id,
    profile: "eastron/sdm630",
    poweredBy: id,
  });
  builder.waterMeter(id, id, 5_200 + number * 730);
  builder.heatMeter(id, id, building.floors * 1_350, "aquametro/calec-st");
  for (let floor = 1; floor <= building.floors; floor++) addFloor(builder, building, floor);
  builder.doorPanel(
    { id: `${id}-entrance`, space: id, serves: id, locked: false, passagesPerHour: 60 },
    label(`${zh}正门`, `${en}, entrance`),
  );
}

function addFloor(builder: CampusBuilder, building: TeachingBuilding, floor: number): void {
  const { id } = building;
  const floorId = `${id}-f${floor}`;
  builder.space({
    id: floorId,
    parent: id,
    kind: "floor",
    name: label(`${floor}层`, `Floor ${floor}`),
    areaM2: 640,
  });
  builder.feeder({
    id: floorId,
    parent: id,
    building: id,
    baseW: 260,
    lossShare: 0.015,
    energyAtStartKwh: 8_800 + floor * 530,
  });
  builder.electricityMeter({
    id: `${floorId}-meter`,
    name: label(`${floor}层分电表`, `Floor ${floor} meter`),
    feeder: floorId,
    space: floorId,
    line: id,
    profile: "chint/dtsu666",
    poweredBy: id,
  });
  const rooms = Array.from({ length: ROOMS_PER_FLOOR }, (_, i) => `${id}-${floor}0${i + 1}`);
  for (const room of rooms) addClassroom(builder, building, floorId, room);
  addCorridor(builder, building, floorId, floor);
  if (building.wiring[floor - 1] === "controller") {
    for (const room of rooms) {
      const number = room.slice(id.length + 1);
      const name = label(`${number} 灯光控制器`, `Lighting controller ${number}`);
      builder.lightingController(`${room}-light`, name, room, id);
    }
  } else addRelayBoard(builder, building, floor, rooms);
}

function addClassroom(
  builder: CampusBuilder,
  { id }: TeachingBuilding,
  floorId: string,
  room: string,
): void {
  const number = room.slice(id.length + 1);
  builder.space({
    id: room,
    parent: floorId,
    kind: "room",
    use: "classroom",
    name: label(`${number} 教室`, `Classroom ${number}`),
    areaM2: CLASSROOM_M2,
  });
  builder.room({
    id: room,
    use: "classroom",
    building: id,
    feeder: floorId,
    areaM2: CLASSROOM_M2,
    heightM: 3.4,
    seats: 48,
    lightW: CLASSROOM_M2 * 8,
    lightHabit: "people",
    socketBaseW: 35,
    socketPerPersonW: 9,
    coolingW: 2_600,
    waterLPerPersonH: 1.1,
  });
  builder.device({
    id: `${room}-sensor`,
    name: label(`${number} 环境传感器`, `Room sensor ${number}`),
    profile: "lamplighter/room-sensor",
    space: room,
    role: { kind: "roomSensor", room },
    wire: { protocol: "modbus", line: id, unit: builder.unitOn(id) },
    poweredBy: id,
  });
}

function addCorridor(
  builder: CampusBuilder,
  { id }: TeachingBuilding,
  floorId: string,
  floor: number,
): void {
  const corridor = `${floorId}-corridor`;
  builder.space({
    id: corridor,
    parent: floorId,
    kind: "room",
    use: "corridor",
    name: label(`${floor}层走廊`, `Corridor, floor ${floor}`),
    areaM2: 120,
  });
  builder.room({
    id: corridor,
    use: "corridor",
    building: id,
    feeder: floorId,
    areaM2: 120,
    heightM: 3.2,
    seats: 12,
    lightW: 120 * 3,
    lightHabit: "opening",
    socketBaseW: 15,
    socketPerPersonW: 0,
    coolingW: 0,
    waterLPerPersonH: 2,
  });
  const name = label(`${floor}层走廊灯光控制器`, `Corridor lighting controller, floor ${floor}`);
  builder.lightingController(`${corridor}-light`, name, corridor, id);
}

function addRelayBoard(
  builder: CampusBuilder,
  { id }: TeachingBuilding,
  floor: number,
  rooms: readonly string[],
): void {
  const floorId = `${id}-f${floor}`;
  const points = Object.fromEntries(
    rooms.map((room, i) => {
      const number = room.slice(id.length + 1);
      const name = label(`${number} 照明`, `Light, ${number}`);
      return [`relay_${i + 1}`, { space: room, name }];
    }),
  );
  builder.device({
    id: `${floorId}-lights`,
    name: label(`${floor}层照明继电器箱`, `Lighting relay board, floor ${floor}`),
    profile: "waveshare/relay-8ch",
    space: floorId,
    role: { kind: "relayBoard", rooms },
    wire: { protocol: "modbus", line: id, unit: builder.unitOn(id) },
    poweredBy: id,
    points,
  });
}
