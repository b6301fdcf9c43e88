/**
 * The page's state after one event: pure. What arrives twice or late changes nothing, because the
 * snapshot and the stream overlap on purpose.
 */

import type { AlarmView, CommandView, LatestView } from "../../api/contract.ts";
import { instantOf } from "../format/instant.ts";
import { unreachable } from "../format/unreachable.ts";
import type { LiveEvent, LiveState, Snapshot } from "./state.ts";
import { extendTrail, type Trail } from "./trail.ts";

/** Older closed alarms are on the history page. */
export const CLOSED_ALARMS_KEPT_MAX = 100;
export const COMMANDS_KEPT_MAX = 300;

export function reduce(state: LiveState, event: LiveEvent): LiveState {
  switch (event.kind) {
    case "loaded":
      return withSnapshot(state, event.snapshot);
    case "samples":
      return withSamples(state, event.items);
    case "alarm":
      return withAlarm(state, event.alarm);
    case "command":
      return withCommands(state, [event.command]);
    case "gateway":
      return { ...state, gateways: put(state.gateways, event.gateway.id, event.gateway) };
    case "space":
      return { ...state, spaces: put(state.spaces, event.space.id, event.space) };
    default:
      return unreachable(event);
  }
}

function withSnapshot(state: LiveState, snapshot: Snapshot): LiveState {
  let next: LiveState = {
    ...state,
    spaces: snapshot.spaces ? byId(snapshot.spaces) : state.spaces,
    devices: snapshot.devices ? byId(snapshot.devices) : state.devices,
    points: snapshot.points
      ? new Map(snapshot.points.map((point) => [point.point, point]))
      : state.points,
    gateways: snapshot.gateways ? byId(snapshot.gateways) : state.gateways,
  };
  if (snapshot.latest) next = withSamples(next, snapshot.latest);
  if (snapshot.activeAlarms) next = withActiveAlarms(next, snapshot.activeAlarms);
  if (snapshot.commands) next = withCommands(next, snapshot.commands);
  return next;
}

function withSamples(state: LiveState, items: readonly LatestView[]): LiveState {
  const latest = new Map(state.latest);
  let trails: Map<string, Trail> | undefined;
  for (const item of items) {
    const held = latest.get(item.point);
    if (held && instantOf(held.time) > instantOf(item.time)) continue;
    latest.set(item.point, item);
    if (typeof item.value !== "number" || !state.points.get(item.point)?.hazard) continue;
    trails ??= new Map(state.trails);
    const step = { time: instantOf(item.time), value: item.value };
    trails.set(item.point, extendTrail(trails.get(item.point) ?? [], step));
  }
  return { ...state, latest, trails: trails ?? state.trails };
}

/** An active list is complete: an alarm held as active that it lacks has been closed meanwhile. */
function withActiveAlarms(state: LiveState, active: readonly AlarmView[]): LiveState {
  const alarms = new Map<string, AlarmView>();
  for (const alarm of state.alarms.values()) {
    if (alarm.state === "closed") alarms.set(alarm.id, alarm);
  }
  for (const alarm of active) alarms.set(alarm.id, newer(state.alarms.get(alarm.id), alarm));
  return { ...state, alarms };
}

function withAlarm(state: LiveState, alarm: AlarmView): LiveState {
  const kept = newer(state.alarms.get(alarm.id), alarm);
  if (kept !== alarm) return state;
  const alarms = new Map(state.alarms).set(alarm.id, alarm);
  const closed = [...alarms.values()].filter((held) => held.state === "closed");
  const surplus = closed.length - CLOSED_ALARMS_KEPT_MAX;
  if (surplus > 0) {
    closed.sort((a, b) => instantOf(a.changedAt) - instantOf(b.changedAt));
    for (const old of closed.slice(0, surplus)) alarms.delete(old.id);
  }
  return { ...state, alarms };
}

/** At the same instant the longer history is the newer one. */
function newer(held: AlarmView | undefined, arrived: AlarmView): AlarmView {
  if (!held) return arrived;
  const difference = instantOf(arrived.changedAt) - instantOf(held.changedAt);
  if (difference !== 0) return difference > 0 ? arrived : held;
  return arrived.history.length >= held.history.length ? arrived : held;
}

function withCommands(state: LiveState, arrived: readonly CommandView[]): LiveState {
  const commands = new Map(state.commands);
  for (const command of arrived) {
    const held = commands.get(command.id);
    if (held && held.steps.length > command.steps.length) continue;
    commands.set(command.id, command);
  }
  const surplus = commands.size - COMMANDS_KEPT_MAX;
  if (surplus > 0) {
    const oldest = [...commands.values()].sort((a, b) => startOf(a) - startOf(b));
    for (const old of oldest.slice(0, surplus)) commands.delete(old.id);
  }
  return { ...state, commands };
}

const startOf = (command: CommandView): number => {
  const first = command.steps[0];
  return first ? instantOf(first.at) : 0;
};

const byId = <Item extends { readonly id: string }>(
  items: readonly Item[],
): ReadonlyMap<string, Item> => new Map(items.map((item) => [item.id, item]));

const put = <Item>(
  map: ReadonlyMap<string, Item>,
  id: string,
  item: Item,
): ReadonlyMap<string, Item> => new Map(map).set(id, item);
