/** Events, alarms and methods of a real OPC UA server. */
import { DataType, EventNotifierFlags, StatusCodes, type UAObject, Variant } from "node-opcua";
import { afterEach, expect, it } from "vitest";
import { deviceId, pointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import { browsedLines, browseServer, draftOf } from "../../gateway/sources/opcua/browse.ts";
import { openOpcua } from "../../gateway/sources/opcua/client.ts";
import { createOpcuaSource } from "../../gateway/sources/opcua/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import { startTestServer, type TestServer } from "../support/opcua-server.ts";
import { profileOf } from "../support/profiles.ts";
import { RecordingSink } from "../support/source-sink.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NAMESPACE = "urn:test:hood";
const DEVICE = deviceId("hood-1");
const teardowns: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const teardown of teardowns.splice(0).reverse()) await teardown();
});

interface Hood {
  readonly server: TestServer;
  readonly object: UAObject;
  raise(what: string, lamp: number): void;
  readonly pulses: number[];
}

/** An object that tells its events itself, or leaves that to the server, with a method `pulse`. */
async function startHood(notifies: boolean): Promise<Hood> {
  const server = await startTestServer({
    namespace: NAMESPACE,
    objects: { "hood-1": { face_velocity: "Double" } },
  });
  teardowns.push(() => server.stop());
  const space = server.opcua.engine.addressSpace!;
  const namespace = space.getNamespace(space.getNamespaceIndex(NAMESPACE));
  const object = space.rootFolder.objects.getFolderElementByName("hood-1") as UAObject;
  const type = namespace.addEventType({ browseName: "HoodEvent", subtypeOf: "BaseEventType" });
  namespace.addVariable({
    propertyOf: type,
    browseName: "Lamp",
    dataType: "Int32",
    modellingRule: "Mandatory",
  });
  if (notifies) object.setEventNotifier(EventNotifierFlags.SubscribeToEvents);
  else object.addReference({ referenceType: "HasEventSource", isForward: false, nodeId: "i=2253" });
  const pulses: number[] = [];
  const method = namespace.addMethod(object, {
    browseName: "pulse",
    inputArguments: [{ name: "seconds", dataType: DataType.Double, description: null }],
    outputArguments: [],
  });
  method.bindMethod((inputs: Variant[], _context, done) => {
    pulses.push(Number(inputs[0]?.value));
    done(null, { statusCode: StatusCodes.Good, outputArguments: [] });
  });
  return {
    server,
    object,
    pulses,
    raise: (what, lamp) =>
      object.raiseEvent(type, {
        message: new Variant({ dataType: DataType.LocalizedText, value: { text: what } }),
        severity: new Variant({ dataType: DataType.UInt16, value: 700 }),
        sourceNode: new Variant({ dataType: DataType.NodeId, value: object.nodeId }),
        lamp: new Variant({ dataType: DataType.Int32, value: lamp }),
      }),
  };
}

async function startSource(endpoint: string): Promise<{ sink: RecordingSink; source: Source }> {
  const profile = await profileOf(
    "opcua",
    `namespaces: { hood: "${NAMESPACE}", ua: "http://opcfoundation.org/UA/" }
points:
  face_velocity: { path: "hood:face_velocity" }
  light_on:
    path: "hood:pulse"
    writeType: Double
    command: { settle: 1s, proof: none }
  device_event:
    eventType: hood:HoodEvent
    fields:
      what: { path: ua:Message }
      severity: { path: ua:Severity }
      lamp: { path: hood:Lamp, personal: true }
`,
  );
  const sink = new RecordingSink();
  const source = createOpcuaSource({
    connection: { id: "hoods", protocol: "opcua", endpoint, security: "None", mode: "Sign" },
    devices: [{ id: DEVICE, profile, object: [`${NAMESPACE}#hood-1`] }],
    pkiFolder: temporaryFolder(),
    sink,
    clock: systemClock,
    log: silentLog,
    onStatus: () => {},
    hash: createPersonalHash(Buffer.alloc(32)),
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  teardowns.push(async () => {
    stop.abort();
    await running;
  });
  await eventually("connected", () => sink.last("hood-1/face_velocity")?.quality === "good");
  return { sink, source };
}

it.each([
  ["the object itself", true],
  ["the server as a whole", false],
])(
  "events told by %s arrive, each by itself, with their fields",
  async (_name, notifies) => {
    const hood = await startHood(notifies);
    const { sink } = await startSource(hood.server.endpoint);
    const events = () => sink.of("hood-1/device_event").filter((s) => s.quality !== "bad");
    await eventually("the first event", () => {
      hood.raise("lamp failed", 3);
      return events().length > 0;
    });
    const before = events().length;
    hood.raise("lamp failed", 3);
    hood.raise("lamp failed", 3);
    await eventually("two more", () => events().length >= before + 2);
    const [first] = events();
    expect(first).toMatchObject({ quality: "good", timeSource: "device" });
    const value: unknown = first?.quality === "good" && JSON.parse(String(first.value));
    expect(value).toEqual({
      what: "lamp failed",
      severity: 700,
      lamp: createPersonalHash(Buffer.alloc(32))("3"),
    });
  },
  60_000,
);

it("a command on a method calls it", async () => {
  const hood = await startHood(true);
  const { source } = await startSource(hood.server.endpoint);
  const point = pointId(DEVICE, "light_on");
  await eventually("connected", async () => {
    const answer = await source.write({ point, value: 1.5, timeout: seconds(5) });
    return answer.kind === "accepted";
  });
  expect(hood.pulses).toContain(1.5);
}, 60_000);

it("browsing shows objects, variables and methods, and drafts a profile", async () => {
  const hood = await startHood(true);
  const { endpoint } = hood.server;
  const session = await openOpcua({
    connection: { id: "browse", protocol: "opcua", endpoint, security: "None", mode: "Sign" },
    pkiFolder: temporaryFolder(),
    clock: systemClock,
    log: silentLog,
  });
  const browsed = await browseServer(session);
  await session.close();
  expect(browsedLines(browsed)).toEqual([
    `${NAMESPACE}#hood-1`,
    `  ${NAMESPACE}#face_velocity = 0`,
    `  ${NAMESPACE}#pulse ()`,
    expect.stringMatching(/^1 objects with variables or methods, \d+ nodes looked at\.$/),
  ]);
  const draft = draftOf(browsed, { endpoint });
  expect(draft).toContain('  face_velocity: { path: ["n1:face_velocity"] } # now 0');
  expect(draft).toContain(`object: ["${NAMESPACE}#hood-1"]`);
}, 60_000);
