/** A demo world with its devices, for tests that want values but no sockets. */
import { formatProblems } from "../../core/document.ts";
import { type Instant, instant } from "../../core/time.ts";
import { loadProfiles } from "../../device-profiles/library.ts";
import type { Profile } from "../../device-profiles/profile.ts";
import { demoCampus } from "../../simulators/campus/demo.ts";
import { type Scene, SimulatedDevice } from "../../simulators/devices/simulated-device.ts";
import { FaultBoard } from "../../simulators/faults/fault-board.ts";
import type { CampusDevice } from "../../simulators/world/campus.ts";
import { planOf } from "../../simulators/world/plan.ts";
import { createWorld, type World } from "../../simulators/world/state.ts";
import { step } from "../../simulators/world/step.ts";

/** Tuesday, 10:15 in Shanghai. */
export const LESSON: Instant = instant(Date.UTC(2026, 10, 24, 2, 15));

export interface Simulated {
  readonly world: World;
  readonly scene: Scene;
  readonly faults: FaultBoard;
  readonly profiles: ReadonlyMap<string, Profile>;
  device(id: string): SimulatedDevice;
  /** Any profile on a device that is nowhere on the campus. */
  generic(profile: string): SimulatedDevice;
  forward(ms: number): void;
}

let library: Promise<ReadonlyMap<string, Profile>> | undefined;

async function profilesOnce(): Promise<ReadonlyMap<string, Profile>> {
  library ??= loadProfiles().then((loaded) => {
    if (loaded.ok) return loaded.value;
    throw new Error(formatProblems(loaded.error));
  });
  return library;
}

export async function simulated(now: Instant = LESSON): Promise<Simulated> {
  const profiles = await profilesOnce();
  const campus = demoCampus();
  const world = createWorld(planOf(campus), 1, now, {
    offsetMs: 0,
    registers: {
      energyKwh: Float64Array.from(campus.feeders, (_, i) => 1_000 * (i + 1)),
      reactiveKvarh: Float64Array.from(campus.feeders, () => 300),
      waterM3: Float64Array.from(campus.water, (_, i) => 123.456789 + i),
      heatKwh: Float64Array.from(campus.heat, () => 100),
    },
  });
  const scene: Scene = { world, version: 0 };
  const faults = new FaultBoard();
  const make = (device: CampusDevice): SimulatedDevice => {
    const profile = profiles.get(device.profile);
    if (profile === undefined) throw new Error(`no profile ${device.profile}`);
    return new SimulatedDevice(device, profile, scene, faults);
  };
  const forward = (ms: number): void => {
    step(world, instant(world.now + ms));
    scene.version++;
  };
  forward(1_000);
  return {
    world,
    scene,
    faults,
    profiles,
    forward,
    device: (id) => {
      const device = campus.devices.find((d) => d.id === id);
      if (device === undefined) throw new Error(`no device ${id}`);
      return make(device);
    },
    generic: (profile) =>
      make({
        id: "any",
        name: { zh: "任意设备", en: "Any device" },
        profile,
        space: "campus",
        role: { kind: "generic" },
        wire: { protocol: "modbus", line: "central", unit: 9 },
        serial: "12345678",
      }),
  };
}
