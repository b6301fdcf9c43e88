/** Our source against a real OPC UA server, on a wire that can be cut and frozen. */
import { type NodeId, StatusCodes } from "node-opcua";
import { afterEach, describe, expect, it } from "vitest";
import { deviceId, pointId } from "../../core/ids.ts";
import { seconds } from "../../core/time.ts";
import type { OpcuaConnection } from "../../gateway/configuration.ts";
import { createOpcuaSource } from "../../gateway/sources/opcua/source.ts";
import { acceptCertificate, listCertificates } from "../../gateway/sources/opcua/trust.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { DeviceStatus, Source } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { type Log, silentLog } from "../../platform/log.ts";
import { eventually } from "../support/eventually.ts";
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "../support/opcua-server.ts";
import { libraryProfile } from "../support/profiles.ts";
import { RecordingSink } from "../support/source-sink.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NAMESPACE = "urn:lamplighter:lighting-controller";
const LIGHT = { light_on: "Boolean", light_level: "Double", power_active: "Double" } as const;
const OPTIONS: TestServerOptions = {
  namespace: NAMESPACE,
  objects: { "a1-lights": LIGHT, "a2-lights": LIGHT },
};

const teardowns: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const teardown of teardowns.splice(0).reverse()) await teardown();
});

interface Bench {
  readonly server: TestServer;
  readonly wire: TcpProxy;
  readonly sink: RecordingSink;
  readonly statuses: DeviceStatus[];
  readonly source: Source;
  readonly pkiFolder: string;
}

async function start(
  options: {
    readonly server?: Partial<TestServerOptions>;
    readonly connection?: Partial<OpcuaConnection>;
    readonly password?: string;
    readonly devices?: readonly string[];
    readonly log?: Log;
  } = {},
): Promise<Bench> {
  const server = await startTestServer({ ...OPTIONS, ...options.server });
  teardowns.push(() => server.stop());
  const wire = await startTcpProxy(server.port);
  teardowns.push(() => wire.close());
  const [sink, statuses, pkiFolder] = [
    new RecordingSink(),
    [] as DeviceStatus[],
    temporaryFolder(),
  ];
  const profile = await libraryProfile("opcua", "lamplighter/lighting-controller");
  const source = createOpcuaSource({
    connection: {
      id: "lights",
      protocol: "opcua",
      endpoint: `opc.tcp://127.0.0.1:${wire.port}/`,
      security: "None",
      mode: "SignAndEncrypt",
      ...options.connection,
    },
    ...(options.password === undefined ? {} : { password: options.password }),
    devices: (options.devices ?? ["a1-lights"]).map((id) => ({
      id: deviceId(id),
      profile,
      object: [`${NAMESPACE}#${id}`],
    })),
    pkiFolder,
    sink,
    clock: systemClock,
    log: options.log ?? silentLog,
    onStatus: (status) => statuses.push(status),
    hash: createPersonalHash(Buffer.alloc(32)),
  });
  const stop = new AbortController();
  const running = source.run(stop.signal);
  teardowns.push(async () => {
    stop.abort();
    await running;
  });
  return { server, wire, sink, statuses, source, pkiFolder };
}

const LEVEL = "a1-lights/light_level";
const isShown = (sink: RecordingSink, value: number) => () => {
  const last = sink.last(LEVEL);
  return last?.quality === "good" && last.value === value;
};

