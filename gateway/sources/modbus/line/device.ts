/**
 * One device as the bus sees it: its plan and what was learned, the last state of every point, and
 * the samples that follow from an answer or a failure. Good values are offered each time; a bad one
 * once when it becomes bad and then by its heartbeat, and never with the value it had before.
 */
import type { Clock } from "../../../../core/clock.ts";
import type { DeviceId, PointId } from "../../../../core/ids.ts";
import { pointId } from "../../../../core/ids.ts";
import { failure, type Outcome, success } from "../../../../core/outcome.ts";
import type { BadReason, Value } from "../../../../core/sample.ts";
import { elapsed, type Monotonic } from "../../../../core/time.ts";
import type {
  ModbusAddress,
  ModbusPoint,
  ModbusProfile,
  ModbusTable,
} from "../../../../device-profiles/profile.ts";
import type { PersonalHash } from "../../personal.ts";
import type { SourceValue } from "../../source.ts";
import { type DecodeContext, decodePoint, type NoValue, type Words, widthOf } from "../decode.ts";
import { type Knowledge, NOTHING_KNOWN, type PlannedRead } from "../plan.ts";
import { afterStep, BEGIN, nextAddress, type Search } from "./sunspec.ts";

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
  point: ModbusPoint;
  readonly id: PointId;
  value: Value | undefined;
  bad: NoValue | undefined;
  badOfferedAt: Monotonic | undefined;
}

export class DeviceState {
  readonly device: DeviceId;
  readonly unit: number;
  knowledge: Knowledge = NOTHING_KNOWN;
  #profile: ModbusProfile;
  #search: Search | undefined;
  #liveness: { readonly value: Value; readonly since: Monotonic } | undefined;
  readonly #hash: PersonalHash | undefined;
  readonly #clock: Clock;
  readonly #settings: Readonly<Record<string, number>>;
  readonly #points: ReadonlyMap<string, PointState>;
  /** Registers that other points are scaled by, as last read. */
  readonly #shared = new Map<string, number>();
  #sharedAddresses: ReadonlySet<string>;
  /** How many points are bad. */
  #bad = 0;

  constructor(config: ModbusDevice, clock: Clock, hash: PersonalHash | undefined) {
    this.device = config.device;
    this.unit = config.unit;
    this.#clock = clock;
    this.#settings = withDefaults(config);
    this.#hash = hash;
    this.#profile = shifted(config.profile, this.#settings);
    this.#search = this.#profile.sunspec === undefined ? undefined : BEGIN;
    this.#sharedAddresses = sharedAddresses(this.#profile);
    this.#points = pointStates(config.device, this.#profile);
  }

  /** With the addresses as they are on this device's wire. */
  get profile(): ModbusProfile {
    return this.#profile;
  }

  /** False while it is not known where the device keeps its SunSpec models. */
  get isLocated(): boolean {
    return this.#search === undefined;
  }

