/**
 * The composition root: builds a running campus from world, devices, protocol servers, scenarios and
 * control page. `build` is one straight line and long on purpose, each end registered beside its
 * beginning. For the command (`runSimulators`) and for tests (`startCampus`) alike.
 */
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { formatProblems, type Problem } from "../core/document.ts";
import { LamplighterError } from "../core/errors.ts";
import { milliseconds, seconds } from "../core/time.ts";
import { LIBRARY_FOLDER, loadProfile, loadStandardPoints } from "../device-profiles/library.ts";
import type { Profile } from "../device-profiles/profile.ts";
import { claimDataFolder } from "../platform/data-folder.ts";
import { aborted, Teardowns } from "../platform/lifecycle.ts";
import type { Log } from "../platform/log.ts";
import { demoCampus } from "./campus/demo.ts";
import { startControl } from "./control/server.ts";
import { type Scene, SimulatedDevice } from "./devices/simulated-device.ts";
import { FaultBoard } from "./faults/fault-board.ts";
import { ModbusLineServer } from "./modbus/line-server.ts";
import { DeviceMemory } from "./modbus/memory.ts";
import { MqttDevice } from "./mqtt/mqtt-device.ts";
import type { OpcuaCampusServer } from "./opcua/server.ts";
import { loadRegisters, saveRegisters } from "./saved-registers.ts";
import { loadScenarios } from "./scenarios/library.ts";
import { ScenarioPlayer } from "./scenarios/player.ts";
import { offsetToTeachingDay } from "./world/calendar.ts";
import type { Campus } from "./world/campus.ts";
import { chance } from "./world/chance.ts";
import { planOf } from "./world/plan.ts";
import { createWorld, type World } from "./world/state.ts";
import { step } from "./world/step.ts";

/** The world moves and devices look this often. */
const STEP_EVERY = milliseconds(250);
const SAVE_EVERY = seconds(10);

export interface CampusOptions {
  readonly campus: Campus;
  readonly seed: number;
  /** 0 asks for free ports everywhere; lines take ports upward from the first. */
  readonly ports: {
    readonly modbusFirst: number;
    readonly opcua: number;
    readonly control: number;
  };
  /** Where MQTT devices connect; left out, they stay unplugged. */
  readonly mqtt?: {
    readonly url: string;
    /** User (the device's id) → password. */
    readonly passwords?: ReadonlyMap<string, string>;
  };
  readonly dataDir: string;
  /** Minutes after midnight at which the world's day begins; the wall clock when left out. */
  readonly timeOfDay?: number;
  /** Leave OPC UA out: it takes a second to load. */
  readonly withoutOpcua?: boolean;
}

export interface RunningCampus {
  readonly ports: {
    readonly modbus: Readonly<Record<string, number>>;
    readonly opcua: number;
    readonly control: number;
  };
  readonly world: World;
  readonly faults: FaultBoard;
  readonly scenarios: ScenarioPlayer;
  readonly devices: ReadonlyMap<string, SimulatedDevice>;
  /** After changing the world by hand: devices look again at once. */
  touch(): void;
  stop(): Promise<void>;
}

export async function startCampus(
  options: CampusOptions,
  clock: Clock,
  log: Log,
): Promise<RunningCampus> {
  const teardowns = new Teardowns(clock, log);
  try {
    return await build(options, clock, log, teardowns);
  } catch (error) {
    await teardowns.close();
    throw error;
  }
}

export interface SimulatorOptions extends Omit<CampusOptions, "campus"> {
  readonly campus: "demo";
}

/** Runs the campus until the signal aborts; returns when everything has ended. */
export async function runSimulators(
  options: SimulatorOptions,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const campus = await startCampus({ ...options, campus: demoCampus() }, clock, log);
  await aborted(signal);
  await campus.stop();
}

async function build(
  options: CampusOptions,
  clock: Clock,
  log: Log,
  teardowns: Teardowns,
): Promise<RunningCampus> {
  const { campus, seed, dataDir } = options;
  const claim = claimDataFolder(dataDir);
  teardowns.add("data folder", () => claim.release());
  const profiles = await requireProfiles(campus);
  const files = await loadScenarios();

  const plan = planOf(campus);
  const now = clock.now();
  const registersFile = join(dataDir, "registers.json");
  const registers = await loadRegisters(registersFile, plan, seed, now);
  const offsetMs =
    options.timeOfDay === undefined ? 0 : offsetToTeachingDay(now, options.timeOfDay);
  const world = createWorld(plan, seed, now, {
    offsetMs,
    ...(registers === undefined ? {} : { registers }),
  });
  const scene: Scene = { world, version: 0 };
  const faults = new FaultBoard();
  const player = new ScenarioPlayer(clock, log.child({ component: "scenarios" }), files, {
    scene,
    faults,
  });

  let dice = 0;
  const roll = (): number => chance(seed, 0xd1ce, dice++);
  const devices = new Map<string, SimulatedDevice>();
  for (const device of campus.devices) {
    const profile = profiles.get(device.profile);
    if (profile === undefined) {
      const message = `Device ${device.id} has the profile "${device.profile}", which is not in the library.`;
      throw new LamplighterError("CONFIG_INVALID", message);
    }
    devices.set(device.id, new SimulatedDevice(device, profile, scene, faults));
  }

  const modbus: Record<string, number> = {};
  for (const [i, line] of campus.lines.entries()) {
    const server = new ModbusLineServer(clock, log.child({ component: "modbus" }), faults, {
      line,
      devices: lineDevices(line.id, devices),
      roll,
    });
    const { modbusFirst } = options.ports;
    modbus[line.id] = await server.listen(modbusFirst === 0 ? 0 : modbusFirst + i);
    teardowns.add(`modbus line ${line.id}`, () => server.close());
  }

  const mqtt = mqttDevices(options, { clock, log, devices, roll });
  for (const device of mqtt) teardowns.add(`mqtt ${device.device.device.id}`, () => device.close());

  // Takes seconds to load; everything else is there meanwhile.
  let opcua: OpenOpcua | undefined;
  const stopping = new AbortController();
  const looped = loop(clock, stopping.signal, () => {
    step(world, clock.now());
    scene.version++;
    player.tick();
    opcua?.server.tick();
    announce(world, mqtt);
  });
  const saved = keepSaving(clock, stopping.signal, log, () => saveRegisters(registersFile, world));
  teardowns.add("world", async () => {
    stopping.abort();
    await looped;
    await saved;
    await saveRegisters(registersFile, world);
  });

  const control = await startControl(
    { world, faults, player, touch: () => scene.version++ },
    { port: options.ports.control, clock, log: log.child({ component: "control" }) },
  );
  teardowns.add("control page", () => control.close());
  if (!options.withoutOpcua) opcua = await openOpcua(options, { clock, log, faults, devices });
  if (opcua) teardowns.add("opcua server", opcua.server.close.bind(opcua.server));
  const opcuaPort = opcua?.port ?? 0;
  log.info("campus started", {
    devices: devices.size,
    modbus,
    opcua: opcuaPort,
    control: control.port,
  });
  return {
    ports: { modbus, opcua: opcuaPort, control: control.port },
    world,
    faults,
    scenarios: player,
    devices,
    touch: () => {
      scene.version++;
    },
    stop: async () => {
      await teardowns.close();
    },
  };
}