describe("OPC UA source", () => {
  it("shows what the server says, with the time and status of the server", async () => {
    const { server, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    expect(statuses.map((s) => s.state)).toEqual(["online"]);
    const time = new Date(Date.now() - 1_500);
    server.set("a1-lights/light_level", 42.5, { time });
    await eventually("42.5", isShown(sink, 42.5));
    expect(sink.last(LEVEL)).toMatchObject({ time: time.getTime(), timeSource: "device" });
    server.set("a1-lights/light_level", 43, { status: StatusCodes.UncertainLastUsableValue });
    await eventually("in doubt", () => sink.last(LEVEL)?.quality === "uncertain");
    server.set("a1-lights/light_level", 44, { status: StatusCodes.BadSensorFailure });
    await eventually("bad", () => sink.last(LEVEL)?.quality === "bad");
    expect(sink.last(LEVEL)).not.toHaveProperty("value");
    expect(sink.last(LEVEL)).toMatchObject({
      reason: "sensorFault",
      detail: "the server says BadSensorFailure",
    });
  });

  it("loses no change inside a publishing interval", async () => {
    const { server, sink } = await start();
    await eventually("first value", isShown(sink, 0));
    for (let level = 1; level <= 20; level++) {
      server.set("a1-lights/light_level", level, { time: new Date() });
      await systemClock.sleep(seconds(0.3));
    }
    await eventually("last value", isShown(sink, 20));
    const shown = sink.of(LEVEL).flatMap((s) => (s.quality === "good" ? [Number(s.value)] : []));
    expect([...new Set(shown)]).toEqual(Array.from({ length: 21 }, (_, i) => i));
  });

  it("writes what the device wants written, and reads it back", async () => {
    const { server, sink, source } = await start();
    await eventually("first value", isShown(sink, 0));
    const [on, level] = ["light_on", "light_level"].map((n) => pointId(deviceId("a1-lights"), n));
    const timeout = seconds(2);
    await expect(source.write({ point: on!, value: 1, timeout })).resolves.toEqual({
      kind: "accepted",
    });
    expect(server.valueOf("a1-lights/light_on")).toBe(true);
    await expect(source.read(on!, timeout)).resolves.toMatchObject({ kind: "value", value: 1 });
    await expect(source.write({ point: on!, value: 2, timeout })).resolves.toMatchObject({
      kind: "refused",
    });
    // The server's variable is a Double, the profile says Float: its answer is what people must see.
    await expect(source.write({ point: level!, value: 5, timeout })).resolves.toEqual({
      kind: "refused",
      detail: "the server says BadTypeMismatch",
    });
  });

  it("names a device that is not there, and serves the others", async () => {
    const { sink } = await start({ devices: ["a1-lights", "attic-lights"] });
    await eventually("the one that is there", isShown(sink, 0));
    expect(sink.last("attic-lights/light_level")).toMatchObject({
      quality: "bad",
      reason: "notImplemented",
      detail: `the server has no ${NAMESPACE}#attic-lights / lighting:light_level`,
    });
  });

  it("finds its variables again when a restarted server numbers its namespaces differently", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    await server.stop();
    teardowns.splice(0, 1);
    await eventually("lost", () => statuses.at(-1)?.state === "offline", seconds(15));
    expect(sink.last(LEVEL)).toMatchObject({ quality: "bad", reason: "connectionLost" });
    const again = await startTestServer({ ...OPTIONS, port: server.port, otherNamespaces: 3 });
    teardowns.unshift(() => again.stop());
    again.set("a1-lights/light_level", 77);
    await eventually("found again", isShown(sink, 77), seconds(30));
    expect(statuses.at(-1)?.state).toBe("online");
    expect(wire.port).toBeGreaterThan(0);
  }, 60_000);

  it("notices silence, says so, and goes on when the server speaks again", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    wire.freeze();
    const frozenAt = performance.now();
    await eventually("silence noticed", () => statuses.at(-1)?.state === "offline");
    expect(performance.now() - frozenAt).toBeLessThan(4_500);
    expect(statuses.at(-1)?.detail).toMatch(/^the server has said nothing for \d/);
    server.set("a1-lights/light_level", 5);
    wire.thaw();
    await eventually("back", isShown(sink, 5), seconds(20));
    expect(statuses.at(-1)?.state).toBe("online");
  }, 40_000);

  it("fills a long outage from the server's history, with the times of then", async () => {
    const { server, wire, sink, statuses } = await start({ server: { history: true } });
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", 1);
    await eventually("before the cut", isShown(sink, 1));
    wire.cut();
    const times: number[] = [];
    for (let level = 2; level <= 13; level++) {
      await systemClock.sleep(seconds(1));
      const time = new Date();
      server.set("a1-lights/light_level", level, { time });
      times.push(time.getTime());
    }
    expect(statuses.at(-1)?.state).toBe("offline");
    wire.restore();
    await eventually("after the cut", isShown(sink, 13), seconds(40));
    const filled = () =>
      sink.of(LEVEL).filter((s) => s.quality === "good" && Number(s.value) >= 2).length >= 12;
    await eventually("filled", filled, seconds(20));
    const late = sink.of(LEVEL).flatMap((s) => {
      const isStored = s.quality === "good" && s.timeSource === "device" && Number(s.value) >= 2;
      return isStored ? [s.time] : [];
    });
    expect(late.slice(0, 11)).toEqual(times.slice(0, 11));
  }, 90_000);

  it("loses nothing and gives nothing twice over a line that was cut for a moment", async () => {
    const { server, wire, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", 1);
    await eventually("before the cut", isShown(sink, 1));
    wire.cut();
    for (const level of [2, 3, 4]) {
      server.set("a1-lights/light_level", level);
      await systemClock.sleep(seconds(0.4));
    }
    wire.restore();
    await eventually("after the cut", isShown(sink, 4), seconds(20));
    const good = sink.of(LEVEL).flatMap((s) => (s.quality === "good" ? [s.value] : []));
    if (!statuses.some((s) => s.state === "offline")) expect(good).toEqual([0, 1, 2, 3, 4]);
  }, 40_000);
});

