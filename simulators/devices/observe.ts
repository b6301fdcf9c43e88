/** Chooses what a device sees by its role on the campus. */
import { unreachable } from "../../core/unreachable.ts";
import type { DeviceRole } from "../world/campus.ts";
import type { World } from "../world/state.ts";
import { observeElectricityMeter } from "./electricity-meter.ts";
import { observeDoorPanel, observeFumeHood, observeLabSensor } from "./laboratory-devices.ts";
import type { Observer } from "./observed.ts";
import { observeRelayBoard, observeRoom } from "./room-devices.ts";
import { observeHeatMeter, observeWaterMeter } from "./supply-meter.ts";

export function observe(world: World, role: DeviceRole): Observer {
  switch (role.kind) {
    case "electricityMeter":
      return observeElectricityMeter(world, role.feeder);
    case "waterMeter":
      return observeWaterMeter(world, role.supply);
    case "heatMeter":
      return observeHeatMeter(world, role.supply);
    case "relayBoard":
      return observeRelayBoard(world, role.rooms);
    case "roomSensor":
    case "lighting":
      return observeRoom(world, role.room);
    case "labSensor":
      return observeLabSensor(world, role.room, role.position);
    case "fumeHood":
      return observeFumeHood(world, role.hood);
    case "doorPanel":
      return observeDoorPanel(world, role.door);
    case "generic":
      return () => undefined;
    default:
      return unreachable(role);
  }
}
