/** Reads every point of one Modbus device with the words behind each value. */
import type { Clock } from "../../core/clock.ts";
import { deviceId } from "../../core/ids.ts";
import type { Value } from "../../core/sample.ts";
import { elapsed, type Monotonic, milliseconds } from "../../core/time.ts";
import type { ModbusPoint, ModbusProfile } from "../../device-profiles/profile.ts";
import type { ModbusConnection } from "../configuration.ts";
import { type Block, DeviceState } from "../sources/modbus/line/device.ts";
import { type Ask, FieldLine } from "./field-line.ts";
import { rawWordsOf, readRound } from "./read-round.ts";
import type { SeenPoint } from "./read-table.ts";
import { HIDDEN, type Reader } from "./reader.ts";

export interface ModbusReaderOptions {
  readonly connection: ModbusConnection;
  readonly unit: number;
  readonly profile: ModbusProfile;
  readonly settings: Readonly<Record<string, number>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens the line; rejects with CONNECTION_FAILED. */
export async function openModbusReader(options: ModbusReaderOptions): Promise<Reader> {
  const line = new FieldLine(options.connection, options.clock, options.signal);
  await line.open();
  const pause = options.profile.limits.pauseAfterConnect;
  if (pause > 0) await options.clock.sleep(pause, options.signal);
  return new ModbusReader(line, options);
}

interface Heard {
  readonly words: readonly number[];
  readonly at: Monotonic;
}

class ModbusReader implements Reader {
  readonly title: string;
  readonly #line: FieldLine;
  readonly #options: ModbusReaderOptions;
  readonly #device: DeviceState;
  readonly #heard = new Map<string, Heard>();

  constructor(line: FieldLine, options: ModbusReaderOptions) {
    const { profile, unit, settings, clock } = options;
    this.title = `${profile.id}, unit ${unit} on ${line.line.name}`;
    this.#line = line;
    this.#options = options;
    const config = { device: deviceId("field"), unit, profile, settings };
    this.#device = new DeviceState(config, clock, () => HIDDEN);
  }

  async refresh(): Promise<void> {
    const { clock, signal, profile } = this.#options;
    const { timing } = this.#line.line;
    const round = await readRound({ device: this.#device, ask: this.#ask, timing, signal });
    for (const point of profile.points) this.#note(point, round.blocks, clock.monotonic());
  }

  readonly #ask: Ask = async (range) => {
    const { clock, signal, unit, profile } = this.#options;
    const { pauseBetween, answerWithin } = profile.limits;
    if (pauseBetween > 0) await clock.sleep(milliseconds(pauseBetween), signal);
    return this.#line.ask(unit, range, answerWithin);
  };

  /** The device may keep its models elsewhere than the profile's own addresses say. */
  #note({ name }: ModbusPoint, blocks: readonly Block[], at: Monotonic): void {
    const point = this.#device.profile.points.find((candidate) => candidate.name === name);
    const words = point === undefined ? undefined : rawWordsOf(point, blocks);
    if (words === undefined) this.#heard.delete(name);
    else this.#heard.set(name, { words, at });
  }

  seen(): readonly SeenPoint[] {
    return this.#options.profile.points.map((point) => this.#seenPoint(point));
  }

  #seenPoint(point: ModbusPoint): SeenPoint {
    if (point.writeOnly === true) return { point, problem: "it can only be written" };
    if (point.handshake !== undefined) {
      return { point, problem: "not read: the device holds it for its gateway to take over" };
    }
    const heard = this.#heard.get(point.name);
    const { table } = point.read;
    const raw = heard === undefined || point.personal ? {} : { raw: { table, words: heard.words } };
    const value: Value | undefined = this.#device.latest(point.name);
    if (value === undefined || heard === undefined) {
      return { point, ...raw, problem: this.#problemOf(point) };
    }
    const ageMs = elapsed(heard.at, this.#options.clock.monotonic());
    return { point, ...raw, value, ageMs };
  }

  #problemOf(point: ModbusPoint): string {
    return this.#device.badDetail(point.name) ?? "not read";
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}
