/**
 * Every vector of every profile through the gateway's own decoders and encoders: bytes or
 * messages from manuals, captures and other programs' tests, and the values they stand for.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deviceId } from "../../../core/ids.ts";
import { instant } from "../../../core/time.ts";
import { LIBRARY_FOLDER, loadProfiles } from "../../../device-profiles/library.ts";
import type {
  ModbusPoint,
  ModbusProfile,
  ModbusTable,
  MqttProfile,
} from "../../../device-profiles/profile.ts";
import { outsideVectors, parseVectors, type Vector } from "../../../device-profiles/vectors.ts";
import { type DecodeContext, decodePoint } from "../../../gateway/sources/modbus/decode.ts";
import { encodeCommand } from "../../../gateway/sources/modbus/encode.ts";
import { decodeMessage } from "../../../gateway/sources/mqtt/decode.ts";
import { Payload } from "../../../gateway/sources/mqtt/payload.ts";
import { routesOf, topicOf } from "../../../gateway/sources/mqtt/routes.ts";
import { hex } from "../../support/hex.ts";

/** How many profiles must be proven from outside (the field notes ask for it). */
const PROVEN_PROFILES_MIN = 20;
const RELATIVE_TOLERANCE = 1e-6;

const loaded = await loadProfiles();
if (!loaded.ok) throw new Error("the library does not load; library.test.ts says why");
const profiles = loaded.value;
const vectors = await readVectors();

describe.each([...vectors].map(([id, list]) => ({ id, list: [...list] })))(
  "$id",
  ({ id, list }) => {
    const profile = profiles.get(id);
    test.each(list.map((vector, i) => ({ name: `${i + 1}: ${vector.source}`, vector })))(
      "$name",
      ({ vector }) => {
        expect(profile, `no profile ${id}`).toBeDefined();
        if (profile?.protocol === "modbus") proveModbus(profile, vector);
        else if (profile?.protocol === "mqtt") proveMqtt(profile, vector);
        else throw new Error(`${id}: vectors of ${profile?.protocol} are not known`);
      },
    );
  },
);

test("enough profiles carry vectors that somebody else made", () => {
  const proven = [...vectors].filter(([, list]) => outsideVectors([...list]).length > 0);
  expect(proven.length).toBeGreaterThanOrEqual(PROVEN_PROFILES_MIN);
});

test("a profile calls itself confirmed only with vectors from outside", () => {
  for (const profile of profiles.values()) {
    if (!profile.confirmed) continue;
    expect(outsideVectors([...(vectors.get(profile.id) ?? [])]), profile.id).not.toHaveLength(0);
  }
});

async function readVectors(): Promise<ReadonlyMap<string, readonly Vector[]>> {
  const found = new Map<string, Vector[]>();
  const names = await readdir(LIBRARY_FOLDER, { recursive: true });
  for (const name of names.filter((n) => n.endsWith(".vectors.yaml"))) {
    const parsed = parseVectors(await readFile(join(LIBRARY_FOLDER, name), "utf8"), name);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, undefined, 1));
    found.set(name.slice(0, -".vectors.yaml".length), [...parsed.value]);
  }
  return found;
}

function proveModbus(profile: ModbusProfile, vector: Vector): void {
  const defaults = Object.entries(profile.settings).map(([name, s]) => [name, s.default ?? 1]);
  const settings = { ...Object.fromEntries(defaults), ...vector.settings };
  if ("command" in vector) {
    const point = profile.points.find((p) => p.name === vector.command.point);
    expect(point, vector.command.point).toBeDefined();
    const context = { words: () => undefined, settings };
    const write = encodeCommand(point!, vector.command.value, context);
    expect(write).toEqual({ ok: true, value: writeIn(vector.frame) });
    return;
  }
  if (!("expect" in vector) || "messages" in vector) throw new Error("not a vector of Modbus");
  const memory = "registers" in vector ? registersIn(vector.registers) : exchangeIn(vector);
  for (const [name, expected] of Object.entries(vector.expect)) {
    const point = profile.points.find((p) => p.name === name);
    expect(point, name).toBeDefined();
    const words = (table: ModbusTable, at: number) => memory.get(`${table} ${at}`);
    const context: DecodeContext = { words, settings, latestOf: gateOpen(point!) };
    const value = decodePoint(point!, context);
    expectValue(name, value.ok ? value.value : null, expected);
  }
}

