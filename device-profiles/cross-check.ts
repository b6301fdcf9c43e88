/**
 * What only the whole profile shows: gates and settings that point nowhere, registers that must
 * not be read, points that are too large to be read.
 */
import type { DocumentPath } from "../core/document.ts";
import { registersOf } from "./modbus-address.ts";
import type { ModbusPoint, ModbusProfile, Profile, ProfilePoint } from "./profile.ts";

interface Found {
  readonly path: DocumentPath;
  readonly message: string;
}
type Nearest = (word: string, allowed: readonly string[]) => string | undefined;

/** `broken`: points that are in the file but could not be read; they exist all the same. */
export function* profileProblems(
  profile: Profile,
  nearest: Nearest,
  broken: readonly string[],
): Generator<Found> {
  const names = [...profile.points.map((point) => point.name), ...broken];
  const unknown = (name: string, what: string, known: readonly string[]): string => {
    const near = nearest(name, known);
    return `no ${what} "${name}"${near === undefined ? "" : ` (did you mean "${near}"?)`}`;
  };
  const seen = new Set<string>();
  for (const point of profile.points) {
    if (seen.has(point.name)) {
      yield { path: ["points", point.name], message: `"${point.name}" is there twice` };
    }
    seen.add(point.name);
    if (point.gate !== undefined && !names.includes(point.gate.point)) {
      const message = unknown(point.gate.point, "point", names);
      yield { path: ["points", point.name, "gate", "point"], message };
    }
  }
  if (profile.liveness !== undefined && !names.includes(profile.liveness.point)) {
    const message = unknown(profile.liveness.point, "point", names);
    yield { path: ["liveness", "point"], message };
  }
  const used = profile.protocol === "modbus" ? settingsUsed(profile) : [];
  const settings = Object.keys(profile.settings);
  for (const { name, path } of used) {
    if (!settings.includes(name)) yield { path, message: unknown(name, "setting", settings) };
  }
  for (const name of broken.length > 0 ? [] : settings) {
    if (!used.some((use) => use.name === name)) {
      yield { path: ["settings", name], message: `"${name}" is used by no point` };
    }
  }
  if (profile.protocol === "modbus") yield* registerProblems(profile);
}

interface Use {
  readonly name: string;
  readonly path: DocumentPath;
}

function settingsUsed(profile: ModbusProfile): readonly Use[] {
  const { shiftBy, sunspec } = profile;
  const shift = shiftBy === undefined ? [] : [{ name: shiftBy, path: ["shiftBy"] }];
  const logical =
    sunspec?.deviceBy === undefined
      ? []
      : [{ name: sunspec.deviceBy, path: ["sunspec", "deviceBy"] }];
  const ofPoint = (point: ModbusPoint): readonly Use[] =>
    point.multiplyBy.map((name) => ({ name, path: ["points", point.name, "multiplyBy"] }));
  return [...shift, ...logical, ...profile.points.flatMap(ofPoint)];
}

function* registerProblems(profile: ModbusProfile): Generator<Found> {
  const { registersMax, prohibited } = profile.limits;
  for (const point of profile.points) {
    const path = pathOf(point);
    const count = registersOf(point.read);
    if (count > registersMax) {
      yield { path, message: `${count} registers, the device gives ${registersMax} at once` };
    }
    const { table, address } = point.read;
    const forbidden = prohibited.find(
      (range) => range.table === table && address <= range.through && address + count > range.from,
    );
    if (forbidden !== undefined) {
      const range = `${table} ${forbidden.from} to ${forbidden.through}`;
      yield { path, message: `reads ${table} ${address}, but ${range} is prohibited` };
    }
    if (point.read.model !== undefined && profile.sunspec === undefined) {
      yield { path, message: "counts from a SunSpec model, but the profile has no sunspec:" };
    }
  }
}

const pathOf = (point: ProfilePoint): DocumentPath => ["points", point.name];
