/** Our OPC UA source, a real server and the wire between them, for the contract tests. */
import { afterEach } from "vitest";
import { deviceId } from "../../core/ids.ts";
import type { OpcuaConnection } from "../../gateway/configuration.ts";
import { createOpcuaSource } from "../../gateway/sources/opcua/source.ts";
import { createPersonalHash } from "../../gateway/sources/personal.ts";
import type { DeviceStatus, Source } from "../../gateway/sources/source.ts";
import { systemClock } from "../../platform/clock.ts";
import { type Log, silentLog } from "../../platform/log.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "./opcua-server.ts";
import { libraryProfile } from "./profiles.ts";
import { RecordingSink } from "./source-sink.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const NAMESPACE = "urn:lamplighter:lighting-controller";
export const LIGHT = {
  light_on: "Boolean",
  light_level: "Double",
  power_active: "Double",
} as const;
export const OPTIONS: TestServerOptions = {
  namespace: NAMESPACE,
  objects: { "a1-lights": LIGHT, "a2-lights": LIGHT },
};

export const teardowns: (() => Promise<void> | void)[] = [];
/** To be called by every test file that uses `startOpcua`. */
export function endAfterEach(): void {
  afterEach(async () => {
    for (const teardown of teardowns.splice(0).reverse()) await teardown();
  });
}

export interface OpcuaBench {
  readonly server: TestServer;
  readonly wire: TcpProxy;
  readonly sink: RecordingSink;
  readonly statuses: DeviceStatus[];
  readonly source: Source;
  readonly pkiFolder: string;
}

export async function startOpcua(
  options: {
    readonly server?: Partial<TestServerOptions>;
    readonly connection?: Partial<OpcuaConnection>;
    readonly password?: string;
    readonly devices?: readonly string[];
    readonly log?: Log;
  } = {},
): Promise<OpcuaBench> {
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

export const LEVEL = "a1-lights/light_level";
export const isShown = (sink: RecordingSink, value: number) => () => {
  const last = sink.last(LEVEL);
  return last?.quality === "good" && last.value === value;
};
