/**
 * Simulator → wire → gateway → the same value, for every Modbus profile of the library: the two encoders
 * were written apart, so a byte order misread on one side shows here.
 */
import { afterEach, describe, expect, it } from "vitest";
import { deviceId } from "../../core/ids.ts";
import { milliseconds, seconds } from "../../core/time.ts";
import { type ModbusProfile, POLL_CLASSES } from "../../device-profiles/profile.ts";
import { createModbusSource } from "../../gateway/sources/modbus/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { ModbusLineServer } from "../../simulators/modbus/line-server.ts";
import { DeviceMemory } from "../../simulators/modbus/memory.ts";
import { eventually } from "../support/eventually.ts";
import { simulated } from "../support/simulated.ts";
import { RecordingSink } from "../support/source-sink.ts";

const campus = await simulated();
const profiles = [...campus.profiles.values()].filter(
  (profile): profile is ModbusProfile => profile.protocol === "modbus",
);
const UNIT = 9;

let end: (() => Promise<void>) | undefined;
afterEach(() => end?.());

async function readThrough(
  profile: ModbusProfile,
  transport: "tcp" | "rtu-over-tcp" = "tcp",
): Promise<RecordingSink> {
  const device = campus.generic(profile.id);
  const server = new ModbusLineServer(systemClock, silentLog, campus.faults, {
    line: { id: "central", transport },
    devices: [{ unit: UNIT, device, bank: new DeviceMemory(device, profile) }],
    roll: () => 0,
  });
  const port = await server.listen(0);
  const sink = new RecordingSink();
  const settings = Object.entries(profile.settings).map(
    ([name, setting]) => [name, setting.default ?? 1] as const,
  );
  const source = createModbusSource({
    connection: { id: "line", protocol: "modbus", transport, host: "127.0.0.1", port },
    devices: [
      { device: deviceId("any"), unit: UNIT, profile, settings: Object.fromEntries(settings) },
    ],
    sink,
    clock: systemClock,
    log: silentLog,
    onStatus: () => {},
    periods: Object.fromEntries(POLL_CLASSES.map((poll, i) => [poll, milliseconds(250 + i * 10)])),
    random: () => 0,
  });
  const abort = new AbortController();
  const running = source.run(abort.signal);
  end = async () => {
    abort.abort();
    await running;
    await server.close();
  };
  return sink;
}

/** Points a read brings: events wait for a card, buzzers can only be written. */
const readable = (profile: ModbusProfile) =>
  profile.points.filter(
    ({ kind, handshake, writeOnly }) => kind !== "event" && !handshake && writeOnly !== true,
  );

async function expectRoundTrip(
  profile: ModbusProfile,
  transport: "tcp" | "rtu-over-tcp",
): Promise<void> {
  const device = campus.generic(profile.id);
  const sink = await readThrough(profile, transport);
  const wrong: string[] = [];
  for (const point of readable(profile)) {
    const sample = await eventually(
      `${profile.id}/${point.name}`,
      () => sink.last(`any/${point.name}`),
      seconds(8),
    );
    const told = device.value(point);
    const expected = told.kind === "value" ? told.value : Number.NaN;
    const seen = sample.quality === "bad" ? `${sample.reason} ${sample.detail}` : sample.value;
    if (!isSame(point.scale, expected, seen)) {
      wrong.push(`${point.name}: told ${expected}, seen ${seen}`);
    }
  }
  expect(wrong).toEqual([]);
}

describe("every Modbus profile, read over its wire", () => {
  it.each(profiles.map((profile) => [profile.id, profile] as const))("%s", (_, profile) =>
    expectRoundTrip(profile, "tcp"),
  );
});

describe("over RTU in TCP as well", () => {
  it.each(["eastron/sdm630", "waveshare/relay-8ch", "dynaflox/ultrad"])("%s", async (id) => {
    const profile = profiles.find((p) => p.id === id);
    if (profile === undefined) throw new Error(`no profile ${id}`);
    await expectRoundTrip(profile, "rtu-over-tcp");
  });
});

/** Within one step of the register, or of single precision. */
function isSame(scale: number, expected: number | string, seen: number | string): boolean {
  if (typeof expected === "string" || typeof seen === "string") {
    return String(expected) === String(seen) || Number(expected) === Number(seen);
  }
  const step = Math.max(Math.abs(scale), Math.abs(expected) * 1e-6);
  return Math.abs(expected - seen) <= step * 1.01;
}
