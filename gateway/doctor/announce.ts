/**
 * Pure: every Modbus connection with devices is announced as a device of its own, so that what the bus
 * doctor finds travels the road of all samples.
 */
import { createHash } from "node:crypto";
import type { CatalogueDevice, CataloguePoint } from "../../core/catalogue.ts";
import { connectionId, type DeviceId, deviceId, pointId, spaceId } from "../../core/ids.ts";
import { FINDINGS_POINT, LINE_FIGURES, LINE_PROFILE } from "../../core/line.ts";
import { seconds } from "../../core/time.ts";
import type { GatewayPoint, PlantConnection } from "../plant.ts";

/** Figures are looked at every 10 s and passed on at the second look at the latest. */
const FIGURES_HEARTBEAT = seconds(15);
const FIGURES_EXPECTED_EVERY = seconds(30);
/** Findings are written once a minute, and at once when a sentence changes. */
const FINDINGS_HEARTBEAT = seconds(60);
const FINDINGS_EXPECTED_EVERY = seconds(150);
/** Changes up to this are not passed on before the heartbeat, in ms or percentage points. */
const FIGURES_DEADBAND = 1;

const DEVICE_ID_CHARACTERS_MAX = 64;
const HASH_CHARACTERS = 8;

export interface AnnouncedLine {
  readonly device: CatalogueDevice;
  readonly points: readonly GatewayPoint[];
}

/** `line-<connection>`; of a connection with a very long name the beginning and a fingerprint. */
export function lineDeviceId(connection: string): DeviceId {
  const whole = `line-${connection}`;
  if (whole.length <= DEVICE_ID_CHARACTERS_MAX) return deviceId(whole);
  const hash = createHash("sha256").update(connection).digest("hex").slice(0, HASH_CHARACTERS);
  return deviceId(`${whole.slice(0, DEVICE_ID_CHARACTERS_MAX - HASH_CHARACTERS - 1)}-${hash}`);
}

/** Nothing for other protocols, and for a connection on which nothing hangs. */
export function announceLine({ connection, devices }: PlantConnection): AnnouncedLine | undefined {
  const [first] = devices;
  if (connection.protocol !== "modbus" || first === undefined) return undefined;
  const device: CatalogueDevice = {
    device: lineDeviceId(connection.id),
    name: { zh: `总线 ${connection.id}`, en: `Line ${connection.id}` },
    space: spaceId(first.configuration.space),
    connection: connectionId(connection.id),
    profile: LINE_PROFILE,
  };
  return { device, points: pointsOf(device) };
}

function pointsOf({ device, connection, space }: CatalogueDevice): readonly GatewayPoint[] {
  const place = { connection, space, isHazard: false };
  const figures = LINE_FIGURES.map(({ name, unit, quantity, label }): GatewayPoint => {
    const point = pointId(device, name);
    const announced: CataloguePoint = {
      ...{ point, device, kind: "gauge", unit, quantity, name: label },
      expectEvery: FIGURES_EXPECTED_EVERY,
    };
    const rule = { deadband: FIGURES_DEADBAND, heartbeat: FIGURES_HEARTBEAT };
    return { ...place, ...rule, point, kind: "gauge", announced };
  });
  const point = pointId(device, FINDINGS_POINT.name);
  const { quantity, label } = FINDINGS_POINT;
  const announced: CataloguePoint = {
    ...{ point, device, kind: "text", unit: "1", quantity, name: label },
    expectEvery: FINDINGS_EXPECTED_EVERY,
  };
  const rule = { deadband: 0, heartbeat: FINDINGS_HEARTBEAT };
  return [...figures, { ...place, ...rule, point, kind: "text", announced }];
}
