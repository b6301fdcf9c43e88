/**
 * One device as the bus sees it: its plan and what was learned, the last state of every point, and the
 * samples that follow from an answer or a failure. Good values are offered each time; a bad one once when
 * it becomes bad and then by its heartbeat, and never with the value it had before.
 */
import type { Clock } from "../../../core/clock.ts";
import type { DeviceId, PointId } from "../../../core/ids.ts";
import { pointId } from "../../../core/ids.ts";
import type { Value } from "../../../core/sample.ts";
import type { Monotonic } from "../../../core/time.ts";
import type { ModbusPoint, ModbusProfile, ModbusTable } from "../../../device-profiles/profile.ts";
import type { SourceValue } from "../source.ts";
import { type DecodeContext, decodePoint, type NoValue, type Words } from "./decode.ts";
import { type Knowledge, NOTHING_KNOWN, type PlannedRead } from "./plan.ts";

export interface ModbusDevice {
  readonly device: DeviceId;
  readonly unit: number;
  readonly profile: ModbusProfile;
  readonly settings: Readonly<Record<string, number>>;
}

/** What one read brought. */
export interface Block {
  readonly table: ModbusTable;
  readonly address: number;
  readonly values: readonly number[];
}

interface PointState {
  readonly point: ModbusPoint;
  readonly id: PointId;
  value: Value | undefined;
  bad: NoValue | undefined;
  badOfferedAt: Monotonic | undefined;
}

export class DeviceState {
  readonly device: DeviceId;
  readonly unit: number;
  readonly profile: ModbusProfile;
  knowledge: Knowledge = NOTHING_KNOWN;
  readonly #clock: Clock;
  readonly #settings: Readonly<Record<string, number>>;
  readonly #points: ReadonlyMap<string, PointState>;
  /** Registers that other points are scaled by, as last read. */
  readonly #shared = new Map<string, number>();
  readonly #sharedAddresses: ReadonlySet<string>;
  /** How many points are bad. */
  #bad = 0;

  constructor(config: ModbusDevice, clock: Clock) {
    this.device = config.device;
    this.unit = config.unit;
    this.#clock = clock;
    this.#settings = withDefaults(config);
    this.profile = shifted(config.profile, this.#settings);
    this.#sharedAddresses = sharedAddresses(this.profile);
    this.#points = new Map(
      this.profile.points.map((point) => [
        point.name,
        {
          point,
          id: pointId(config.device, point.name),
          value: undefined,
          bad: undefined,
          badOfferedAt: undefined,
        },
      ]),
    );
  }