  /** The two registers to read next in the search. */
  get searchedAddress(): number | undefined {
    const { sunspec } = this.#profile;
    if (sunspec === undefined || this.#search === undefined) return undefined;
    return nextAddress(this.#search, sunspec);
  }

  /** One step of the search; the samples say why when it was in vain. */
  searched(words: readonly number[] | undefined): SourceValue[] {
    const { sunspec } = this.#profile;
    if (sunspec === undefined || this.#search === undefined) return [];
    this.#search = afterStep(this.#search, sunspec, words);
    if (this.#search.kind === "found") return this.#locate(this.#search);
    if (this.#search.kind !== "notFound") return [];
    const detail = this.#search.why;
    this.#search = BEGIN;
    return this.allFailed({ reason: "notImplemented", detail });
  }

  /**
   * At the beginning of a search, which may wait; in the middle of it the next step follows at
   * once.
   */
  get isSearchAtStart(): boolean {
    return this.#search === BEGIN;
  }

  /** Points of models that are not there are bad once and for all. */
  #locate({ start, found }: Extract<Search, { kind: "found" }>): SourceValue[] {
    this.#search = undefined;
    const isThere = (point: ModbusPoint): boolean =>
      point.read.model === undefined || found.has(point.read.model);
    const missing = this.#profile.points.filter((point) => !isThere(point));
    const there = { ...this.#profile, points: this.#profile.points.filter(isThere) };
    this.#profile = movedProfile(there, (address, model) => {
      return (model === undefined ? start : (found.get(model) ?? start)) + address;
    });
    this.#sharedAddresses = sharedAddresses(this.#profile);
    for (const point of this.#profile.points) {
      const state = this.#points.get(point.name);
      if (state !== undefined) state.point = point;
    }
    return this.failed(missing, {
      reason: "notImplemented",
      detail: "the device lacks this model",
    });
  }

  /** The point that must change does not: what the device says is not of now. */
  get isStandingStill(): boolean {
    const { liveness } = this.#profile;
    if (liveness === undefined || this.#liveness === undefined) return false;
    return elapsed(this.#liveness.since, this.#clock.monotonic()) > liveness.changesWithin;
  }

  get standstill(): NoValue {
    const { liveness } = this.#profile;
    const shown = liveness === undefined ? "" : `${liveness.point} stood still for `;
    return { reason: "deviceBad", detail: `${shown}${liveness?.changesWithin ?? 0} ms` };
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
    for (const point of this.#inOrder(here)) {
      const state = this.#points.get(point.name);
      if (state !== undefined) values.push(...this.#decoded(state, context));
    }
    return values;
  }

  /** What others depend on first: the sign of life, then what gates, then what is gated. */
  #inOrder(points: readonly ModbusPoint[]): readonly ModbusPoint[] {
    const rank = (point: ModbusPoint): number => {
      if (point.name === this.#profile.liveness?.point) return 0;
      return point.gate === undefined ? 1 : 2;
    };
    return points.toSorted((a, b) => rank(a) - rank(b));
  }

  #decoded(state: PointState, context: DecodeContext): SourceValue[] {
    const { point } = state;
    const isLiveness = point.name === this.#profile.liveness?.point;
    if (!isLiveness && this.isStandingStill) return this.#becameBad(state, this.standstill);
    if (!this.#isReady(point, context)) return [];
    const decoded = this.#hidden(point, decodePoint(point, context));
    if (!decoded.ok) return this.#becameBad(state, decoded.error);
    const { value } = decoded;
    const time = this.#clock.now();
    if (isLiveness && this.#liveness?.value !== value) {
      this.#liveness = { value, since: this.#clock.monotonic() };
    }
    state.value = value;
    if (state.bad !== undefined) this.#bad--;
    state.bad = undefined;
    return [{ point: state.id, time, timeSource: "gateway", quality: "good", value }];
  }

  /** Personal values leave only as hashes, and their refusals without words. */
  #hidden(point: ModbusPoint, decoded: Outcome<Value, NoValue>): Outcome<Value, NoValue> {
    if (!point.personal) return decoded;
    const detail = "personal value";
    if (!decoded.ok) return failure({ reason: decoded.error.reason, detail });
    if (this.#hash === undefined)
      return failure({ reason: "setAside", detail: "no key to hide it" });
    return success(this.#hash(String(decoded.value)));
  }

  /**
   * Whether everything this value depends on has been read; until then there is neither a value nor
   * a reason to call it bad.
   */
  #isReady(point: ModbusPoint, context: DecodeContext): boolean {
    const gate = point.gate === undefined ? undefined : this.#points.get(point.gate.point);
    if (gate !== undefined && gate.value === undefined) {
      if (gate.bad === undefined || OF_THE_LINE.has(gate.bad.reason)) return false;
    }
    return scalersOf(point).every((at) => {
      const words = Array.from({ length: widthOf(at) }, (_, i) => at.address + i);
      return words.every((address) => context.words(at.table, address) !== undefined);
    });
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
    this.#liveness = undefined;
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

/** Reasons that say nothing of the point itself. */
const OF_THE_LINE: ReadonlySet<BadReason> = new Set([
  "timeout",
  "connectionLost",
  "badFrame",
  "deviceOffline",
]);

const pointStates = (device: DeviceId, profile: ModbusProfile): ReadonlyMap<string, PointState> =>
  new Map(
    profile.points.map((point) => [
      point.name,
      {
        point,
        id: pointId(device, point.name),
        value: undefined,
        bad: undefined,
        badOfferedAt: undefined,
      },
    ]),
  );

/** Registers that scale the point. */
const scalersOf = (point: ModbusPoint): readonly ModbusAddress[] => [
  ...(point.multiplyFrom ?? []).map((factor) => factor.read),
  ...(point.exponentFrom === undefined ? [] : [point.exponentFrom]),
];

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
  for (const at of profile.points.flatMap(scalersOf)) {
    for (let i = 0; i < widthOf(at); i++) keys.add(`${at.table}:${at.address + i}`);
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
    ...(point.handshake && {
      handshake: {
        ...point.handshake,
        ready: at(point.handshake.ready),
        clear: {
          ...point.handshake.clear,
          address: move(point.handshake.clear.address, undefined),
        },
      },
    }),
    ...(point.write && {
      write: { ...point.write, address: move(point.write.address, point.read.model) },
    }),
  }));
  const { keepAlive } = profile;
  if (keepAlive === undefined) return { ...profile, points };
  const write = { ...keepAlive.write, address: move(keepAlive.write.address, undefined) };
  return { ...profile, points, keepAlive: { ...keepAlive, write } };
}
