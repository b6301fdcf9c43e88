/**
 * The points of one device as the gateway announces them: what the profile knows and the server
 * needs, nothing of registers or topics.
 */
import type { CataloguePoint, CommandTraits } from "../core/catalogue.ts";
import { type DeviceId, pointId } from "../core/ids.ts";
import { type Duration, days, milliseconds } from "../core/time.ts";
import { POLL_PERIODS } from "./poll-classes.ts";
import type { Profile, ProfileCommand, ProfilePoint } from "./profile.ts";
import { withoutUndefined } from "./standard-points.ts";

/** Events come when they come: their silence says nothing. */
const EVENTS_EXPECTED_EVERY = days(36_500);
/** Polls that may be missed before a value is stale. */
const POLLS_MISSED_MAX = 2;

export function cataloguePoints(device: DeviceId, profile: Profile): readonly CataloguePoint[] {
  return profile.points.map((point) => {
    const { kind, unit, quantity, label, category, hazard, labels, command } = point;
    const optional = withoutUndefined({ category, hazard, labels });
    return {
      ...{ point: pointId(device, point.name), device, kind, unit, quantity, name: label },
      ...optional,
      expectEvery: expectedEvery(point, profile),
      ...(command && { command: commandTraits(command) }),
    };
  });
}

/**
 * An unchanged value is passed on at the first look after its heartbeat. A poll comes every
 * period; a publishing device may be silent for as long as its profile allows.
 */
export function expectedEvery(point: ProfilePoint, profile: Profile): Duration {
  if (point.kind === "event") return EVENTS_EXPECTED_EVERY;
  const look = profile.protocol === "mqtt" ? profile.silentAfter : polls(point);
  return milliseconds(point.heartbeat + look);
}

const polls = (point: ProfilePoint): Duration =>
  milliseconds(POLL_PERIODS[point.poll] * (POLLS_MISSED_MAX + 1));

function commandTraits(command: ProfileCommand): CommandTraits {
  const { min, max, step, values, proof, tolerance, fallback } = command;
  const optional = withoutUndefined({ min, max, step, values, fallback });
  return { ...optional, settleMs: command.settle, proof, tolerance };
}