/** Those the campus uses and no other: reading the whole library takes half a second. */
async function requireProfiles(campus: Campus): Promise<ReadonlyMap<string, Profile>> {
  const standard = await loadStandardPoints();
  if (!standard.ok) throw invalid(standard.error);
  const profiles = new Map<string, Profile>();
  for (const id of new Set(campus.devices.map(({ profile }) => profile))) {
    const file = join(LIBRARY_FOLDER, `${id}.yaml`);
    const loaded = await loadProfile(id, file, standard.value);
    if (!loaded.ok) throw invalid(loaded.error);
    profiles.set(id, loaded.value);
  }
  return profiles;
}

const invalid = (problems: readonly Problem[]): LamplighterError =>
  new LamplighterError("CONFIG_INVALID", formatProblems(problems));

function lineDevices(line: string, devices: ReadonlyMap<string, SimulatedDevice>) {
  return [...devices.values()].flatMap((device) => {
    const { wire } = device.device;
    if (wire.protocol !== "modbus" || wire.line !== line) return [];
    if (device.profile.protocol !== "modbus") return [];
    return [{ unit: wire.unit, device, bank: new DeviceMemory(device, device.profile) }];
  });
}

function mqttDevices(
  { mqtt }: CampusOptions,
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    readonly devices: ReadonlyMap<string, SimulatedDevice>;
    readonly roll: () => number;
  },
): readonly MqttDevice[] {
  if (mqtt === undefined) return [];
  const { clock, log, roll } = parts;
  return [...parts.devices.values()].flatMap((device) => {
    const { wire, id } = device.device;
    if (wire.protocol !== "mqtt" || device.profile.protocol !== "mqtt") return [];
    const password = mqtt.passwords?.get(id);
    const access = {
      url: mqtt.url,
      ...(password === undefined ? {} : { username: id, password }),
    };
    const options = { profile: device.profile, base: wire.topic, access, roll };
    return [new MqttDevice(clock, log.child({ component: "mqtt" }), device, options)];
  });
}

interface OpenOpcua {
  readonly server: OpcuaCampusServer;
  readonly port: number;
}

async function openOpcua(
  { dataDir, ports }: CampusOptions,
  parts: {
    readonly clock: Clock;
    readonly log: Log;
    readonly faults: FaultBoard;
    readonly devices: ReadonlyMap<string, SimulatedDevice>;
  },
): Promise<OpenOpcua | undefined> {
  const { clock, log, faults } = parts;
  const entries = [...parts.devices.values()].flatMap((device) => {
    const { wire } = device.device;
    if (wire.protocol !== "opcua" || device.profile.protocol !== "opcua") return [];
    return [{ device, profile: device.profile, object: wire.object }];
  });
  if (entries.length === 0) return undefined;
  // Loaded only when there is something to serve: it costs a second and 60 MB.
  const { OpcuaCampusServer } = await import("./opcua/server.ts");
  const server = new OpcuaCampusServer(clock, log.child({ component: "opcua" }), faults, {
    devices: entries,
    dataDir,
  });
  return { server, port: await server.listen(ports.opcua) };
}

async function loop(clock: Clock, signal: AbortSignal, turn: () => void): Promise<void> {
  while (!signal.aborted) {
    turn();
    await clock.sleep(STEP_EVERY, signal);
  }
}

async function keepSaving(
  clock: Clock,
  signal: AbortSignal,
  log: Log,
  save: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(SAVE_EVERY, signal);
    if (signal.aborted) return;
    try {
      await save();
    } catch (error) {
      log.warn("registers not saved", { error });
    }
  }
}

/** Events go to the panel they happened at, then every device says what is due. */
function announce(world: World, devices: readonly MqttDevice[]): void {
  const events = world.events.splice(0);
  for (const event of events) {
    devices
      .find(
        ({ device: { device } }) =>
          device.role.kind === "doorPanel" && device.role.door === event.door,
      )
      ?.announce(event);
  }
  for (const device of devices) device.tick();
}