interface ServerSession {
  readonly authenticationToken: NodeId;
  readonly publishEngine: object;
  deleteSubscription(id: number): void;
}

/** The server's own sessions, which it does not show. */
const sessionsOf = (server: TestServer): readonly ServerSession[] =>
  Object.values(Reflect.get(server.opcua.engine, "_sessions"));

describe("OPC UA servers that do not behave", () => {
  it("serve what is there when thousands of variables are not", async () => {
    const missing = Array.from({ length: 1_500 }, (_, i) => `ghost-${i}`);
    const { server, sink } = await start({ devices: [...missing, "a1-lights"] });
    await eventually("the one that is there", isShown(sink, 0), seconds(30));
    server.set("a1-lights/light_level", 9);
    await eventually("it lives", isShown(sink, 9));
    expect(sink.last("ghost-1499/light_on")).toMatchObject({ reason: "notImplemented" });
    expect(sink.values.length).toBeLessThan(1_500 * 3 + 100);
  }, 60_000);

  it("change the type of a variable: bad, and good again when it is a number again", async () => {
    const { server, sink } = await start({
      server: { objects: { "a1-lights": { ...LIGHT, light_level: "BaseDataType" } } },
    });
    await eventually("first value", isShown(sink, 0));
    server.set("a1-lights/light_level", "n/a");
    await eventually("bad", () => sink.last(LEVEL)?.quality === "bad");
    expect(sink.last(LEVEL)).toMatchObject({ reason: "typeMismatch" });
    server.set("a1-lights/light_level", 7);
    await eventually("good again", isShown(sink, 7));
  }, 40_000);

  it("drop our subscription: it is made anew", async () => {
    const { server, sink, statuses } = await start();
    await eventually("first value", isShown(sink, 0));
    for (const session of sessionsOf(server)) {
      for (const id of Object.keys(Reflect.get(session.publishEngine, "_subscriptions"))) {
        session.deleteSubscription(Number(id));
      }
    }
    await eventually("lost", () => statuses.at(-1)?.state === "offline", seconds(12));
    server.set("a1-lights/light_level", 3);
    await eventually("again", isShown(sink, 3), seconds(20));
  }, 60_000);

  it("close our session: another is opened", async () => {
    const { server, sink } = await start();
    await eventually("first value", isShown(sink, 0));
    for (const session of sessionsOf(server)) {
      server.opcua.engine.closeSession(session.authenticationToken, true, "Terminated");
    }
    server.set("a1-lights/light_level", 4);
    await eventually("again", isShown(sink, 4), seconds(30));
  }, 60_000);

  it("offer no subscriptions: their variables are polled", async () => {
    const said: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void said.push(message) };
    const { server, sink } = await start({
      server: { subscriptions: false },
      log,
    });
    await eventually("first value", isShown(sink, 0), seconds(15));
    server.set("a1-lights/light_level", 6);
    await eventually("polled", isShown(sink, 6), seconds(90));
    expect(said).toEqual(["no subscription, polling instead"]);
  }, 120_000);
});

