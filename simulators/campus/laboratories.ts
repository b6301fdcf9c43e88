/** The laboratory building: four laboratories on two floors, two fume hoods, a guarded chemical store. */
import type { Label } from "../../core/label.ts";
import { type CampusBuilder, label } from "./builder.ts";

const BUILDING = "lab";

interface Laboratory {
  readonly id: string;
  readonly floor: number;
  readonly name: Label;
  readonly level: number;
  readonly hood: boolean;
}

const LABORATORIES: readonly Laboratory[] = [
  {
    id: "phys-c101",
    floor: 1,
    name: label("物理实验室 C101", "Physics laboratory C101"),
    level: 4,
    hood: false,
  },
  {
    id: "bio-c102",
    floor: 1,
    name: label("生物实验室 C102", "Biology laboratory C102"),
    level: 3,
    hood: true,
  },
  {
    id: "chem-b214",
    floor: 2,
    name: label("化学实验室 B214", "Chemistry laboratory B214"),
    level: 2,
    hood: true,
  },
  {
    id: "chem-b215",
    floor: 2,
    name: label("化学实验室 B215", "Chemistry laboratory B215"),
    level: 2,
    hood: true,
  },
];

export function addLaboratories(builder: CampusBuilder): void {
  const name = label("实验实训楼", "Laboratory building");
  builder.space({ id: BUILDING, parent: "campus", kind: "building", name, areaM2: 1_600 });
  builder.line(BUILDING);
  builder.feeder({
    id: BUILDING,
    parent: "site",
    building: BUILDING,
    baseW: 3_600,
    lossShare: 0.012,
    energyAtStartKwh: 61_240,
  });
  builder.electricityMeter({
    id: "lab-main",
    name: label("实验楼总电表", "Laboratory building, main meter"),
    feeder: BUILDING,
    space: BUILDING,
    line: BUILDING,
    profile: "eastron/sdm630",
    poweredBy: BUILDING,
  });
  builder.waterMeter(BUILDING, BUILDING, 9_140);
  builder.heatMeter(BUILDING, BUILDING, 3_100, "kamstrup/multical-hc003-67");
  for (const floor of [1, 2]) addFloor(builder, floor);
  for (const laboratory of LABORATORIES) addLaboratory(builder, laboratory);
  addDoors(builder);
}

function addFloor(builder: CampusBuilder, floor: number): void {
  const id = `lab-f${floor}`;
  const corridor = `${id}-corridor`;
  builder.space({
    id,
    parent: BUILDING,
    kind: "floor",
    name: label(`${floor}层`, `Floor ${floor}`),
    areaM2: 760,
  });
  builder.feeder({
    id,
    parent: BUILDING,
    building: BUILDING,
    baseW: 700,
    lossShare: 0.015,
    energyAtStartKwh: 14_000 + floor * 990,
  });
  builder.electricityMeter({
    id: `${id}-meter`,
    name: label(`${floor}层分电表`, `Floor ${floor} meter`),
    feeder: id,
    space: id,
    line: BUILDING,
    profile: "chint/dtsu666",
    poweredBy: BUILDING,
  });
  builder.space({
    id: corridor,
    parent: id,
    kind: "room",
    use: "corridor",
    name: label(`${floor}层走廊`, `Corridor, floor ${floor}`),
    areaM2: 140,
  });
  builder.room({
    id: corridor,
    use: "corridor",
    building: BUILDING,
    feeder: id,
    areaM2: 140,
    heightM: 3.2,
    seats: 8,
    lightW: 420,
    lightHabit: "opening",
    socketBaseW: 20,
    socketPerPersonW: 0,
    coolingW: 0,
    waterLPerPersonH: 2,
  });
  const name = label(`${floor}层走廊灯光控制器`, `Corridor lighting controller, floor ${floor}`);
  builder.lightingController(`${corridor}-light`, name, corridor, BUILDING);
}

function addLaboratory(builder: CampusBuilder, laboratory: Laboratory): void {
  const { id, name } = laboratory;
  const number = id.slice(id.indexOf("-") + 1).toUpperCase();
  const floor = `lab-f${laboratory.floor}`;
  builder.space({
    id,
    parent: floor,
    kind: "room",
    use: "laboratory",
    name,
    areaM2: 110,
    laboratoryLevel: laboratory.level,
  });
  builder.room({
    id,
    use: "laboratory",
    building: BUILDING,
    feeder: floor,
    areaM2: 110,
    heightM: 3.6,
    seats: 32,
    lightW: 110 * 9,
    lightHabit: "people",
    socketBaseW: laboratory.hood ? 1_450 : 600,
    socketPerPersonW: 45,
    coolingW: 4_200,
    waterLPerPersonH: 9,
  });
  builder.lightingController(
    `${id}-light`,
    label(`${number} 灯光控制器`, `Lighting controller ${number}`),
    id,
    BUILDING,
  );
  addSensors(builder, id, number);
  if (!laboratory.hood) return;
  builder.hood({ id: `${id}-hood`, room: id });
  builder.device({
    id: `${id}-hood`,
    name: label(`${number} 通风柜`, `Fume hood ${number}`),
    profile: "lamplighter/fume-hood",
    space: id,
    role: { kind: "fumeHood", hood: `${id}-hood` },
    wire: { protocol: "opcua", object: `${id}-hood` },
    poweredBy: BUILDING,
  });
}

/** One detector beside the gas taps and one by the door, both on their own emergency supply. */
function addSensors(builder: CampusBuilder, room: string, number: string): void {
  const places = [
    label(`${number} 气源侧探测器`, `${number}, detector by the gas taps`),
    label(`${number} 门侧探测器`, `${number}, detector by the door`),
  ];
  places.forEach((name, i) => {
    const id = `${room}-gas-${i + 1}`;
    builder.device({
      id,
      name,
      profile: "lamplighter/lab-sensor",
      space: room,
      role: { kind: "labSensor", room, position: i === 0 ? 0 : 1 },
      wire: { protocol: "mqtt", topic: `campus/lab/${id}` },
    });
  });
}

function addDoors(builder: CampusBuilder): void {
  builder.doorPanel(
    { id: "lab-entrance", space: BUILDING, serves: BUILDING, locked: true, passagesPerHour: 24 },
    label("实验楼正门", "Laboratory building, entrance"),
  );
  builder.doorPanel(
    {
      id: "chem-b214-door",
      space: "chem-b214",
      serves: "chem-b214",
      locked: true,
      passagesPerHour: 8,
    },
    label("B214 实验室门", "Door of laboratory B214"),
  );
  builder.space({
    id: "chem-store",
    parent: "lab-f2",
    kind: "room",
    use: "storage",
    name: label("危险化学品储存室", "Chemical store"),
    areaM2: 24,
    laboratoryLevel: 1,
  });
  builder.doorPanel(
    {
      id: "chem-store-door",
      space: "chem-store",
      serves: "chem-store",
      locked: true,
      passagesPerHour: 1,
    },
    label("危化品储存室门", "Door of the chemical store"),
  );
}
