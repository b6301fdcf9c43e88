/** An OPC UA server whose variables tests set by hand, with times and status codes of their choice. */
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  type OPCUAServerOptions,
  SecurityPolicy,
  type StatusCode,
  StatusCodes,
  setErrorLogger,
  setWarningLogger,
  type UAObject,
  type UAVariable,
  Variant,
} from "node-opcua";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TestServerOptions {
  readonly port?: number;
  /** Other namespaces registered first, so that indexes move. */
  readonly otherNamespaces?: number;
  readonly namespace: string;
  /** Object → its variables. */
  readonly objects: Readonly<
    Record<string, Readonly<Record<string, "Double" | "Boolean" | "String" | "BaseDataType">>>
  >;
  readonly extra?: Partial<OPCUAServerOptions>;
  readonly users?: Readonly<Record<string, string>>;
  /** Keeps the values of every variable. */
  readonly history?: boolean;
  /** Has a key and certificate of its own. */
  readonly isOther?: boolean;
  /** False: answers every wish for a subscription with BadTooManySubscriptions. */
  readonly subscriptions?: boolean;
}

export interface TestServer {
  readonly port: number;
  readonly endpoint: string;
  readonly opcua: OPCUAServer;
  set(
    path: string,
    value: number | boolean | string,
    options?: { readonly status?: StatusCode; readonly time?: Date },
  ): void;
  valueOf(path: string): unknown;
  stop(): Promise<void>;
}

/** Keys take seconds to make; all test servers of a process share theirs. */
let shared: Promise<OPCUACertificateManager> | undefined;

const certificates = (): Promise<OPCUACertificateManager> => {
  shared ??= newCertificates();
  return shared;
};

async function newCertificates(): Promise<OPCUACertificateManager> {
  const manager = new OPCUACertificateManager({
    rootFolder: temporaryFolder(),
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  await manager.initialize();
  return manager;
}

export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  setErrorLogger(() => {});
  setWarningLogger(() => {});
  const { users = {} } = options;
  const pki = options.isOther === true ? await newCertificates() : await certificates();
  const opcua = new OPCUAServer({
    port: options.port ?? 0,
    host: "127.0.0.1",
    hostname: "127.0.0.1",
    resourcePath: "/",
    serverCertificateManager: pki,
    userCertificateManager: pki,
    serverInfo: { applicationUri: "urn:test:server" },
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    securityModes: [
      MessageSecurityMode.None,
      MessageSecurityMode.Sign,
      MessageSecurityMode.SignAndEncrypt,
    ],
    allowAnonymous: true,
    userManager: { isValidUser: (name: string, password: string) => users[name] === password },
    ...options.extra,
  });
  await opcua.initialize();
  if (options.subscriptions === false) {
    opcua.engine.serverCapabilities.maxSubscriptionsPerSession = 0;
  }
  const variables = build(opcua, options);
  await opcua.start();
  const port = boundPort(opcua);
  return {
    port,
    endpoint: `opc.tcp://127.0.0.1:${port}/`,
    opcua,
    set: (path, value, { status = StatusCodes.Good, time = new Date() } = {}) => {
      const variable = variables.get(path);
      if (variable === undefined) throw new Error(`no variable ${path}`);
      variable.setValueFromSource(variantOf(value), status, time);
    },
    valueOf: (path) => variables.get(path)?.readValue().value.value,
    stop: async () => {
      await opcua.shutdown(0);
    },
  };
}

function build(opcua: OPCUAServer, options: TestServerOptions): ReadonlyMap<string, UAVariable> {
  const space = opcua.engine.addressSpace;
  if (space === null) throw new Error("no address space");
  for (let i = 0; i < (options.otherNamespaces ?? 0); i++) {
    space.registerNamespace(`urn:test:other-${i}`);
  }
  const namespace = space.registerNamespace(options.namespace);
  const variables = new Map<string, UAVariable>();
  for (const [name, declared] of Object.entries(options.objects)) {
    const object: UAObject = namespace.addObject({
      organizedBy: space.rootFolder.objects,
      browseName: name,
    });
    for (const [variable, type] of Object.entries(declared)) {
      const made = namespace.addVariable({
        componentOf: object,
        browseName: variable,
        dataType: type,
        minimumSamplingInterval: 0,
      });
      const first = { Double: 0, Boolean: false, String: "", BaseDataType: 0 }[type];
      made.setValueFromSource(variantOf(first), StatusCodes.Good, new Date());
      if (options.history === true) space.installHistoricalDataNode(made);
      variables.set(`${name}/${variable}`, made);
    }
  }
  return variables;
}

const variantOf = (value: number | boolean | string): Variant =>
  new Variant({
    dataType:
      typeof value === "number"
        ? DataType.Double
        : typeof value === "boolean"
          ? DataType.Boolean
          : DataType.String,
    value,
  });

function boundPort(opcua: OPCUAServer): number {
  const url = opcua.getEndpointUrl();
  const listening = Reflect.get(opcua.endpoints[0] ?? {}, "_server")?.address?.()?.port;
  return typeof listening === "number" ? listening : Number(new URL(url).port);
}
