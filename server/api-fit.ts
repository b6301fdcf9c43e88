/** Fits alarms and commands to what the API asks for: ids as texts in, views out. */

import { LamplighterError } from "../core/errors.ts";
import { alarmId, commandId, parsePointId, type SpaceId } from "../core/ids.ts";
import type { AlarmBook } from "./alarms/alarm-book.ts";
import { alarmView } from "./alarms/alarm-view.ts";
import type { Alarms, Commands } from "./api/parts.ts";
import type { CommandDesk } from "./commands/command-desk.ts";
import { commandView } from "./commands/command-view.ts";
import type { Spaces } from "./plant.ts";

const within = (spaces: Spaces, space: SpaceId | undefined) =>
  space === undefined ? {} : { spaces: spaces.within(space) };

export const apiAlarms = (book: AlarmBook, spaces: Spaces): Alarms => ({
  list: ({ state, space, limit, before }) =>
    book
      .list({
        limit,
        ...(state === undefined ? {} : { state }),
        ...(before === undefined ? {} : { before: alarmId(before) }),
        ...within(spaces, space),
      })
      .map(alarmView),
  get: (id) => {
    const alarm = book.get(alarmId(id));
    return alarm === undefined ? undefined : alarmView(alarm);
  },
  acknowledge: (id, by, comment) => alarmView(book.acknowledge(alarmId(id), by, comment)),
  close: (id, by, reason) => alarmView(book.close(alarmId(id), by, reason)),
  shelve: (id, by, shelf) => alarmView(book.shelve(alarmId(id), by, shelf)),
  unshelve: (id, by) => alarmView(book.unshelve(alarmId(id), by)),
  onChange: (listener) => book.onChange((alarm) => listener(alarmView(alarm))),
  frozen: () => book.frozenSpaces(),
  onFreeze: (listener) => book.onFreeze(() => listener()),
});

export const apiCommands = (desk: CommandDesk, spaces: Spaces): Commands => ({
  submit: ({ point, value, reason, by, lease, idempotencyKey }) => {
    const id = parsePointId(point);
    if (!id.ok) throw new LamplighterError("REQUEST_INVALID", id.error);
    return commandView(
      desk.submit({
        point: id.value,
        value,
        reason,
        by,
        priority: "manualOverride",
        ...(lease === undefined ? {} : { lease }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    );
  },
  get: (id) => {
    const command = desk.get(commandId(id));
    return command === undefined ? undefined : commandView(command);
  },
  list: ({ point, space, limit }) => {
    const id = point === undefined ? undefined : parsePointId(point);
    if (id !== undefined && !id.ok) throw new LamplighterError("REQUEST_INVALID", id.error);
    return desk
      .list({ limit, ...(id === undefined ? {} : { point: id.value }), ...within(spaces, space) })
      .map(commandView);
  },
  onChange: (listener) => desk.onChange((command) => listener(commandView(command))),
});