/** Vectors are of values, not of gates: the gate stands open. */
const gateOpen =
  (point: ModbusPoint) =>
  (name: string): number | undefined =>
    name === point.gate?.point ? point.gate.values[0] : undefined;

function expectValue(name: string, value: unknown, expected: unknown): void {
  if (typeof expected !== "number") {
    expect(value, name).toEqual(expected);
    return;
  }
  expect(typeof value, name).toBe("number");
  const allowed = Math.max(Math.abs(expected) * RELATIVE_TOLERANCE, 1e-9);
  expect(Math.abs(Number(value) - expected), `${name} is ${value}`).toBeLessThanOrEqual(allowed);
}

type Memory = ReadonlyMap<string, number>;

function registersIn(
  blocks: readonly { readonly table: ModbusTable; readonly at: number; readonly words: string }[],
): Memory {
  const memory = new Map<string, number>();
  for (const { table, at, words } of blocks) {
    words.split(" ").forEach((word, i) => {
      memory.set(`${table} ${at + i}`, Number.parseInt(word, 16));
    });
  }
  return memory;
}

const TABLES: Readonly<Record<number, ModbusTable>> = {
  1: "coil",
  2: "discrete",
  3: "holding",
  4: "input",
};

function exchangeIn({ request, answer }: { request: string; answer: string }): Memory {
  const asked = withoutChecksum(request);
  const told = withoutChecksum(answer);
  const table = TABLES[asked[1]!]!;
  const at = asked[2]! * 256 + asked[3]!;
  expect(told.slice(0, 2), "unit and function").toEqual(asked.slice(0, 2));
  const data = told.slice(3);
  expect(data).toHaveLength(told[2]!);
  const memory = new Map<string, number>();
  if (table === "coil" || table === "discrete") {
    const count = asked[4]! * 256 + asked[5]!;
    for (let i = 0; i < count; i++) {
      memory.set(`${table} ${at + i}`, (data[i >> 3]! >> (i & 7)) & 1);
    }
    return memory;
  }
  for (let i = 0; i < data.length; i += 2) {
    memory.set(`${table} ${at + i / 2}`, data[i]! * 256 + data[i + 1]!);
  }
  return memory;
}

/** What the frame of function 5 or 6 writes, in the words of the gateway's encoder. */
function writeIn(frame: string) {
  const bytes = withoutChecksum(frame);
  const address = bytes[2]! * 256 + bytes[3]!;
  const value = bytes[4]! * 256 + bytes[5]!;
  if (bytes[1] === 5) return { kind: "coil", address, on: value === 0xff00 };
  return { kind: "register", address, value };
}

/** Modbus over Serial Line V1.02 §6.2.2. */
function withoutChecksum(frame: string): number[] {
  const bytes = [...hex(frame)];
  let crc = 0xffff;
  for (const byte of bytes.slice(0, -2)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  expect(bytes.slice(-2), `checksum of ${frame}`).toEqual([crc & 0xff, crc >> 8]);
  return bytes.slice(0, -2);
}

function proveMqtt(profile: MqttProfile, vector: Vector): void {
  if (!("messages" in vector)) throw new Error("not a vector of MQTT");
  const base = { id: deviceId("d1"), profile, topic: "base" };
  const device = vector.serial === undefined ? base : { ...base, serial: vector.serial };
  const routes = routesOf([device]);
  const values = new Map<string, unknown>();
  for (const { topic, payload } of vector.messages) {
    const full =
      profile.topics === "whole" ? topic.replace("{base}", "base") : topicOf(device, topic);
    const message = {
      payload: new Payload(new TextEncoder().encode(payload)),
      arrival: instant(1_800_000_000_000),
      isRetained: false,
    };
    for (const route of routes.get(full) ?? []) {
      const context = {
        hash: (text: string) => text,
        zone: "Asia/Shanghai",
        valueOf: () => undefined,
      };
      for (const sample of decodeMessage(route, message, context).values) {
        const name = sample.point.slice("d1/".length);
        values.set(name, sample.quality === "bad" ? null : sample.value);
      }
    }
  }
  for (const [name, expected] of Object.entries(vector.expect)) {
    const value = values.get(name);
    const isEvent = typeof expected === "object" && expected !== null;
    expectValue(name, isEvent ? JSON.parse(String(value)) : value, expected);
  }
  const events = profile.points.filter((p) => p.kind === "event").map((p) => p.name);
  for (const name of events) {
    expect(values.has(name), `${name} happened`).toBe(Object.hasOwn(vector.expect, name));
  }
}