  pointOf(id: PointId): ModbusPoint | undefined {
    for (const state of this.#points.values()) if (state.id === id) return state.point;
    return undefined;
  }

  latest(name: string): Value | undefined {
    return this.#points.get(name)?.value;
  }

  get hasBad(): boolean {
    return this.#bad > 0;
  }

  badDetail(name: string): string | undefined {
    return this.#points.get(name)?.bad?.detail;
  }

  /** Settings and registers that scale a value back for writing. */
  get context(): DecodeContext {
    return this.#contextOf([]);
  }

  /** The samples of an answered read; gates are looked at after the points they look at. */
  applied(read: Pick<PlannedRead, "points">, blocks: readonly Block[]): SourceValue[] {
    for (const block of blocks) this.#remember(block);
    const context = this.#contextOf(blocks);
    const values: SourceValue[] = [];
    const here = read.points.filter((point) => isIn(point, blocks));
    for (const point of [...here.filter(isUngated), ...here.filter((p) => !isUngated(p))]) {
      const state = this.#points.get(point.name);
      if (state === undefined) continue;
      const decoded = decodePoint(point, context);
      if (!decoded.ok) {
        values.push(...this.#becameBad(state, decoded.error));
        continue;
      }
      state.value = decoded.value;
      if (state.bad !== undefined) this.#bad--;
      state.bad = undefined;
      values.push({
        point: state.id,
        time: this.#clock.now(),
        timeSource: "gateway",
        quality: "good",
        value: decoded.value,
      });
    }
    return values;
  }

  /** These points have no value now, for this reason. */
  failed(points: Iterable<ModbusPoint>, why: NoValue): SourceValue[] {
    const values: SourceValue[] = [];
    for (const point of points) {
      const state = this.#points.get(point.name);
      if (state !== undefined) values.push(...this.#becameBad(state, why));
    }
    return values;
  }

  /** Every point but those set aside, which keep their own reason. */
  allFailed(why: NoValue): SourceValue[] {
    this.#shared.clear();
    return this.failed(
      this.profile.points.filter((point) => !this.knowledge.setAside.has(point.name)),
      why,
    );
  }

  /** Bad points whose heartbeat is due again. */
  repeated(): SourceValue[] {
    const values: SourceValue[] = [];
    for (const state of this.#points.values()) {
      if (state.bad !== undefined) values.push(...this.#becameBad(state, state.bad));
    }
    return values;
  }

  #becameBad(state: PointState, why: NoValue): SourceValue[] {
    const now = this.#clock.monotonic();
    const isNew = state.bad?.reason !== why.reason;
    state.value = undefined;
    if (state.bad === undefined) this.#bad++;
    state.bad = why;
    const due = (state.badOfferedAt ?? now) + state.point.heartbeat;
    if (!isNew && now < due) return [];
    state.badOfferedAt = now;
    return [
      {
        point: state.id,
        time: this.#clock.now(),
        timeSource: "gateway",
        quality: "bad",
        reason: why.reason,
        detail: why.detail,
      },
    ];
  }

  #remember(block: Block): void {
    if (this.#sharedAddresses.size === 0) return;
    for (let i = 0; i < block.values.length; i++) {
      const key = `${block.table}:${block.address + i}`;
      if (this.#sharedAddresses.has(key)) this.#shared.set(key, block.values[i] ?? 0);
    }
  }

  #contextOf(blocks: readonly Block[]): DecodeContext {
    const words: Words = (table, address) => {
      for (const block of blocks) {
        if (block.table !== table) continue;
        const value = block.values[address - block.address];
        if (value !== undefined) return value;
      }
      return this.#shared.get(`${table}:${address}`);
    };
    return { words, settings: this.#settings, latestOf: (name) => this.latest(name) };
  }
}

const isUngated = (point: ModbusPoint): boolean => point.gate === undefined;

/** Whether the point's own registers came, not only those it is scaled by. */
const isIn = (point: ModbusPoint, blocks: readonly Block[]): boolean =>
  blocks.some(
    (block) =>
      block.table === point.read.table &&
      point.read.address >= block.address &&
      point.read.address < block.address + block.values.length,
  );

function withDefaults({ profile, settings }: ModbusDevice): Readonly<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const [name, setting] of Object.entries(profile.settings)) {
    if (setting.default !== undefined) all[name] = setting.default;
  }
  return { ...all, ...settings };
}

function sharedAddresses(profile: ModbusProfile): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const point of profile.points) {
    const others = (point.multiplyFrom ?? []).map((factor) => factor.read);
    for (const at of [...others, ...(point.exponentFrom ? [point.exponentFrom] : [])]) {
      for (let i = 0; i < 4; i++) keys.add(`${at.table}:${at.address + i}`);
    }
  }
  return keys;
}

/** Some manuals print addresses one too high, and nobody knows which until it is tried. */
function shifted(
  profile: ModbusProfile,
  settings: Readonly<Record<string, number>>,
): ModbusProfile {
  const by = profile.shiftBy === undefined ? 0 : (settings[profile.shiftBy] ?? 0);
  return by === 0 ? profile : movedProfile(profile, (address) => address + by);
}

/** The profile with every address moved. */
export function movedProfile(
  profile: ModbusProfile,
  move: (address: number, model: number | undefined) => number,
): ModbusProfile {
  const at = <A extends { readonly address: number; readonly model?: number }>(a: A): A => ({
    ...a,
    address: move(a.address, a.model),
  });
  const points = profile.points.map((point) => ({
    ...point,
    read: at(point.read),
    ...(point.exponentFrom && { exponentFrom: at(point.exponentFrom) }),
    ...(point.multiplyFrom && {
      multiplyFrom: point.multiplyFrom.map((factor) => ({ ...factor, read: at(factor.read) })),
    }),
    ...(point.plus && { plus: point.plus.map((part) => ({ ...part, read: at(part.read) })) }),
    ...(point.write && {
      write: { ...point.write, address: move(point.write.address, point.read.model) },
    }),
  }));
  return { ...profile, points };
}
