/**
 * The OPC UA server of the campus: one object per device, its variables where the profile's browse paths
 * say, source times and status codes from the world. The only file here that imports node-opcua.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  AccessLevelFlag,
  type DataType,
  DataType as dataTypes,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  type StatusCode,
  StatusCodes,
  setErrorLogger,
  setWarningLogger,
  type UAObject,
  type UAVariable,
  Variant,
} from "node-opcua";
import type { Clock } from "../../core/clock.ts";
import { LamplighterError, wordsOf } from "../../core/errors.ts";
import type { OpcuaPoint, OpcuaProfile } from "../../device-profiles/profile.ts";
import type { Log } from "../../platform/log.ts";
import type { SimulatedDevice } from "../devices/simulated-device.ts";
import { lineTarget } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { CAMPUS_NAMESPACE, dataTypeName, spokenValue } from "./variable.ts";

/** The whole server as a target of faults. */
export const OPCUA_LINE = lineTarget("opcua");
/** Sessions at once; the sixteenth gateway is refused. */
const SESSIONS_MAX = 16;
/** Valid long before any test's clock and long after. */
const CERTIFICATE_FROM = Date.UTC(2025, 0, 1);
const CERTIFICATE_DAYS = 365 * 20;
const APPLICATION_URI = "urn:lamplighter:simulators";

interface Exposed {
  readonly device: SimulatedDevice;
  readonly point: OpcuaPoint;
  readonly variable: UAVariable;
  readonly dataType: DataType;
  last: string;
}

export interface OpcuaDevice {
  readonly device: SimulatedDevice;
  readonly profile: OpcuaProfile;
  readonly object: string;
}

export class OpcuaCampusServer {
  readonly #clock: Clock;
  readonly #faults: FaultBoard;
  readonly #log: Log;
  readonly #devices: readonly OpcuaDevice[];
  readonly #pkiFolder: string;
  readonly #certificateFile: string;
  readonly #exposed: Exposed[] = [];
  #server: OPCUAServer | undefined;
  /** True while the world speaks, so that its own changes are not taken for a client's. */
  #isOwnChange = false;

  constructor(
    clock: Clock,
    log: Log,
    faults: FaultBoard,
    options: { readonly devices: readonly OpcuaDevice[]; readonly dataDir: string },
  ) {
    this.#clock = clock;
    this.#faults = faults;
    this.#log = log;
    this.#devices = options.devices;
    this.#pkiFolder = join(options.dataDir, "pki");
    this.#certificateFile = join(this.#pkiFolder, "own/certs/simulators.pem");
    setErrorLogger((...words) => log.debug("opcua library", { words: words.map(String) }));
    setWarningLogger((...words) => log.debug("opcua library", { words: words.map(String) }));
  }

