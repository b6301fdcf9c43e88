/**
 * One look at every point of a Modbus device: SunSpec models are searched for once, then everything
 * is read in as few requests as the profile allows. A read that the device refuses is asked again
 * point by point, so that each point has its own words or its own error.
 */
import type { LamplighterError } from "../../core/errors.ts";
import type { BadReason } from "../../core/sample.ts";
import { type Duration, seconds } from "../../core/time.ts";
import type { ModbusPoint, PollClass } from "../../device-profiles/profile.ts";
import { type NoValue, widthOf } from "../sources/modbus/decode.ts";
import type { Block, DeviceState } from "../sources/modbus/line/device.ts";
import { isRefusal } from "../sources/modbus/line/line-state.ts";
import {
  type LineTiming,
  type PlannedRead,
  planDevice,
  planPoint,
} from "../sources/modbus/plan.ts";
import type { SourceValue } from "../sources/source.ts";
import type { Ask } from "./field-line.ts";

/** After this many reads without an answer, and none before, a device is not asked further. */
const SILENT_READS_MAX = 2;
/** "Illegal function", "illegal data address", "illegal data value": asking again changes nothing. */
const FINAL_EXCEPTIONS: ReadonlySet<unknown> = new Set([1, 2, 3]);

/** Everything in one round. */
const PACE = seconds(1);
const ONE_PACE: Readonly<Record<PollClass, Duration>> = {
  hazard: PACE,
  fast: PACE,
  power: PACE,
  energy: PACE,
  slow: PACE,
  configuration: PACE,
};

export interface Round {
  readonly values: readonly SourceValue[];
  readonly blocks: readonly Block[];
}

export interface RoundParts {
  readonly device: DeviceState;
  readonly ask: Ask;
  readonly timing: LineTiming;
  readonly signal: AbortSignal;
}

export async function readRound(parts: RoundParts): Promise<Round> {
  const { device, signal } = parts;
  const values = [...(await locate(parts))];
  if (!device.isLocated) return { values, blocks: [] };
  const blocks: Block[] = [];
  let silent = 0;
  for (const read of planDevice(device.profile, parts.timing, device.knowledge, ONE_PACE).reads) {
    if (signal.aborted) break;
    const failed = await readBlock(read, parts, blocks, values);
    if (failed !== undefined) silent++;
    if (failed === undefined || blocks.length > 0 || silent < SILENT_READS_MAX) continue;
    values.push(...device.allFailed(noValueOf(failed)));
    break;
  }
  values.push(...device.applied({ points: device.profile.points }, blocks));
  return { values, blocks };
}

async function locate({ device, ask, signal }: RoundParts): Promise<readonly SourceValue[]> {
  const values: SourceValue[] = [];
  while (!device.isLocated && !signal.aborted) {
    const address = device.searchedAddress;
    if (address === undefined) break;
    const asked = await ask({ table: "holding", address, count: 2 });
    if (!asked.ok && !isRefusal(asked.error)) {
      return [...values, ...device.allFailed(noValueOf(asked.error))];
    }
    values.push(...device.searched(asked.ok ? asked.value : undefined));
    if (device.isSearchAtStart) break;
  }
  return values;
}

/** The error when nobody answered; a refusal is an answer. */
async function readBlock(
  read: PlannedRead,
  { device, ask, timing, signal }: RoundParts,
  blocks: Block[],
  values: SourceValue[],
): Promise<LamplighterError | undefined> {
  const asked = await ask(read);
  if (asked.ok) {
    blocks.push({ ...read, values: asked.value });
    return undefined;
  }
  if (!isRefusal(asked.error)) {
    values.push(...device.failed(read.points, noValueOf(asked.error)));
    return asked.error;
  }
  for (const point of read.points) {
    for (const own of planPoint(point, device.profile, timing)) {
      if (signal.aborted) return undefined;
      if (blocks.some((block) => covers(block, own))) continue;
      const alone = isSameRange(own, read) ? asked : await ask(own);
      if (alone.ok) blocks.push({ ...own, values: alone.value });
      else values.push(...refusedPoint(device, point, alone.error));
    }
  }
  return undefined;
}

/** What the device will always refuse is not asked for in the next round. */
function refusedPoint(
  device: DeviceState,
  point: ModbusPoint,
  error: LamplighterError,
): readonly SourceValue[] {
  if (FINAL_EXCEPTIONS.has(error.fields.exception)) {
    const setAside = new Set([...device.knowledge.setAside, point.name]);
    device.knowledge = { ...device.knowledge, setAside };
  }
  return device.failed([point], noValueOf(error));
}

const isSameRange = (a: PlannedRead, b: PlannedRead): boolean =>
  a.table === b.table && a.address === b.address && a.count === b.count;

const covers = (block: Block, read: PlannedRead): boolean =>
  block.table === read.table &&
  block.address <= read.address &&
  block.address + block.values.length >= read.address + read.count;

function noValueOf(error: LamplighterError): NoValue {
  const reasons: Readonly<Record<string, BadReason>> = {
    DEVICE_TIMEOUT: "timeout",
    DEVICE_EXCEPTION: "exception",
    CONNECTION_LOST: "connectionLost",
    CONNECTION_FAILED: "connectionLost",
  };
  return { reason: reasons[error.code] ?? "badFrame", detail: error.message };
}

/** The registers or bits as they came, undefined when they did not. */
export function rawWordsOf(
  point: ModbusPoint,
  blocks: readonly Block[],
): readonly number[] | undefined {
  const { table, address } = point.read;
  const width = widthOf(point.read);
  for (const block of blocks) {
    const from = address - block.address;
    if (block.table !== table || from < 0 || from + width > block.values.length) continue;
    return block.values.slice(from, from + width);
  }
  return undefined;
}
