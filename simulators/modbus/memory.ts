/**
 * A device's registers and coils as its profile lays them out: encoded from the world when somebody asks,
 * refused where the real device refuses.
 */
import type {
  ModbusAddress,
  ModbusPoint,
  ModbusProfile,
  ModbusRange,
  ModbusTable,
  ModbusWrite,
} from "../../device-profiles/profile.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";
import { type Bank, EXCEPTION, type Refusal } from "./answer.ts";
import { decodeWritten, encode, registersOf } from "./encode.ts";
import { knownFunctions } from "./functions.ts";
import { registersOfPoint } from "./point-registers.ts";
import { fixedRegisters, onTheWire } from "./sunspec.ts";

/** Registers of one map closer than this stand in one block; devices answer zero in between. */
const BLOCK_GAP = 16;

interface Block {
  readonly from: number;
  readonly words: Uint16Array;
}

export class DeviceMemory implements Bank {
  readonly #device: SimulatedDevice;
  readonly #profile: ModbusProfile;
  readonly #blocks: ReadonlyMap<ModbusTable, readonly Block[]>;
  readonly #functions: ReadonlySet<number>;
  /** What the wire adds to every address of the profile. */
  readonly #shift: number;
  #encodedAt = -1;

  constructor(device: SimulatedDevice, profile: ModbusProfile) {
    this.#device = device;
    this.#profile = profile;
    this.#blocks = layOut(profile);
    this.#functions = knownFunctions(profile);
    this.#shift = onTheWire(profile, ORIGIN).address;
  }

  knows(code: number): boolean {
    return this.#functions.has(code);
  }

  read(table: ModbusTable, address: number, count: number): readonly number[] | Refusal {
    const { limits } = this.#profile;
    const max = table === "coil" || table === "discrete" ? limits.coilsMax : limits.registersMax;
    if (count > max) return { exception: EXCEPTION.illegalValue };
    if (!mayRead(limits, table, address, count)) return { exception: EXCEPTION.illegalAddress };
    const block = this.#blockAt(table, address, count);
    if (block === undefined) return { exception: EXCEPTION.illegalAddress };
    this.#encode();
    const from = address - block.from;
    return Array.from(block.words.subarray(from, from + count));
  }

  write(
    table: "coil" | "holding",
    address: number,
    values: readonly number[],
  ): Refusal | undefined {
    return table === "coil" ? this.#writeCoils(address, values) : this.#writeWords(address, values);
  }

  /** The relay boards' own command: 0x5500 turns a relay over, address 0x00FF means all. */
  odd(address: number, value: number): boolean {
    if (value !== 0x5500 || this.#device.device.role.kind !== "relayBoard") return false;
    const now = this.read("coil", address, 1);
    if ("exception" in now) return false;
    return this.#writeCoils(address, [now[0] ? 0 : 1]) === undefined;
  }

  #blockAt(table: ModbusTable, address: number, count: number): Block | undefined {
    return this.#blocks
      .get(table)
      ?.find(({ from, words }) => address >= from && address + count <= from + words.length);
  }

