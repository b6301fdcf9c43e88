/** The OPC UA server of the campus, read and written by the library's own client. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AttributeIds,
  type ClientSession,
  DataType,
  type DataValue,
  MessageSecurityMode,
  makeBrowsePath,
  type NodeId,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
} from "node-opcua";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instant } from "../../../../core/time.ts";
import type { OpcuaProfile } from "../../../../device-profiles/profile.ts";
import { silentLog } from "../../../../platform/log.ts";
import { OPCUA_LINE, OpcuaCampusServer } from "../../../../simulators/opcua/server.ts";
import { CAMPUS_NAMESPACE } from "../../../../simulators/opcua/variable.ts";
import { cutPower, restorePower, switchLight } from "../../../../simulators/world/act.ts";
import { eventually } from "../../../support/eventually.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { type Simulated, simulated } from "../../../support/simulated.ts";

const NOW = instant(Date.UTC(2026, 10, 24, 2, 15));
const ROOM = "a3-201";
const LAMP = `${ROOM}-light`;

let folder: string;
let campus: Simulated;
let server: OpcuaCampusServer;
let clock: FakeClock;
let client: OPCUAClient;
let session: ClientSession;

async function connected(mode: MessageSecurityMode, policy: SecurityPolicy): Promise<OPCUAClient> {
  const certificates = new OPCUACertificateManager({
    rootFolder: join(folder, "client"),
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  await certificates.initialize();
  const made = OPCUAClient.create({
    endpointMustExist: false,
    securityMode: mode,
    securityPolicy: policy,
    clientCertificateManager: certificates,
    connectionStrategy: { maxRetry: 2, initialDelay: 50, maxDelay: 200 },
  });
  await made.connect(`opc.tcp://127.0.0.1:${port}/`);
  return made;
}

let port = 0;

beforeAll(async () => {
  setErrorLogger(() => {});
  setWarningLogger(() => {});
  folder = mkdtempSync(join(tmpdir(), "opcua-campus-"));
  campus = await simulated();
  clock = new FakeClock(NOW);
  const device = campus.device(LAMP);
  server = new OpcuaCampusServer(clock, silentLog, campus.faults, {
    devices: [{ device, profile: device.profile as OpcuaProfile, object: LAMP }],
    dataDir: folder,
  });
  port = await server.listen(0);
  client = await connected(MessageSecurityMode.None, SecurityPolicy.None);
  session = await client.createSession();
});

afterAll(async () => {
  await session.close().catch(() => {});
  await client.disconnect();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function nodeOf(point: string, asking = session): Promise<NodeId> {
  const namespaces = await asking.readNamespaceArray();
  const at = (uri: string): number => namespaces.indexOf(uri);
  const path = `/${at(CAMPUS_NAMESPACE)}:${LAMP}/${at("urn:lamplighter:lighting-controller")}:${point}`;
  const found = await asking.translateBrowsePath(makeBrowsePath("ObjectsFolder", path));
  const target = found.targets?.[0];
  if (!target) throw new Error(`nothing at ${path}`);
  return target.targetId;
}

async function read(point: string): Promise<DataValue> {
  return session.read({ nodeId: await nodeOf(point), attributeId: AttributeIds.Value });
}

async function write(point: string, dataType: DataType, value: unknown): Promise<string> {
  const status = await session.write({
    nodeId: await nodeOf(point),
    attributeId: AttributeIds.Value,
    value: { value: { dataType, value } },
  });
  return status.name;
}

const lampIsOn = (): boolean | undefined =>
  campus.world.rooms[campus.world.plan.roomPositions.get(ROOM) ?? -1]?.lightOn;

function look(): void {
  campus.scene.version++;
  server.tick();
}

describe("a lighting controller", () => {
  it("shows the lamp with the time of the change", async () => {
    await clock.advance(1_500 as never);
    switchLight(campus.world, ROOM, true);
    look();
    const on = await read("light_on");
    expect(on.value.value).toBe(true);
    await clock.advance(1_500 as never);
    switchLight(campus.world, ROOM, false);
    look();
    const off = await read("light_on");
    expect(off.value.value).toBe(false);
    expect(off.sourceTimestamp?.getTime()).toBe(clock.now());
  });

  it("switches and dims the lamp of the world", async () => {
    expect(await write("light_on", DataType.Boolean, true)).toBe("Good");
    expect(lampIsOn()).toBe(true);
    expect(await write("light_level", DataType.Float, 40)).toBe("Good");
    campus.forward(250);
    look();
    expect((await read("power_active")).value.value).toBeCloseTo(72 * 8 * 0.4, 1);
  });

  it("refuses to be told what it measures, or a number for a switch", async () => {
    expect(await write("power_active", DataType.Double, 1)).toBe("BadNotWritable");
    expect(await write("light_on", DataType.Double, 1)).toBe("BadTypeMismatch");
  });

  it("has a bad status when its fuse is out, and a good one after", async () => {
    cutPower(campus.world, "a3");
    look();
    expect((await read("light_on")).statusCode.name).toBe("BadNoCommunication");
    restorePower(campus.world, "a3");
    look();
    expect((await read("light_on")).statusCode.name).toBe("Good");
  });

  it.each([
    ["badStatus", "BadSensorFailure"],
    ["uncertainStatus", "UncertainSensorNotAccurate"],
    ["silence", "BadNoCommunication"],
  ] as const)("a fault %s is status %s", async (kind, expected) => {
    campus.faults.set(`device:${LAMP}`, kind === "silence" ? { kind, share: 1 } : { kind });
    look();
    expect((await read("light_on")).statusCode.name).toBe(expected);
    campus.faults.clear(`device:${LAMP}`);
    look();
  });
});

it("speaks Basic256Sha256 too, with keys in the data folder alone", async () => {
  const safe = await connected(MessageSecurityMode.SignAndEncrypt, SecurityPolicy.Basic256Sha256);
  const its = await safe.createSession();
  const value = await its.read({
    nodeId: await nodeOf("light_on", its),
    attributeId: AttributeIds.Value,
  });
  expect(typeof value.value.value).toBe("boolean");
  await its.close();
  await safe.disconnect();
});

it("a reset of the server drops its sessions once", async () => {
  let lost = 0;
  client.on("connection_lost", () => {
    lost++;
  });
  campus.faults.set(OPCUA_LINE, { kind: "reset", share: 1 });
  look();
  await eventually("the connection to be lost", () => lost > 0);
  expect(campus.faults.list()).toEqual([]);
});
