/**
 * One device of the campus: what its points say now, faults included, and what happens when it is told
 * something. The protocol servers put it on the wire.
 */
import type { Profile, ProfilePoint } from "../../device-profiles/profile.ts";
import { deviceTarget, type Fault, VALUE_FAULTS } from "../faults/fault.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { type Falsified, ValueFaults } from "../faults/value-faults.ts";
import { dimLight, lockDoor, setHood, switchLight } from "../world/act.ts";
import type { CampusDevice } from "../world/campus.ts";
import type { World } from "../world/state.ts";
import { genericValue } from "./generic.ts";
import { observe } from "./observe.ts";
import { type Observer, valueIn } from "./observed.ts";

/** The world, and a number that rises whenever anything in it changed. */
export interface Scene {
  readonly world: World;
  version: number;
}

export class SimulatedDevice {
  readonly device: CampusDevice;
  readonly profile: Profile;
  readonly #scene: Scene;
  readonly #faults: FaultBoard;
  readonly #valueFaults = new ValueFaults();
  /** What was written and the world has no place for. */
  readonly #written = new Map<string, number>();
  #observer: Observer = () => undefined;
  #observedAt = -1;

  constructor(device: CampusDevice, profile: Profile, scene: Scene, faults: FaultBoard) {
    this.device = device;
    this.profile = profile;
    this.#scene = scene;
    this.#faults = faults;
  }

  /** Rises whenever a value may have changed. */
  get version(): number {
    return this.#scene.version + this.#faults.version;
  }

  /** Cut from its supply: it neither answers nor publishes. */
  get isDead(): boolean {
    const { poweredBy } = this.device;
    return poweredBy !== undefined && this.#scene.world.cut.has(poweredBy);
  }

  faults(): readonly Fault[] {
    return this.#faults.of(deviceTarget(this.device.id));
  }

  value(point: ProfilePoint): Falsified {
    const { world } = this.#scene;
    if (this.#observedAt !== this.#scene.version) {
      this.#observer = observe(world, this.device.role);
      this.#observedAt = this.#scene.version;
    }
    const written = this.#written.get(point.name);
    const observed = written === undefined ? this.#observer(point.name) : { value: written };
    const shown = observed ?? genericValue(world, this.device, this.profile, point);
    const value = valueIn(shown, point.unit);
    const faults = this.faults();
    if (!faults.some(({ kind }) => VALUE_FAULTS.has(kind))) {
      this.#valueFaults.forget();
      return { kind: "value", value };
    }
    return this.#valueFaults.apply(faults, point, value, world.now);
  }

  /** Acts on the world, or keeps the value where the world knows nothing of it. */
  write(point: ProfilePoint, value: number): void {
    if (!this.#act(point.name, value)) this.#written.set(point.name, value);
    this.#scene.version++;
  }

  #act(point: string, value: number): boolean {
    const { world } = this.#scene;
    const { role } = this.device;
    switch (role.kind) {
      case "relayBoard": {
        const number = Number(/_(\d+)$/.exec(point)?.[1] ?? 0);
        const room = role.rooms[number - 1];
        return room !== undefined && switchLight(world, room, value !== 0);
      }
      case "lighting":
        if (point === "light_on") return switchLight(world, role.room, value !== 0);
        return point === "light_level" && dimLight(world, role.room, value);
      case "fumeHood":
        return point === "fan_on" && setHood(world, role.hood, { fanOn: value !== 0 });
      case "doorPanel":
        return point === "locked" && lockDoor(world, role.door, value !== 0);
      default:
        return false;
    }
  }
}