  #encode(): void {
    const { version } = this.#device;
    if (version === this.#encodedAt) return;
    this.#encodedAt = version;
    for (const blocks of this.#blocks.values()) for (const { words } of blocks) words.fill(0);
    for (const { read, raw } of fixedRegisters(this.#profile, this.#device.device.serial)) {
      this.#put(read, raw);
    }
    for (const point of this.#profile.points) {
      const falsified = this.#device.value(point);
      for (const { read, raw } of registersOfPoint(this.#profile, point, falsified)) {
        this.#put(read, raw);
      }
    }
  }

  #put(read: ModbusAddress, raw: number | string): void {
    const encoded = encode(read, raw);
    const block = this.#blockAt(read.table, read.address, encoded.length);
    if (block === undefined) return;
    encoded.forEach((word, i) => {
      const at = read.address - block.from + i;
      // Several points may share a register through masks.
      block.words[at] = read.mask === undefined ? word : (block.words[at] ?? 0) | word;
    });
  }

  #writeCoils(address: number, values: readonly number[]): Refusal | undefined {
    const points = values.map((_, i) => this.#writable(address + i, true)[0]);
    if (points.some((point) => point === undefined)) return { exception: EXCEPTION.illegalAddress };
    points.forEach((point, i) => {
      if (point) this.#device.write(point, scaledOf(point, values[i] ?? 0));
    });
    return undefined;
  }

  #writeWords(address: number, words: readonly number[]): Refusal | undefined {
    const actions: (() => void)[] = [];
    for (let i = 0; i < words.length; ) {
      const points = this.#writable(address + i, false);
      const [first] = points;
      if (first?.write === undefined) return { exception: EXCEPTION.illegalAddress };
      const size = registersOf({ ...first.write, table: "holding" });
      const own = words.slice(i, i + size);
      // Half a number is no number.
      if (own.length < size) return { exception: EXCEPTION.illegalValue };
      for (const point of points) {
        if (point.write) actions.push(() => this.#device.write(point, writtenValue(point, own)));
      }
      i += size;
    }
    for (const action of actions) action();
    return undefined;
  }

  #writable(address: number, coil: boolean): readonly ModbusPoint[] {
    return this.#profile.points.filter(
      ({ write }) =>
        write !== undefined && write.address + this.#shift === address && isCoil(write) === coil,
    );
  }
}

const ORIGIN: ModbusAddress = {
  table: "holding",
  address: 0,
  type: "uint16",
  order: { words: "big", bytes: "big" },
};

const isCoil = ({ function: name }: ModbusWrite): boolean =>
  name === "writeCoil" || name === "writeCoils";

function writtenValue(point: ModbusPoint, words: readonly number[]): number {
  const { write } = point;
  if (write === undefined) return 0;
  const raw = decodeWritten(write, words);
  const masked = write.mask === undefined ? raw : (raw & write.mask) >> (write.shift ?? 0);
  return scaledOf(point, masked);
}

function scaledOf(point: ModbusPoint, raw: number): number {
  return point.codes?.[String(raw)] ?? raw * point.scale + point.offset;
}

const overlaps = (range: ModbusRange, address: number, count: number): boolean =>
  address <= range.through && address + count > range.from;

function mayRead(
  limits: ModbusProfile["limits"],
  table: ModbusTable,
  address: number,
  count: number,
): boolean {
  const hit = (ranges: readonly ModbusRange[]): ModbusRange | undefined =>
    ranges.find((range) => range.table === table && overlaps(range, address, count));
  if (hit(limits.prohibited)) return false;
  const alone = hit(limits.readAlone);
  return alone === undefined || (address >= alone.from && address + count - 1 <= alone.through);
}

function layOut(profile: ModbusProfile): ReadonlyMap<ModbusTable, readonly Block[]> {
  const ranges = new Map<ModbusTable, [number, number][]>();
  for (const point of profile.points) {
    for (const { read } of registersOfPoint(profile, point, { kind: "value", value: 0 })) {
      const list = ranges.get(read.table) ?? [];
      list.push([read.address, read.address + registersOf(read)]);
      ranges.set(read.table, list);
    }
  }
  for (const { read } of fixedRegisters(profile, "")) {
    const list = ranges.get(read.table) ?? [];
    list.push([read.address, read.address + registersOf(read)]);
    ranges.set(read.table, list);
  }
  const gap = Math.max(BLOCK_GAP, profile.limits.gapMax);
  return new Map([...ranges].map(([table, list]) => [table, merge(list, gap)]));
}

function merge(ranges: [number, number][], gap: number): readonly Block[] {
  const merged: [number, number][] = [];
  for (const [from, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from - last[1] <= gap) last[1] = Math.max(last[1], end);
    else merged.push([from, end]);
  }
  return merged.map(([from, end]) => ({ from, words: new Uint16Array(end - from) }));
}