  /** Resolves with the bound port; 0 asks for a free one. */
  async listen(port: number, host = "127.0.0.1"): Promise<number> {
    // Without a folder of its own the library keeps keys in the user's home and trusts everybody there.
    const certificates = new OPCUACertificateManager({
      rootFolder: this.#pkiFolder,
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    });
    await certificates.initialize();
    await ensureCertificate(certificates, this.#certificateFile, host);
    const server = new OPCUAServer({
      port,
      host,
      hostname: host,
      resourcePath: "/",
      serverInfo: { applicationUri: APPLICATION_URI, productUri: APPLICATION_URI },
      buildInfo: { productName: "Lamplighter simulated campus", manufacturerName: "Lamplighter" },
      serverCertificateManager: certificates,
      userCertificateManager: certificates,
      certificateFile: this.#certificateFile,
      privateKeyFile: certificates.privateKey,
      securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
      securityModes: [
        MessageSecurityMode.None,
        MessageSecurityMode.Sign,
        MessageSecurityMode.SignAndEncrypt,
      ],
      serverCapabilities: { maxSessions: SESSIONS_MAX },
      registerServerMethod: 1,
    });
    try {
      await server.initialize();
      this.#build(server);
      this.tick();
      await server.start();
    } catch (error) {
      const message = `OPC UA server cannot listen on ${host}:${port}: ${wordsOf(error)}; choose another port`;
      throw new LamplighterError("PORT_IN_USE", message, { cause: error });
    }
    this.#server = server;
    return server.endpoints[0]?.port ?? port;
  }

  /** Called with every step of the world: publishes what changed. */
  tick(): void {
    if (this.#faults.get(OPCUA_LINE, "reset")) {
      this.#faults.clear(OPCUA_LINE, "reset");
      void this.dropSessions();
    }
    const time = this.#clock.now();
    this.#isOwnChange = true;
    try {
      for (const exposed of this.#exposed) show(exposed, time);
    } finally {
      this.#isOwnChange = false;
    }
  }

  /** Ends all sessions, as a restart of the controller does; clients may come back at once. */
  async dropSessions(): Promise<void> {
    const engine = this.#server?.engine;
    if (!engine) return;
    for (const channel of this.#server?.endpoints.flatMap((e) => e.getChannels()) ?? []) {
      await new Promise<void>((resolve) => channel.close(() => resolve()));
    }
  }

  async close(): Promise<void> {
    await this.#server?.shutdown(0);
    this.#server?.dispose();
    this.#server = undefined;
  }

  #build(server: OPCUAServer): void {
    const space = server.engine.addressSpace;
    if (!space) throw new Error("the OPC UA address space is missing after initialisation");
    const campus = space.registerNamespace(CAMPUS_NAMESPACE);
    for (const { device, profile, object } of this.#devices) {
      const root = campus.addObject({
        organizedBy: space.rootFolder.objects,
        browseName: object,
        nodeId: `s=${object}`,
      });
      for (const point of profile.points) {
        if (point.kind === "event") continue;
        this.#expose(server, root, { device, profile, object, point });
      }
    }
  }

  #expose(
    server: OPCUAServer,
    root: UAObject,
    entry: OpcuaDevice & { readonly point: OpcuaPoint },
  ): void {
    const { device, profile, object, point } = entry;
    const space = server.engine.addressSpace;
    const names = point.path.map((step) => splitStep(profile, step));
    const leaf = names.at(-1);
    if (!space || leaf === undefined) return;
    let parent = root;
    for (const { uri, name } of names.slice(0, -1)) {
      const namespace = space.registerNamespace(uri);
      const known = parent.getFolderElementByName(name) ?? parent.getComponentByName(name);
      parent =
        (known as UAObject | null) ??
        namespace.addObject({ componentOf: parent, browseName: name });
    }
    const dataType = dataTypes[dataTypeName(point)];
    const variable = space.registerNamespace(leaf.uri).addVariable({
      componentOf: parent,
      browseName: leaf.name,
      nodeId: `s=${object}/${point.name}`,
      dataType,
      minimumSamplingInterval: 100,
      accessLevel: accessOf(point),
      userAccessLevel: accessOf(point),
    });
    this.#exposed.push({ device, point, variable, dataType, last: "" });
    variable.on("value_changed", (changed) => {
      if (this.#isOwnChange) return;
      const value = Number(changed.value.value);
      this.#log.debug("opcua write", { object, point: point.name, value });
      if (Number.isFinite(value)) device.write(point, value * point.scale + point.offset);
    });
  }
}

/** Made once; under the library's own subject it would name a company in Orléans. */
async function ensureCertificate(
  certificates: OPCUACertificateManager,
  file: string,
  host: string,
): Promise<void> {
  if (existsSync(file)) return;
  await certificates.createSelfSignedCertificate({
    applicationUri: APPLICATION_URI,
    dns: ["localhost"],
    ip: [host],
    outputFile: file,
    startDate: new Date(CERTIFICATE_FROM),
    subject: "/CN=Lamplighter simulators/O=Lamplighter",
    validity: CERTIFICATE_DAYS,
  });
}

function accessOf({ writeType }: OpcuaPoint): number {
  return writeType === undefined
    ? AccessLevelFlag.CurrentRead
    : AccessLevelFlag.CurrentRead | AccessLevelFlag.CurrentWrite;
}

function splitStep(profile: OpcuaProfile, step: string): { uri: string; name: string } {
  const colon = step.indexOf(":");
  const alias = step.slice(0, Math.max(0, colon));
  return { uri: profile.namespaces[alias] ?? CAMPUS_NAMESPACE, name: step.slice(colon + 1) };
}

function show(exposed: Exposed, now: number): void {
  const { device, point, variable, dataType } = exposed;
  const value = spokenValue(device, point);
  const status = statusOf(exposed);
  const key = `${status.name} ${value}`;
  // What a client wrote stands in the variable until the world has answered.
  if (key === exposed.last && String(variable.readValue().value.value) === String(value)) return;
  exposed.last = key;
  const shift = device.faults().find((fault) => fault.kind === "wrongClock")?.offsetMs ?? 0;
  const time = new Date(now + shift);
  variable.setValueFromSource(new Variant({ dataType, value }), status, time);
}

function statusOf({ device, point }: Exposed): StatusCode {
  if (device.isDead) return StatusCodes.BadNoCommunication;
  for (const fault of device.faults()) {
    if (fault.kind === "silence" || fault.kind === "disconnect")
      return StatusCodes.BadNoCommunication;
    if (fault.kind !== "badStatus" && fault.kind !== "uncertainStatus") continue;
    if (fault.point !== undefined && fault.point !== point.name) continue;
    return fault.kind === "badStatus"
      ? StatusCodes.BadSensorFailure
      : StatusCodes.UncertainSensorNotAccurate;
  }
  return StatusCodes.Good;
}
