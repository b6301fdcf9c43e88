/** Simulator → broker or OPC UA server → gateway → the same value, for every profile of these protocols. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { deviceId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import type {
  MqttProfile,
  OpcuaProfile,
  Profile,
  ProfilePoint,
} from "../../device-profiles/profile.ts";
import { deviceUsers, startDeviceBroker } from "../../gateway/sources/mqtt/attachment.ts";
import { createMqttSource } from "../../gateway/sources/mqtt/source.ts";
import { createOpcuaSource } from "../../gateway/sources/opcua/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import type { SimulatedDevice } from "../../simulators/devices/simulated-device.ts";
import { MqttDevice } from "../../simulators/mqtt/mqtt-device.ts";
import { OpcuaCampusServer } from "../../simulators/opcua/server.ts";
import { CAMPUS_NAMESPACE } from "../../simulators/opcua/variable.ts";
import { eventually } from "../support/eventually.ts";
import { simulated } from "../support/simulated.ts";
import { RecordingSink } from "../support/source-sink.ts";

const campus = await simulated();
const hash = (text: string): string => `hash of ${text}`;
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const ofProtocol = <P extends Profile>(protocol: P["protocol"]): readonly [string, P][] =>
  [...campus.profiles.values()]
    .filter((profile): profile is P => profile.protocol === protocol)
    .map((profile) => [profile.id, profile]);

function runs(source: { run(signal: AbortSignal): Promise<void> }): void {
  const abort = new AbortController();
  const running = source.run(abort.signal);
  ends.push(async () => {
    abort.abort();
    await running;
  });
}

async function expectSame(
  device: SimulatedDevice,
  points: readonly ProfilePoint[],
  sink: RecordingSink,
): Promise<void> {
  const wrong: string[] = [];
  for (const point of points) {
    const sample = await eventually(
      `${device.profile.id}/${point.name}`,
      () => sink.last(`any/${point.name}`),
      seconds(6),
    );
    const told = device.value(point);
    const expected = told.kind === "value" ? told.value : Number.NaN;
    const seen = sample.quality === "bad" ? `${sample.reason} ${sample.detail}` : sample.value;
    const secret = point.personal ? hash(String(expected)) : String(expected);
    const isSame =
      typeof expected === "number" && typeof seen === "number"
        ? Math.abs(expected - seen) <=
          Math.max(0.006 * Math.abs(point.scale), Math.abs(expected) * 1e-6)
        : secret === String(seen);
    if (!isSame) wrong.push(`${point.name}: told ${expected}, seen ${seen}`);
  }
  expect(wrong).toEqual([]);
}

const states = (points: readonly ProfilePoint[]): readonly ProfilePoint[] =>
  points.filter(({ kind, momentary }) => kind !== "event" && !momentary);

describe("every MQTT profile, through a broker", () => {
  it.each(ofProtocol<MqttProfile>("mqtt"))("%s", async (_, profile) => {
    const users = deviceUsers({ any: { password: "secret", topics: ["#"] } });
    const started = await startDeviceBroker({
      host: "127.0.0.1",
      port: 0,
      users,
      clock: systemClock,
      log: silentLog,
    });
    ends.push(() => started.broker.close());
    const sink = new RecordingSink();
    runs(
      createMqttSource({
        devices: [{ id: deviceId("any"), profile, topic: "any" }],
        attachment: started.attach(),
        sink,
        clock: systemClock,
        log: silentLog,
        onStatus: () => {},
        hash,
        zone: "Asia/Shanghai",
      }),
    );
    const device = campus.generic(profile.id);
    const onWire = new MqttDevice(systemClock, silentLog, device, {
      profile,
      base: "any",
      access: {
        url: `mqtt://127.0.0.1:${started.broker.port}`,
        username: "any",
        password: "secret",
      },
      roll: () => 0,
    });
    ends.push(() => onWire.close());
    await eventually("the device connects", () => onWire.isConnected);
    onWire.tick();
    await expectSame(device, states(profile.points), sink);
  });
});

describe("every OPC UA profile, through a server", () => {
  it.each(ofProtocol<OpcuaProfile>("opcua"))("%s", async (_, profile) => {
    const folder = mkdtempSync(join(tmpdir(), "wires-"));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const device = campus.generic(profile.id);
    const entry = { device, profile, object: "any" };
    const server = new OpcuaCampusServer(systemClock, silentLog, campus.faults, {
      devices: [entry],
      dataDir: folder,
    });
    const port = await server.listen(0);
    ends.push(() => server.close());
    const sink = new RecordingSink();
    runs(
      createOpcuaSource({
        connection: {
          id: "opcua",
          protocol: "opcua",
          endpoint: `opc.tcp://127.0.0.1:${port}/`,
          security: "None",
          mode: "SignAndEncrypt",
        },
        devices: [{ id: deviceId("any"), profile, object: [`${CAMPUS_NAMESPACE}#any`] }],
        pkiFolder: join(folder, "client"),
        sink,
        clock: systemClock,
        log: silentLog,
        onStatus: () => {},
        hash,
      }),
    );
    await expectSame(device, states(profile.points), sink);
  });
});
