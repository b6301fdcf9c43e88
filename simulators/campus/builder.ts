/** Collects a campus part by part, and knows what every part of one kind has in common. */
import type { Label } from "../../core/label.ts";
import type {
  Campus,
  CampusDevice,
  CampusSpace,
  Door,
  Feeder,
  FumeHood,
  HeatSupply,
  ModbusLine,
  Room,
  WaterSupply,
} from "../world/campus.ts";
import { keyOf } from "../world/chance.ts";

export const label = (zh: string, en: string): Label => ({ zh, en });

type NewFeeder = Omit<Feeder, "phases"> & Partial<Pick<Feeder, "phases">>;
type NewDevice = Omit<CampusDevice, "serial">;

export class CampusBuilder {
  readonly id: string;
  readonly name: Label;
  readonly #spaces: CampusSpace[] = [];
  readonly #rooms: Room[] = [];
  readonly #feeders: Feeder[] = [];
  readonly #water: WaterSupply[] = [];
  readonly #heat: HeatSupply[] = [];
  readonly #doors: Door[] = [];
  readonly #hoods: FumeHood[] = [];
  readonly #lines: ModbusLine[] = [];
  readonly #devices: CampusDevice[] = [];

  constructor(id: string, name: Label) {
    this.id = id;
    this.name = name;
  }

  space(space: CampusSpace): void {
    this.#spaces.push(space);
  }

  room(room: Room): void {
    this.#rooms.push(room);
  }

  /** Loads never fall evenly; which phase carries more is the electrician's secret. */
  feeder(feeder: NewFeeder): void {
    const tilt = ((keyOf(feeder.id) % 100) / 100 - 0.5) * 0.06;
    this.#feeders.push({ phases: [1 / 3 + tilt, 1 / 3 - tilt / 2, 1 / 3 - tilt / 2], ...feeder });
  }

  water(supply: WaterSupply): void {
    this.#water.push(supply);
  }

  heat(supply: HeatSupply): void {
    this.#heat.push(supply);
  }

  door(door: Door): void {
    this.#doors.push(door);
  }

  hood(hood: FumeHood): void {
    this.#hoods.push(hood);
  }

  line(id: string, transport: ModbusLine["transport"] = "tcp"): void {
    this.#lines.push({ id, transport });
  }

  device(device: NewDevice): void {
    const serial = String(10_000_000 + (keyOf(device.id) % 90_000_000));
    this.#devices.push({ ...device, serial });
  }

  #nameOf(space: string): Label {
    const found = this.#spaces.find(({ id }) => id === space);
    if (found === undefined) throw new Error(`the campus has no space "${space}"`);
    return found.name;
  }

  /** The next free unit id of a line; 1 is left to whoever plugs in a new device. */
  unitOn(line: string): number {
    const taken = this.#devices.filter(
      ({ wire }) => wire.protocol === "modbus" && wire.line === line,
    );
    return taken.length + 2;
  }

  electricityMeter(meter: {
    readonly id: string;
    readonly name: Label;
    readonly feeder: string;
    readonly space: string;
    readonly line: string;
    readonly profile: "eastron/sdm630" | "chint/dtsu666";
    readonly poweredBy?: string;
  }): void {
    const { feeder, line, ...device } = meter;
    this.device({
      ...device,
      role: { kind: "electricityMeter", feeder },
      wire: { protocol: "modbus", line, unit: this.unitOn(line) },
    });
  }

  waterMeter(building: string, line: string, volumeAtStartM3: number): void {
    const id = `${building}-water`;
    const name = this.#nameOf(building);
    this.water({ id, building, volumeAtStartM3 });
    this.device({
      id,
      name: label(`${name.zh}水表`, `${name.en}, water meter`),
      profile: "dynaflox/ultrad",
      space: building,
      role: { kind: "waterMeter", supply: id },
      wire: { protocol: "modbus", line, unit: this.unitOn(line) },
    });
  }

  /** Two makes on one campus: the Kamstrup datagram has no energy register, the Calec has. */
  heatMeter(
    building: string,
    line: string,
    lossWPerK: number,
    profile: "aquametro/calec-st" | "kamstrup/multical-hc003-67",
  ): void {
    const id = `${building}-heat`;
    const name = this.#nameOf(building);
    this.heat({ id, building, lossWPerK, energyAtStartKwh: lossWPerK * 30 });
    this.device({
      id,
      name: label(`${name.zh}热量表`, `${name.en}, heat meter`),
      profile,
      space: building,
      role: { kind: "heatMeter", supply: id },
      wire: { protocol: "modbus", line, unit: this.unitOn(line) },
    });
  }

  lightingController(id: string, name: Label, room: string, poweredBy: string): void {
    this.device({
      id,
      name,
      profile: "lamplighter/lighting-controller",
      space: room,
      role: { kind: "lighting", room },
      wire: { protocol: "opcua", object: id },
      poweredBy,
    });
  }

  doorPanel(door: Door, name: Label): void {
    this.door(door);
    this.device({
      id: door.id,
      name,
      profile: "lamplighter/door-panel",
      space: door.space,
      role: { kind: "doorPanel", door: door.id },
      wire: { protocol: "mqtt", topic: `campus/door/${door.id}` },
    });
  }

  build(): Campus {
    return {
      id: this.id,
      name: this.name,
      zone: "Asia/Shanghai",
      spaces: this.#spaces,
      rooms: this.#rooms,
      feeders: this.#feeders,
      water: this.#water,
      heat: this.#heat,
      doors: this.#doors,
      hoods: this.#hoods,
      lines: this.#lines,
      devices: this.#devices,
    };
  }
}