describe("OPC UA security", () => {
  it.each([
    ["Basic256Sha256", "Sign"],
    ["Aes128_Sha256_RsaOaep", "SignAndEncrypt"],
    ["Aes256_Sha256_RsaPss", "SignAndEncrypt"],
  ] as const)(
    "%s %s with user and password",
    async (security, mode) => {
      const { sink, statuses, pkiFolder } = await start({
        server: { users: { gateway: "secret" } },
        connection: { security, mode, username: "gateway" },
        password: "secret",
      });
      await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
      const [certificate] = await listCertificates(pkiFolder);
      await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
      await eventually("values", isShown(sink, 0), seconds(30));
    },
    60_000,
  );

  it("says that the password is wrong", async () => {
    const { statuses, pkiFolder } = await start({
      server: { users: { gateway: "secret" } },
      connection: { security: "Basic256Sha256", mode: "Sign", username: "gateway" },
      password: "guess",
    });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
    const said = () =>
      statuses.some(({ detail }) => /wrong user name or password/.test(detail ?? ""));
    await eventually("said", said, seconds(30));
  }, 60_000);

  const secure = { security: "Basic256Sha256", mode: "SignAndEncrypt" } as const;

  it("refuses an unknown server, says what to run, and goes on once that was done", async () => {
    const { sink, statuses, pkiFolder } = await start({ connection: secure });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    const short = certificate?.thumbprint.slice(0, 12) ?? "";
    expect(statuses.at(-1)?.detail).toContain(
      `then run: lamplighter trust accept ${short} --pki ${pkiFolder}`,
    );
    expect(certificate).toMatchObject({ state: "refused", applicationUri: "urn:test:server" });
    await acceptCertificate(pkiFolder, short);
    await eventually("values over the secure channel", isShown(sink, 0), seconds(30));
  }, 60_000);

  it("refuses a server that comes back with another certificate, until that is accepted", async () => {
    const { server, sink, statuses, pkiFolder } = await start({ connection: secure });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [first] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, first?.thumbprint ?? "");
    await eventually("values", isShown(sink, 0), seconds(30));
    await server.stop();
    teardowns.splice(0, 1);
    const other = await startTestServer({ ...OPTIONS, port: server.port, isOther: true });
    teardowns.unshift(() => other.stop());
    const refused = async () =>
      (await listCertificates(pkiFolder)).find(({ state }) => state === "refused");
    const second = await eventually("the other is refused", refused, seconds(40));
    expect(second.thumbprint).not.toBe(first?.thumbprint);
    const said = () => statuses.at(-1)?.detail?.includes(second.thumbprint.slice(0, 12));
    await eventually("said", said, seconds(40));
    await acceptCertificate(pkiFolder, second.thumbprint);
    other.set("a1-lights/light_level", 8);
    await eventually("values again", isShown(sink, 8), seconds(60));
  }, 120_000);

  it("refuses a trusted certificate that was made for another application", async () => {
    const { statuses, pkiFolder } = await start({
      connection: secure,
      server: { extra: { serverInfo: { applicationUri: "urn:test:impostor" } } },
    });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
    const said = () => statuses.at(-1)?.detail?.includes('it calls itself "urn:test:impostor"');
    await eventually("said", said, seconds(30));
  }, 60_000);

  it("does not send a password in the clear", async () => {
    const { statuses } = await start({ connection: { username: "gateway" }, password: "secret" });
    await eventually("refused", () => statuses.at(-1)?.state === "offline");
    expect(statuses.at(-1)?.detail).toContain("a password must not travel with security: None");
  });
});
