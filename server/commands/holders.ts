/** Which command holds which point: the newest one in effect whose lease has not ended. */
import type { PointId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import { type Command, isHolding } from "./command.ts";

export class Holders {
  readonly #byPoint = new Map<PointId, Command>();

  constructor(commands: readonly Command[]) {
    for (const command of commands) this.note(command);
  }

  /** Takes note of a command's present state. */
  note(command: Command): void {
    const current = this.#byPoint.get(command.point);
    if (command.leaseEnds !== undefined && isHolding(command, command.submittedAt)) {
      const isNewer = current === undefined || current.submittedAt <= command.submittedAt;
      if (isNewer) this.#byPoint.set(command.point, command);
    } else if (current?.id === command.id) this.#byPoint.delete(command.point);
  }

  of(point: PointId, now: Instant): Command | undefined {
    const command = this.#byPoint.get(point);
    if (command === undefined || isHolding(command, now)) return command;
    this.#byPoint.delete(point);
    return undefined;
  }
}
